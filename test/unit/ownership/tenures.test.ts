import { describe, expect, test } from 'vitest'
import { homesAndActing } from '../../../packages/libring/src/ownership/acting.ts'
import type { ClusterMember } from '../../../packages/libring/src/ownership/cluster-member.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { Tenures, type Circumstances } from '../../../packages/libring/src/ownership/tenures.ts'
import { resolveRingOptions } from '../../../packages/libring/src/ring/options.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../../support/ownership.ts'

const everybody = ['ann', 'bob', 'cat', 'dan', 'eve'].map((name) => aClusterMember(name))
const options = resolveRingOptions({ partitions: 1, redundancy: 3 })
const whole = new Ring(everybody, options)
const [first, second, third, fourth] = whole.membersForPartition(0) as [
  ClusterMember,
  ClusterMember,
  ClusterMember,
  ClusterMember,
]

function without(...away: readonly ClusterMember[]): Ring<ClusterMember> {
  const present = everybody.filter((member) => !away.includes(member))
  return homesAndActing(present, away, options).acting
}

/** What `local` goes through while one ring follows the other, nobody else standing in the way. */
function stepsOf(local: ClusterMember, rings: readonly Ring<ClusterMember>[]): string[] {
  const events: OwnershipEvent[] = []
  const tenures = new Tenures({
    localName: local.name,
    partitions: 1,
    releaseTimeoutMs: 1_000,
    handoffTimeoutMs: 1_000,
    onStep: (event) => events.push(event),
  })
  const alone: Circumstances = {
    others: () => 'none',
    purpose: 'serve',
    canHandOff: () => false,
  }
  const take = () => ({ token: 1n, state: undefined, from: undefined })
  let before = new Ring<ClusterMember>([], options)
  for (const ring of rings) {
    tenures.plan({ ring, before, cause: [] }, alone, take, 0)
    before = ring
  }
  return events.map((event) => {
    if (event.type === 'release') return `release ${event.replica} to ${event.to?.name}`
    if (event.type === 'acquire') return `acquire ${event.replica} from ${event.from?.name}`
    const { previousReplica, replica, from, to } = event
    const what = `change ${previousReplica} ${replica}`
    return `${what} from ${from?.name} to ${to?.name}`
  })
}

describe('while homes are away', () => {
  test('a backup acts for the primary and goes back to its index', () => {
    expect(stepsOf(second, [whole, without(first), whole]).slice(1)).toEqual([
      `change 1 0 from ${first.name} to undefined`,
      `change 0 1 from undefined to ${first.name}`,
    ])
  })

  test('the last home acts for two, and its index is nobody else’s meanwhile', () => {
    expect(stepsOf(third, [whole, without(first, second), without(first), whole])).toEqual([
      'acquire 2 from undefined',
      `change 2 0 from ${first.name} to undefined`,
      `change 0 2 from undefined to ${second.name}`,
    ])
  })

  test('a backup beside a vacant index hears nothing', () => {
    expect(stepsOf(third, [whole, without(first), without(second), whole])).toEqual([
      'acquire 2 from undefined',
    ])
  })

  test('one without a home acts where none is there, and lets go to the first that is back', () => {
    const allAway = without(first, second, third)
    expect(stepsOf(fourth, [whole, allAway, without(first, second)])).toEqual([
      `acquire 0 from ${first.name}`,
      `release 0 to ${third.name}`,
    ])
  })

  test('whoever comes back takes from the one that acted', () => {
    expect(stepsOf(first, [without(first), whole])).toEqual([`acquire 0 from ${second.name}`])
    expect(stepsOf(second, [without(second), whole])).toEqual(['acquire 1 from undefined'])
  })
})
