import { expect, test } from 'vitest'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { Beliefs } from '../../../packages/libring/src/swim/beliefs.ts'
import { firstIncarnation } from '../../../packages/libring/src/swim/incarnations.ts'

const identity = {
  addr: Uint8Array.of(127, 0, 0, 1),
  port: 7946,
  meta: Uint8Array.of(0xff, 0x80),
  versions: [1, 5, 2, 2, 5, 5] as const,
}
const setting = {
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  probeIntervalMs: 1_000,
  deadNodeReclaimMs: 0,
}

/** Ours, of a process that begins at this incarnation. */
function begun(incarnation?: number): Beliefs {
  const beliefs = new Beliefs('self', setting, seededRandom(1))
  beliefs.introduce(identity, 0, incarnation)
  return beliefs
}

function incarnationOf(beliefs: Beliefs): number {
  return beliefs.members.get('self')!.incarnation
}

test.each([
  ['a clock that was never set', 0, 1],
  ['a clock before 2020', Date.UTC(2019, 11, 31), 1],
  ['the first moment of 2020', Date.UTC(2020, 0, 1), 1],
  ['a minute later', Date.UTC(2020, 0, 1, 0, 1), 60],
  ['a part of a second later than that', Date.UTC(2020, 0, 1, 0, 1) + 999, 60],
  ['2026', Date.UTC(2026, 0, 1), 189_388_800],
  ['the last that it tells apart', Date.UTC(2088, 0, 19, 3, 14, 7), 0x7fff_ffff],
  ['a clock far ahead', Date.UTC(9999, 0, 1), 0x7fff_ffff],
])(
  'by %s a process begins at seconds since 2020, from 1 to half of them all',
  (_, wallMs, first) => {
    expect(firstIncarnation(wallMs)).toBe(first)
  },
)

test('a process begins where it is told to, and goes on from there', () => {
  expect(incarnationOf(begun())).toBe(1)
  const beliefs = begun(189_388_800)
  expect(incarnationOf(beliefs)).toBe(189_388_800)
  beliefs.introduce(identity, 1)
  expect(incarnationOf(beliefs)).toBe(189_388_801)
})

test('one that begins below its last life refutes what is said of that', () => {
  const beliefs = begun(7)
  const from = 'self'
  const verdict = beliefs.dead({ type: 'dead', node: from, incarnation: 189_388_800, from }, 1)
  expect(verdict.refuted).toBe(true)
  expect(incarnationOf(beliefs)).toBe(189_388_801)
})

test('the farewell of a life before does not touch the one that follows', () => {
  const other = new Beliefs('ann', setting, seededRandom(2))
  other.introduce({ ...identity, addr: Uint8Array.of(127, 0, 0, 2) }, 0)
  const alive = { ...identity, type: 'alive', node: 'self' } as const
  const farewell = { type: 'dead', node: 'self', incarnation: 103, from: 'self' } as const
  other.alive({ ...alive, incarnation: 103 }, 1)
  expect(other.dead(farewell, 2).change?.kind).toBe('left')
  expect(other.alive({ ...alive, incarnation: 140 }, 3).change?.kind).toBe('up')
  expect(other.dead(farewell, 4)).toEqual({})
})
