import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareUtf8, utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import { crc32 } from '../../packages/libring/src/codec/crc32.ts'
import { Candidates } from '../../packages/libring/src/ownership/candidates.ts'
import type { Candidacy } from '../../packages/libring/src/ownership/effects.ts'
import { configurationOf } from '../../packages/libring/src/ownership/ring-tag.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember } from '../support/ownership.ts'

// What members compare with each other is kept up to date, a line for each member. These worlds
// hold it against the number as it is defined, worked out from all that is seen.

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

/** The number from scratch: one line of JSON a member, in the order of their bytes. */
function digestOf(
  present: Iterable<Candidacy>,
  away: Step['away'],
  options: (typeof OPTIONS)[number],
): number {
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
  const texts = [...lines, ...absent].map((line) => JSON.stringify(line)).sort(compareUtf8)
  return crc32(utf8Encode(JSON.stringify([rules, texts])))
}

test('the digest of a view that changed bit by bit is that of the view', () => {
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
        expect(candidates.digest(away, each.asks)).toBe(
          digestOf(present.values(), each.away, each.asks),
        )
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
