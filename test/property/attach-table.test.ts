import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Member, MemberStatus } from '../../packages/libring/src/base/member.ts'
import { AgentTable } from '../../packages/libring/src/attach/agent-table.ts'

const seed = 0xa7b1e

const member: fc.Arbitrary<Member> = fc.record({
  name: fc.constantFrom('ann', 'ben', 'cat', 'dan'),
  host: fc.constantFrom('10.0.0.1', '10.0.0.2'),
  port: fc.constantFrom(7_946, 7_947),
  tags: fc.constantFrom<Record<string, string>>({}, { zone: 'a' }, { zone: 'b' }, { toString: '' }),
  status: fc.constantFrom<MemberStatus>('alive', 'leaving', 'left', 'failed'),
})

const lists = fc.array(
  fc.record({
    afterMs: fc.constantFrom(0, 1_000, 6_000, 20_000),
    list: fc.uniqueArray(member, { selector: ({ name }) => name }),
    reaped: fc.subarray(['ann', 'ben', 'cat', 'dan']),
  }),
  { maxLength: 12 },
)

test('folding what is told gives the table, at every event; and nothing is told without a change', () => {
  fc.assert(
    fc.property(lists, (steps) => {
      const table = new AgentTable(10_000)
      const folded = new Map<string, Member>()
      const incarnations = new Map<string, number>()
      let nowMs = 0
      for (const { afterMs, list, reaped } of steps) {
        nowMs += afterMs
        table.expectGone(reaped)
        const told = new Set<string>()
        table.take(list, nowMs, ({ type, members }) => {
          expect(members.length).toBeGreaterThan(0)
          for (const changed of members) {
            expect(told).not.toContain(changed.name)
            told.add(changed.name)
            const before = folded.get(changed.name)
            if (type === 'member-reap') {
              expect(before).toEqual(changed)
              folded.delete(changed.name)
              continue
            }
            expect(before).not.toEqual(changed)
            folded.set(changed.name, changed)
            const incarnation = table.incarnationOf(changed.name)!
            const last = incarnations.get(changed.name) ?? 0
            const isBack = type === 'member-join' && incarnations.has(changed.name)
            expect(incarnation).toBe(isBack ? last + 1 : last)
            incarnations.set(changed.name, incarnation)
          }
        })
        const shown = new Map(table.members.map((one) => [one.name, one]))
        expect(shown).toEqual(folded)
        // Whoever is in the list is as the list says.
        for (const one of list) expect(shown.get(one.name)).toEqual(one)
      }
    }),
    { seed, numRuns: 1_000 },
  )
})

test('who is missing for long is gone, who is not stays', () => {
  const table = new AgentTable(10_000)
  const [ann, ben] = ['ann', 'ben'].map((name) => {
    return { name, host: '10.0.0.1', port: 1, tags: {}, status: 'alive' } as const
  })
  const told: string[] = []
  const take = (list: readonly Member[], atMs: number): void => {
    table.take(list, atMs, ({ type, members }) => {
      for (const { name } of members) told.push(`${type} ${name}`)
    })
  }
  take([ann!, ben!], 0)
  take([ann!], 1_000)
  expect(table.isIncomplete).toBe(true)
  take([ann!], 10_999)
  expect(told).toEqual(['member-join ann', 'member-join ben'])
  take([ann!], 11_000)
  expect([told.at(-1), table.isIncomplete]).toEqual(['member-reap ben', false])
})
