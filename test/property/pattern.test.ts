import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { Pattern } from '../../packages/libring/src/pattern/pattern.ts'

// Another implementation of RE2's syntax, which follows Go's, says what is right.

const atom = fc.constantFrom(
  ...['a', 'b', 'K', 's', 'ß', 'é', '.', '-', ' ', '\\.', '\\d', '\\D', '\\w', '\\W', '\\s', '\\S'],
  ...['[ab]', '[^a]', '[a-z]', '[^a-zK]', '[\\d-]', '[[:upper:]]', '[^[:^lower:]b]', '[\\W1]'],
  ...[
    '\\pL',
    '\\PL',
    '\\p{Lu}',
    '\\p{^Lu}',
    '\\P{Ll}',
    '[\\p{Lu}\\d]',
    '\\p{Grek}',
    '\\p{Yi}',
    '[\\p{Thai}a]',
    '\\x4b',
    '\\x{4B}',
    '\\113',
  ],
  ...[
    '^',
    '$',
    '\\b',
    '\\B',
    '\\A',
    '\\z',
    '()',
    '\\Qa.\\E',
    '[]a]',
    '{',
    '}',
    '{,2}',
    '{1234567890}',
    ']',
  ],
  ...['(?i)', '(?s)', '(?m)', '(?-i)', '(?i-s)'],
)
const { pattern } = fc.letrec<{ pattern: string }>((tie) => {
  const inner = tie('pattern')
  return {
    pattern: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      atom,
      fc.tuple(inner, inner).map(([a, b]) => a + b),
      fc.tuple(inner, inner).map(([a, b]) => `${a}|${b}`),
      inner.map((a) => `(${a})`),
      inner.map((a) => `(?i:${a})`),
      fc
        .tuple(inner, fc.constantFrom('*', '+', '?', '*?', '{2}', '{1,2}', '{2,}', '{0}', '**'))
        .map(([a, count]) => a + count),
    ),
  }
})
const text = fc.string({
  unit: fc.constantFrom(...Array.from('abkKsSzé1-_ .\n]{}ß😀\u017f\u212a')),
  maxLength: 8,
})
/** Anything that looks a little like a pattern, right or wrong. */
const scrap = fc.string({
  unit: fc.constantFrom(...Array.from('ab(?i:)[]^-\\dpQEx{}12,|*+.$P<n>')),
  maxLength: 9,
})

function theirs(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch {
    return undefined
  }
}

test('a pattern matches where it does in RE2', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 5 }), (pattern, texts) => {
      const [own, other] = [Pattern.parse(pattern), theirs(pattern)]
      expect(own === undefined, pattern).toBe(other === undefined)
      if (own === undefined || other === undefined) return
      for (const text of texts) expect(own.matches(text)).toBe(other.matcher(text).find())
    }),
    { numRuns: 2_000, seed: 6 },
  )
})

test('what is a pattern is one in RE2, and what is none is none', () => {
  fc.assert(
    fc.property(scrap, text, (pattern, text) => {
      const [own, other] = [Pattern.parse(pattern), theirs(pattern)]
      expect(own === undefined, pattern).toBe(other === undefined)
      expect(own?.matches(text)).toBe(other?.matcher(text).find())
    }),
    { numRuns: 5_000, seed: 7 },
  )
})
