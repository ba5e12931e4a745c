import { expect, test } from 'vitest'
import { diff } from '../../../packages/libring/src/ring/diff.ts'
import { plan } from '../../../packages/libring/src/ring/plan.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { namesOf, nodes } from '../../support/ring-vectors.ts'

const options = { partitions: 512, redundancy: 3 }
const ring = new Ring(nodes(10), options)

test('a plan is the ring after the change and the moves to it', () => {
  const { ring: after, moves } = plan(ring, { add: [{ name: 'new' }], remove: ['node-4'] })
  const members = [...nodes(10).filter(({ name }) => name !== 'node-4'), { name: 'new' }]
  const expected = new Ring(members, options)
  expect(namesOf(after.members)).toEqual(namesOf(expected.members))
  expect(after.assignment.holders).toEqual(expected.assignment.holders)
  expect(moves).toEqual(diff(ring, expected))
})

test('every member is told what it would take in and give up', () => {
  const { ring: after, members } = plan(ring, { add: [{ name: 'new' }], remove: ['node-4'] })
  expect(members.map(({ member }) => member.name)).toEqual(
    namesOf([{ name: 'new' }, ...ring.members]),
  )
  for (const { member, ...tally } of members) {
    const held = (from: Ring, index: number) =>
      from
        .partitionsOf(member.name)
        .filter(({ replica }) => replica <= index)
        .map(({ partition }) => partition)
    const beyond = (left: number[], right: number[]) => {
      const known = new Set(right)
      return left.filter((partition) => !known.has(partition)).length
    }
    expect(tally).toEqual({
      partitionsIn: beyond(held(after, 2), held(ring, 2)),
      partitionsOut: beyond(held(ring, 2), held(after, 2)),
      primariesIn: beyond(held(after, 0), held(ring, 0)),
      primariesOut: beyond(held(ring, 0), held(after, 0)),
    })
  }
})

test('a member that leaves gives up all that it held, and one that comes only takes', () => {
  const { members } = plan(ring, { add: [{ name: 'new' }], remove: ['node-4'] })
  const of = (name: string) => members.find(({ member }) => member.name === name)!
  expect(of('node-4').partitionsOut).toBe(ring.partitionsOf('node-4').length)
  expect(of('node-4').partitionsIn).toBe(0)
  expect(of('new').partitionsOut).toBe(0)
  expect(of('new').partitionsIn).toBeGreaterThan(100)
})

test('a new weight is tried out on a copy of the member', () => {
  const member = { name: 'a', weight: 1, url: 'http://a' }
  const small = new Ring([member, { name: 'b', weight: 1, url: 'http://b' }], { redundancy: 1 })
  const { ring: after, members } = plan(small, { reweight: [{ name: 'a', weight: 3 }] })
  expect(after.members[0]).toEqual({ name: 'a', weight: 3, url: 'http://a' })
  expect(member.weight).toBe(1)
  expect(members[0]!.partitionsIn - members[0]!.partitionsOut).toBeGreaterThan(100)
})

test('no change, no move', () => {
  const { moves, members } = plan(ring, {})
  expect(moves).toEqual([])
  expect(members).toHaveLength(10)
})

test.each([
  ['a stranger cannot be removed', { remove: ['nobody'] }],
  ['a member cannot be removed twice', { remove: ['node-1', 'node-1'] }],
  ['a stranger cannot be reweighted', { reweight: [{ name: 'nobody', weight: 2 }] }],
  ['a member cannot be added again', { add: [{ name: 'node-1' }] }],
  ['a weight has its range', { reweight: [{ name: 'node-1', weight: 0 }] }],
])('%s', (_what, change) => {
  expect(() => plan(ring, change)).toThrow(expect.objectContaining({ name: 'OptionError' }))
})
