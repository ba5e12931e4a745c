import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../../packages/libring/src/base/errors.ts'
import {
  foldEvents,
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../../packages/libring/src/ownership/event.ts'
import { aClusterMember, aMemberEvent } from '../../support/ownership.ts'

const [ann, bob, cat, dan] = ['ann', 'bob', 'cat', 'dan'].map((name) => aClusterMember(name))
const first = { seq: 1, partition: 7, cause: [aMemberEvent('member-join', 'ann')] }
const second = { seq: 2, partition: 7, cause: [aMemberEvent('member-failed', 'ann')] }

const acquire0: OwnershipEvent = { type: 'acquire', ...first, replica: 0, from: ann }
const release0: OwnershipEvent = { type: 'release', ...first, replica: 0, to: ann }
const change01: OwnershipEvent = {
  type: 'change',
  ...first,
  replica: 1,
  previousReplica: 0,
  from: ann,
  to: bob,
}

describe('two steps of one partition become', () => {
  test('nothing, when it was acquired and released', () => {
    const release: OwnershipEvent = { type: 'release', ...second, replica: 0, to: cat }
    expect(foldEvents(acquire0, release)).toBeUndefined()
  })

  test('one acquire, when it was acquired and changed', () => {
    const change: OwnershipEvent = {
      type: 'change',
      ...second,
      replica: 2,
      previousReplica: 0,
      from: cat,
      to: dan,
    }
    expect(foldEvents(acquire0, change)).toEqual({
      type: 'acquire',
      ...second,
      replica: 2,
      from: cat,
    })
  })

  test('one change from the first index to the last, when it was changed twice', () => {
    const change: OwnershipEvent = {
      type: 'change',
      ...second,
      replica: 2,
      previousReplica: 1,
      from: cat,
      to: dan,
    }
    expect(foldEvents(change01, change)).toEqual({
      type: 'change',
      ...second,
      replica: 2,
      previousReplica: 0,
      from: cat,
      to: bob,
    })
  })

  test('nothing, when it was changed and changed back', () => {
    const back: OwnershipEvent = {
      type: 'change',
      ...second,
      replica: 0,
      previousReplica: 1,
      from: cat,
      to: dan,
    }
    expect(foldEvents(change01, back)).toBeUndefined()
  })

  test('a release of the first index, when it was changed and released', () => {
    const release: OwnershipEvent = { type: 'release', ...second, replica: 1, to: cat }
    expect(foldEvents(change01, release)).toEqual({
      type: 'release',
      ...second,
      replica: 0,
      to: bob,
    })
  })

  test('a change, when it was released and acquired under another index', () => {
    const acquire: OwnershipEvent = { type: 'acquire', ...second, replica: 1, from: cat }
    expect(foldEvents(release0, acquire)).toEqual({
      type: 'change',
      ...second,
      replica: 1,
      previousReplica: 0,
      from: cat,
      to: ann,
    })
  })

  test('nothing, when it was released and acquired under the same index', () => {
    const acquire: OwnershipEvent = { type: 'acquire', ...second, replica: 0, from: cat }
    expect(foldEvents(release0, acquire)).toBeUndefined()
  })
})

describe('steps that do not follow one another are a bug:', () => {
  const wrong: Record<string, OwnershipEvent> = {
    'a partition acquired twice': { type: 'acquire', ...second, replica: 0, from: undefined },
    'a release of an index that is not held': {
      type: 'release',
      ...second,
      replica: 3,
      to: undefined,
    },
    'a step of another partition': {
      type: 'release',
      ...second,
      partition: 8,
      replica: 0,
      to: undefined,
    },
  }
  test.each(Object.entries(wrong))('%s', (_, event) => {
    expect(() => foldEvents(acquire0, event)).toThrow(InvariantError)
  })
})

test('every step says which role it ends and which it begins', () => {
  const roles = [acquire0, change01, release0].map((event) => [roleBefore(event), roleAfter(event)])
  expect(roles).toEqual([
    [undefined, 0],
    [0, 1],
    [0, undefined],
  ])
})
