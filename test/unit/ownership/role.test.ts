import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  advanceTenure,
  atRest,
  NO_ROLE,
  tenureDeadlineMs,
  type Tenure,
  type TenureInput,
} from '../../../packages/libring/src/ownership/role.ts'

const release = { planned: 1, seq: 5, untilMs: 100 }
const parting: Tenure = { phase: 'parting', role: 2, awaited: ['bob', 'cat'], untilMs: 50 }
const lettingGo: Tenure = { phase: 'letting-go', role: 1, seq: 5, untilMs: 100 }
const takingAfresh: Tenure = { phase: 'taking', role: NO_ROLE }

function plan(
  planned: number,
  more: Partial<Extract<TenureInput, { type: 'plan' }>> = {},
): TenureInput {
  const others = { heir: 'asks', others: 'some', successors: [], partingUntilMs: 50 } as const
  return { type: 'plan', seq: 5, untilMs: 100, ...others, planned, ...more }
}

describe('a plan', () => {
  test.each<[string, Tenure, TenureInput, Tenure]>([
    ['of the role that is held changes nothing', atRest(1), plan(1), atRest(1)],
    ['of index 0 begins a take', atRest(NO_ROLE), plan(0), takingAfresh],
    ['of index 0 keeps the backup meanwhile', atRest(2), plan(0), { phase: 'taking', role: 2 }],
    [
      'of index 0 needs no take with nobody there',
      atRest(2),
      plan(0, { others: 'none' }),
      atRest(0),
    ],
    ['of another backup is done at once', atRest(1), plan(2), atRest(2)],
    ['of a backup is acquired at once', atRest(NO_ROLE), plan(1), atRest(1)],
    ['that gives index 0 away waits to be asked', atRest(0), plan(NO_ROLE), atRest(0)],
    [
      'that gives index 0 to somebody who will not ask lets go',
      atRest(0),
      plan(NO_ROLE, { heir: 'does not ask' }),
      { phase: 'letting-go', role: NO_ROLE, seq: 5, untilMs: 100 },
    ],
    [
      'without us lets a backup wait for successors',
      atRest(2),
      plan(NO_ROLE, { successors: ['bob', 'cat'] }),
      parting,
    ],
    [
      'without us and without successors is done at once',
      atRest(2),
      plan(NO_ROLE),
      atRest(NO_ROLE),
    ],
    ['that calls a parting backup back cancels out', parting, plan(2), atRest(2)],
    [
      'that names other successors does not give a parting backup more time',
      parting,
      plan(NO_ROLE, { successors: ['dan'], partingUntilMs: 90 }),
      { ...parting, awaited: ['dan'] },
    ],
    ['without us ends a take', takingAfresh, plan(NO_ROLE), atRest(NO_ROLE)],
    ['of a backup ends a take', { phase: 'taking', role: 2 }, plan(1), atRest(1)],
    ['waits for the handler of a release', lettingGo, plan(0), lettingGo],
  ])('%s', (_, before, input, after) => {
    expect(advanceTenure(before, input)).toEqual(after)
  })
})

describe('index 0', () => {
  test('is let go for the member that the plan names', () => {
    expect(advanceTenure(atRest(0), { type: 'asked', ...release })).toEqual(lettingGo)
  })

  test('is not let go by whoever is planned to keep it', () => {
    expect(advanceTenure(atRest(0), { type: 'asked', ...release, planned: 0 })).toBe(atRest(0))
  })

  test('is let go by the lower token even so, and taken anew later', () => {
    expect(advanceTenure(atRest(0), { type: 'outranked', ...release, planned: 0 })).toEqual({
      ...lettingGo,
      role: NO_ROLE,
    })
  })

  test('is taken once nobody stands in the way', () => {
    expect(advanceTenure(takingAfresh, { type: 'free' })).toBe(atRest(0))
    expect(advanceTenure(atRest(1), { type: 'free' })).toBe(atRest(1))
  })

  test('is let go once its handler is done, or its time is over', () => {
    expect(advanceTenure(lettingGo, { type: 'settled', seq: 4 })).toBe(lettingGo)
    expect(advanceTenure(lettingGo, { type: 'settled', seq: 5 })).toBe(atRest(1))
    expect(advanceTenure(lettingGo, { type: 'tick', nowMs: 99 })).toBe(lettingGo)
    expect(advanceTenure(lettingGo, { type: 'tick', nowMs: 100 })).toBe(atRest(1))
  })
})

describe('a parting backup', () => {
  test('leaves once all successors have acquired', () => {
    const left = advanceTenure(parting, { type: 'acquired', name: 'cat' })
    expect(left).toEqual({ ...parting, awaited: ['bob'] })
    expect(advanceTenure(left, { type: 'acquired', name: 'dan' })).toBe(left)
    expect(advanceTenure(left, { type: 'acquired', name: 'bob' })).toBe(atRest(NO_ROLE))
  })

  test('leaves when its time is over', () => {
    expect(advanceTenure(parting, { type: 'tick', nowMs: 50 })).toBe(atRest(NO_ROLE))
  })
})

test('whatever comes, index 0 is taken by a take alone where others may hold it', () => {
  const role = fc.integer({ min: NO_ROLE, max: 3 })
  const name = fc.constantFrom('bob', 'cat')
  const seq = fc.nat({ max: 9 })
  const untilMs = fc.nat({ max: 99 })
  const input: fc.Arbitrary<TenureInput> = fc.oneof(
    fc.record({
      type: fc.constant('plan' as const),
      planned: role,
      seq,
      untilMs,
      heir: fc.constantFrom('asks' as const, 'does not ask' as const),
      successors: fc.uniqueArray(name),
      partingUntilMs: fc.nat({ max: 99 }),
      others: fc.constant('some' as const),
    }),
    fc.record({ type: fc.constantFrom('asked', 'outranked'), planned: role, seq, untilMs }),
    fc.constant({ type: 'free' as const }),
    fc.record({ type: fc.constant('settled' as const), seq }),
    fc.record({ type: fc.constant('acquired' as const), name }),
    fc.record({ type: fc.constant('tick' as const), nowMs: fc.nat({ max: 99 }) }),
  )
  fc.assert(
    fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
      let tenure = atRest(NO_ROLE)
      for (const it of inputs) {
        const before = tenure
        tenure = advanceTenure(before, it)
        if (tenure.role === 0 && before.role !== 0) {
          expect([before.phase, it.type]).toEqual(['taking', 'free'])
        }
        if (it.type === 'tick')
          expect(tenureDeadlineMs(tenure) ?? Infinity).toBeGreaterThan(it.nowMs)
      }
    }),
    { seed: 15, numRuns: 500 },
  )
})
