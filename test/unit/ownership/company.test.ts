import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Company } from '../../../packages/libring/src/ownership/company.ts'
import { aClusterMember } from '../../support/ownership.ts'

const KEEP_MS = 10
const name = fc.constantFrom('ann', 'bob', 'cat', 'dan')
const step = fc.oneof(
  fc.record({ type: fc.constantFrom('sees', 'cannot hand off', 'goes', 'asks'), name }),
  fc.record({ type: fc.constant('passes'), ms: fc.nat({ max: 8 }) }),
  fc.record({ type: fc.constant('tells') }),
)

test('those who have to be asked come and go as members and strangers do', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const company = new Company(KEEP_MS)
      const [members, strangers] = [new Set<string>(), new Map<string, number>()]
      const asked = new Set<string>()
      let nowMs = 0
      const tell = () => {
        const { come, gone } = company.takeChanges(nowMs)
        for (const each of gone) expect(asked.delete(each)).toBe(true)
        for (const each of come) expect(asked.has(each)).toBe(false)
        for (const each of come) asked.add(each)
        const late = [...strangers].filter(([, atMs]) => nowMs < atMs + KEEP_MS)
        expect([...asked].sort()).toEqual(
          [...new Set([...members, ...late.map(([one]) => one)])].sort(),
        )
      }
      for (const each of steps) {
        if (!('name' in each)) {
          if ('ms' in each) nowMs += each.ms
          else tell()
          continue
        }
        const { type, name: who } = each
        if (type === 'asks') {
          if (company.has(who)) continue
          company.meet(who, nowMs)
          strangers.set(who, nowMs)
          continue
        }
        const record = type === 'sees' ? aClusterMember(who) : undefined
        const isNew = record !== undefined && !members.has(who)
        const come = company.see(new Map([[who, record]]), type === 'goes' ? [who] : [])
        expect(come).toEqual(isNew ? [who] : [])
        if (record === undefined) members.delete(who)
        else members.add(who)
        if (type !== 'cannot hand off') strangers.delete(who)
        expect([company.has(who), company.size]).toEqual([members.has(who), members.size])
      }
      tell()
    }),
  )
})
