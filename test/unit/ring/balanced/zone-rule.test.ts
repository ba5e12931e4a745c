import { describe, expect, test } from 'vitest'
import { Placement } from '../../../../packages/libring/src/ring/balanced/placement.ts'
import { ZoneRule } from '../../../../packages/libring/src/ring/balanced/zone-rule.ts'
import type { ZonePlan } from '../../../../packages/libring/src/ring/balanced/zones.ts'

// Six members, two to a zone: 0 and 1 in zone 0, 2 and 3 in zone 1, 4 and 5 in zone 2. Four
// holders: one in every zone, and one extra somewhere.
function table(budgets: number[]) {
  const plan: ZonePlan = {
    totals: [40, 40, 40],
    lower: Uint8Array.of(1, 1, 1),
    upper: Uint8Array.of(2, 2, 2),
    extras: 1,
    budgets: Int32Array.from(budgets),
  }
  const placement = new Placement(2, 4)
  const zones = new ZoneRule(plan, Uint16Array.of(0, 0, 1, 1, 2, 2), placement)
  const admit = (member: number, partition = 0) => {
    const admitted = zones.admit(partition, member)
    if (admitted) placement.append(partition, member, 0)
    return admitted
  }
  return { plan, placement, zones, admit }
}

describe('while members ask', () => {
  test('every zone gets its own, and the extra goes to whoever comes first', () => {
    const { admit } = table([9, 9, 9])
    expect([0, 1, 2, 3, 4, 5].map((member) => admit(member))).toEqual([
      true, // zone 0
      true, // zone 0 takes the extra
      true, // zone 1
      false, // there is no second extra
      true, // zone 2
      false,
    ])
  })

  test('the zones that go without an extra are charged', () => {
    const { plan, admit } = table([9, 9, 9])
    admit(2)
    admit(3)
    expect([...plan.budgets]).toEqual([8, 9, 8])
  })

  test('the extra is refused, and nobody charged, if one zone cannot pay', () => {
    const { plan, admit } = table([9, 9, 0])
    expect([0, 1].map((member) => admit(member))).toEqual([true, false])
    expect([...plan.budgets]).toEqual([9, 9, 0])
    expect([4, 5].map((member) => admit(member))).toEqual([true, true])
    expect([...plan.budgets]).toEqual([8, 8, 0])
  })

  test('partitions are counted apart', () => {
    const { admit } = table([9, 9, 9])
    expect([admit(0), admit(1), admit(0, 1), admit(1, 1)]).toEqual([true, true, true, true])
  })
})

describe('while slots are exchanged', () => {
  test('a member may come where another of its zone leaves', () => {
    const { zones, admit } = table([9, 9, 9])
    for (const member of [0, 1, 2, 4]) admit(member)
    expect(zones.allows(0, 3, undefined)).toBe(false)
    expect(zones.allows(0, 3, 2)).toBe(true)
  })

  test('an extra is free once its member leaves', () => {
    const { zones, admit } = table([9, 9, 9])
    for (const member of [0, 1, 2, 4]) admit(member)
    expect(zones.allows(0, 3, 0)).toBe(true)
    expect(zones.allows(0, 3, 4)).toBe(false)
  })

  test('coming and going is kept count of', () => {
    const { placement, zones, admit } = table([9, 9, 9])
    for (const member of [0, 1, 2, 4]) admit(member)
    zones.willLeave(0, 1)
    placement.remove(0, 1)
    expect(zones.allows(0, 3, undefined)).toBe(true)
    zones.willJoin(0, 3)
    placement.append(0, 3, 0)
    expect(zones.allows(0, 1, undefined)).toBe(false)
    expect(zones.allows(0, 1, 3)).toBe(true)
  })
})
