import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Candidates } from '../../packages/libring/src/ownership/candidates.ts'
import type { Candidacy } from '../../packages/libring/src/ownership/effects.ts'
import { configurationOf } from '../../packages/libring/src/ownership/ring-tag.ts'
import { mix32 } from '../../packages/libring/src/ring/mix.ts'
import { murmur3Text } from '../../packages/libring/src/ring/murmur3.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember } from '../support/ownership.ts'

// What members compare with each other is kept up to date as each member changes. These worlds hold
// it against the number as it is defined, worked out from all that is seen.

const NAMES = ['ann', 'bob', 'b', '', 'Zoë', '"quoted"', '\u{e000}', '\u{1f600}', 'x'.repeat(300)]
const OPTIONS = [resolveRingOptions({}), resolveRingOptions({ partitions: 64, redundancy: 2 })]
const CONFIGURATIONS = OPTIONS.map((options) => configurationOf(options, ''))

const share = fc.record({ weight: fc.integer({ min: 1, max: 2 }), zone: fc.constantFrom('', 'ü') })
const home = fc.record({ name: fc.constantFrom(...NAMES), share })
const tag = fc.option(
  fc.record({
    name: fc.constant('jobs'),
    standing: fc.constantFrom('serving', 'draining', 'router'),
    configuration: fc.constantFrom(...CONFIGURATIONS),
  }),
  { nil: undefined },
)
const step = fc.record({
  who: fc.constantFrom(...NAMES),
  how: fc.constantFrom('member', 'bystander', 'gone'),
  share,
  tag,
  away: fc.uniqueArray(home, { maxLength: 3, selector: ({ name }) => name }),
  /** Whether the number is asked for after this step, and by which rules. */
  asks: fc.option(fc.constantFrom(...OPTIONS), { nil: undefined }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function candidacyOf({ who, how, share, tag: said }: Step): Candidacy {
  const record = aClusterMember(who, share)
  switch (how) {
    case 'member':
      return { name: who, member: record, tag: said }
    case 'bystander':
      return { name: who, member: undefined, bystander: record, tag: said }
    case 'gone':
      return { name: who, member: undefined }
  }
}

/** All that an assignment depends on: the rules, and of each member a line, in any order. */
function textsOf(
  present: Iterable<Candidacy>,
  away: Step['away'],
  options: (typeof OPTIONS)[number],
): { readonly rules: string; readonly lines: readonly string[] } {
  const lines = Array.from(present, ({ member, bystander, tag: said }) => {
    const { name, weight, zone } = (member ?? bystander)!
    const c = said?.configuration
    const code = c && (c === CONFIGURATIONS[0] ? '512,3' : '64,2')
    const text = c && `${code},b1,${c.slack},${c.primarySlack},${c.keyHash},${c.rest}`
    return [name, weight, zone, member === undefined ? 'none' : 'member', said?.standing, text]
  })
  const absent = away.map(({ name, share: { weight, zone } }) => [name, weight, zone, 'away'])
  const { partitions, redundancy, assignment, slack, primarySlack } = options
  const rules = [partitions, redundancy, assignment, slack, primarySlack, 'murmur3']
  const texts = [...lines, ...absent].map((line) => JSON.stringify(line))
  return { rules: JSON.stringify(rules), lines: texts.sort() }
}

/** The number from scratch. */
function digestOf({ rules, lines }: ReturnType<typeof textsOf>): number {
  const sum = lines.reduce((total, line) => total + murmur3Text(line), 0)
  return mix32(mix32(sum % 2 ** 32) ^ murmur3Text(rules)) >>> 0
}

test('the digest of a view that changed bit by bit is that of the view, and of no other', () => {
  const seen = new Map<number, string>()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const candidates = new Candidates()
      const present = new Map<string, Candidacy>()
      for (const each of steps) {
        const candidacy = candidacyOf(each)
        const known = present.get(each.who)
        candidates.update([candidacy])
        // What a record says of the ring is in its tags, so that the two change together.
        const isNews = !sameRecords(known, candidacy)
        if (each.how === 'gone') present.delete(each.who)
        else if (isNews) present.set(each.who, candidacy)
        if (each.asks === undefined) continue
        const away = each.away.map(({ name, share: theirs }) => ({ name, ...theirs }))
        const texts = textsOf(present.values(), each.away, each.asks)
        const digest = candidates.digest(away, each.asks)
        expect(digest).toBe(digestOf(texts))
        expect(seen.get(digest) ?? JSON.stringify(texts)).toBe(JSON.stringify(texts))
        seen.set(digest, JSON.stringify(texts))
      }
    }),
  )
})

function sameRecords(known: Candidacy | undefined, now: Candidacy): boolean {
  const text = (candidacy: Candidacy | undefined) =>
    JSON.stringify([candidacy?.member, candidacy?.bystander])
  return known !== undefined && text(known) === text(now)
}

test('the configuration that all bear is known, and only where all bear it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const candidates = new Candidates()
      for (const each of steps) candidates.update([candidacyOf(each)])
      const borne = candidates
        .all()
        .filter((candidate) => candidate.tag !== undefined && candidate.tag.standing !== 'router')
        .map((candidate) => candidate.tag?.configuration)
      const [first] = borne
      const isSole = borne.length > 0 && borne.every((one) => one === first)
      expect(candidates.soleConfiguration()).toBe(isSole ? first : undefined)
    }),
  )
})
