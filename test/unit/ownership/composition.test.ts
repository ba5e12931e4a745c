import { describe, expect, test } from 'vitest'
import { Candidates } from '../../../packages/libring/src/ownership/candidates.ts'
import { compose, type Stance } from '../../../packages/libring/src/ownership/composition.ts'
import type { Candidacy } from '../../../packages/libring/src/ownership/effects.ts'
import {
  configurationOf,
  type RingConfiguration,
  type RingStanding,
} from '../../../packages/libring/src/ownership/ring-tag.ts'
import { resolveRingOptions, type RingOptions } from '../../../packages/libring/src/ring/options.ts'
import { aClusterMember } from '../../support/ownership.ts'

const configuration = (options: RingOptions = {}): RingConfiguration => {
  return configurationOf(resolveRingOptions(options), '')
}
const three = configuration({ redundancy: 3 })
const two = configuration({ redundancy: 2 })
const go = configuration({ assignment: 'go-uniform' })

/** Somebody who is there: in the ring while it serves or forms, beside it when it is to go. */
function someone(name: string, bears: RingConfiguration, standing: RingStanding): Candidacy {
  const record = aClusterMember(name)
  const tag = { name: 'ring', standing, configuration: bears }
  const takesPart = standing === 'serving' || standing === 'forming'
  return takesPart
    ? { name, member: record, tag }
    : { name, member: undefined, bystander: standing === 'router' ? undefined : record, tag }
}

function composed(stance: Stance | undefined, ...candidacies: readonly Candidacy[]) {
  const candidates = new Candidates()
  candidates.update(candidacies)
  const { members, takers, lostTo, disagreements } = compose(candidates, stance)
  return {
    members: members.map(({ name }) => name),
    takers,
    lostTo,
    fields: disagreements.map(({ field }) => field),
  }
}

const withThree: Stance = { configuration: three, untagged: 'refuse' }

describe('members of one configuration', () => {
  test('form a ring of all who serve or form, without those who are to go', () => {
    const outcome = composed(
      withThree,
      someone('ann', three, 'serving'),
      someone('bob', three, 'forming'),
      someone('cat', three, 'draining'),
      someone('dan', three, 'returning'),
      someone('eve', three, 'router'),
    )
    expect(outcome).toEqual({
      members: ['ann', 'bob'],
      takers: 'members',
      lostTo: undefined,
      fields: [],
    })
  })

  test('form it of those who drain where nobody serves, and then nobody takes anything', () => {
    const outcome = composed(
      withThree,
      someone('ann', three, 'draining'),
      someone('bob', three, 'returning'),
      someone('cat', three, 'draining'),
    )
    expect(outcome).toMatchObject({ members: ['ann', 'cat'], takers: 'nobody' })
  })

  test('take again as soon as one serves', () => {
    const outcome = composed(
      withThree,
      someone('ann', three, 'draining'),
      someone('bob', three, 'serving'),
    )
    expect(outcome).toMatchObject({ members: ['bob'], takers: 'members' })
  })

  test('are none where nobody is there', () => {
    expect(composed(withThree)).toMatchObject({ members: [], takers: 'members' })
    expect(composed(undefined)).toMatchObject({ members: [], takers: 'members', fields: [] })
  })
})

describe('members of several configurations', () => {
  const odd = [
    someone('ann', two, 'serving'),
    someone('bob', three, 'serving'),
    someone('cat', three, 'draining'),
  ]
  const withTwo: Stance = { configuration: two, untagged: 'refuse' }

  test('leave the ring to the most, those who are to go counted', () => {
    expect(composed(withTwo, ...odd)).toEqual({
      members: [],
      takers: 'nobody',
      lostTo: three,
      fields: ['redundancy'],
    })
    expect(composed(withThree, ...odd)).toMatchObject({
      members: ['bob'],
      lostTo: undefined,
      fields: ['redundancy'],
    })
  })

  test('leave it to those whose text comes first where they are equally many', () => {
    const even = odd.slice(0, 2)
    expect(composed(withThree, ...even).lostTo).toEqual(two)
    expect(composed(withTwo, ...even).members).toEqual(['ann'])
  })

  test('do not count routers, but a router has lost like anybody else', () => {
    const members = [someone('ann', three, 'serving'), ...['x', 'y'].map((name) => router(name))]
    function router(name: string): Candidacy {
      return someone(name, two, 'router')
    }
    expect(composed(withThree, ...members).members).toEqual(['ann'])
    expect(composed(withTwo, ...members).lostTo).toEqual(three)
  })

  test('do not let those of another one drain in their place', () => {
    const outcome = composed(
      withThree,
      someone('ann', three, 'draining'),
      someone('bob', three, 'draining'),
      someone('cat', two, 'draining'),
    )
    expect(outcome).toMatchObject({ members: ['ann', 'bob'], takers: 'nobody', lostTo: undefined })
  })
})

describe('members that say nothing of the ring', () => {
  const plain: Candidacy = { name: 'zoe', member: aClusterMember('zoe') }

  test('take part in the modes of Go libring, and where they are accepted', () => {
    const ours = someone('ann', three, 'serving')
    expect(composed(withThree, ours, plain).members).toEqual(['ann'])
    expect(composed({ ...withThree, untagged: 'accept' }, ours, plain).members).toEqual([
      'ann',
      'zoe',
    ])
    const mixed = [someone('ann', go, 'serving'), plain]
    expect(composed({ configuration: go, untagged: 'refuse' }, ...mixed).members).toEqual([
      'ann',
      'zoe',
    ])
  })

  test('have no say in which configuration it is', () => {
    const plains = ['x', 'y', 'z'].map((name) => ({ ...plain, name, member: aClusterMember(name) }))
    const outcome = composed(
      { configuration: three, untagged: 'accept' },
      someone('ann', two, 'serving'),
      ...plains,
    )
    expect(outcome).toMatchObject({ lostTo: two, members: [] })
  })

  test('are all there is where nothing has to be agreed on', () => {
    expect(composed(undefined, plain)).toMatchObject({ members: ['zoe'], takers: 'members' })
  })
})
