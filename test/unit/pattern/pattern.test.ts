import { describe, expect, test, vi } from 'vitest'
import { Pattern } from '../../../packages/libring/src/pattern/pattern.ts'

function matches(pattern: string, text: string): boolean | undefined {
  return Pattern.parse(pattern)?.matches(text)
}

describe('a pattern matches anywhere, unless it says where', () => {
  test.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^abc$', 'abc', true],
    ['^abc$', 'abc\n', false],
    ['(?m)^b$', 'a\nb\nc', true],
    ['\\Ab|b\\z', 'ab', true],
    ['', '', true],
    ['a|', 'b', true],
    ['\\bcat\\b', 'a cat.', true],
    ['\\bcat\\b', 'concat', false],
    ['\\Bcat', 'concat', true],
  ])('%s in %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })
})

describe('characters', () => {
  test.each([
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['^.$', '😀', true],
    ['[a-c]+$', 'xxabc', true],
    ['^[^a-c]+$', 'xyz\n', true],
    ['^[]a]+$', ']a]', true],
    ['^[a-]+$', 'a-', true],
    ['^\\d\\D\\s\\S\\w\\W$', '1a\t.a-', true],
    ['\\s', '\v', false],
    ['[[:space:]]', '\v', true],
    ['^[[:^digit:]x]$', 'x', true],
    ['^[[:x[:y]+$', '[:xy', true],
    ['^[[:alpha:]_]+$', 'ab_', true],
    ['^\\pL\\p{Greek}\\P{Lu}$', 'éαa', true],
    ['^\\p{^Lu}$', 'A', false],
    ['^\\p{Yi}\\p{Thai}\\p{Han}$', 'ꀀก中', true],
    ['^a{01}a{1,x}$', 'a{01}a{1,x}', true],
    ['^\\x41\\x{1F600}\\101\\a$', 'A😀A\x07', true],
    ['^\\Qa.b*\\E+$', 'a.b**', true],
    ['^\\Qa.b', 'a.b', true],
    ['^\\.\\_\\ $', '._ ', true],
  ])('%s in %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })
})

describe('upper and lower case', () => {
  test.each([
    ['(?i)straße', 'STRAßE', true],
    ['(?i)k', '\u212a', true],
    ['(?i)[^k]', 'K', false],
    ['(?i)^\\P{Lu}$', 'a', false],
    ['(?i)^[[:upper:]]$', 'a', true],
    ['a(?i)b', 'aB', true],
    ['a(?i)b', 'AB', false],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?i)a(?-i)b', 'Ab', true],
    ['(?i)a(?-i)b', 'AB', false],
  ])('%s in %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })
})

describe('counts', () => {
  test.each([
    ['^a{2,3}$', 'a', false],
    ['^a{2,3}$', 'aaa', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{2,}?$', 'aaaaa', true],
    ['^a{2}$', 'aa', true],
    ['^a{,2}$', 'a{,2}', true],
    ['^(ab)*c+?d??$', 'ababcc', true],
    ['^(a*)*$', 'aaab', false],
    ['^(|a)+$', 'aa', true],
    ['^(?:){3}a(?:)*$', 'a', true],
    ['^(?:a{0}b)+$', 'bb', true],
    ['^(?:a{0}){1000}$', 'a', false],
    ['^(?P<n>x)(?<m>y)(?:z)$', 'xyz', true],
  ])('%s in %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected)
  })
})

test.each([
  '(',
  ')',
  'a)',
  '[',
  '[a',
  '[z-a]',
  '[a-\\d]',
  '[[:nope:]]',
  '*',
  'a|*',
  'a**',
  'a{2}{3}',
  'a{1001}',
  'a{3,2}',
  'a{12345678901}',
  `a{1,${'9'.repeat(400)}}`,
  '\\',
  '\\1',
  '\\8',
  '\\y',
  '\\C',
  '\\Z',
  '[\\b]',
  '\\x{110000}',
  '\\xg1',
  '\\p{Nope}',
  '\\p{Letter}',
  '\\p{Latn}',
  '\\p{Yiii}',
  '(?=a)',
  '(?!a)',
  '(?<=a)',
  '(?P=n)',
  '(?P<n>a)(?P<n>b)',
  '(?P<>a)',
  '(?z)',
  '(?i-)a',
])('%s is no pattern, as in RE2', (text) => {
  expect(Pattern.parse(text)).toBeUndefined()
})

describe('limits', () => {
  test('a thousand of a kind is a pattern, a thousand thousands is none', () => {
    expect(matches('^a{1000}$', 'a'.repeat(1_000))).toBe(true)
    expect(Pattern.parse('(a{1000}){1000}')).toBeUndefined()
    expect(Pattern.parse('(((a{50}){50}){50}){50}')).toBeUndefined()
  })

  test('nothing, however often, takes no room', () => {
    expect(Pattern.parse('(?:(?:(?:){1000}){9}|a{0})*')?.size).toBe(5)
  })

  test('1,024 characters are a pattern, one more is none', () => {
    expect(Pattern.parse('a'.repeat(1_024))?.size).toBe(1_025)
    expect(Pattern.parse('a'.repeat(1_025))).toBeUndefined()
  })

  test('parentheses as deep as there is room for are a pattern', () => {
    expect(matches('('.repeat(500) + 'a' + ')'.repeat(500), 'bab')).toBe(true)
  })

  test.each(['^(a+)+$', '^(a|a)*$', '^(a*)*b$', '^(.*)*(.*)*(.*)*x$', '(?i)^(a|[a-z])*1$'])(
    '%s, over which others track back for ever, is done with at once',
    (text) => {
      const pattern = Pattern.parse(text)!
      expect(pattern.size).toBeLessThan(24)
      // Tracking back would take 2^5,000 steps; here it is 24 for each character.
      expect(pattern.matches('a'.repeat(5_000) + '!')).toBe(false)
    },
  )
})

test('a class takes no regular expression of its own, which would cost more than its length tells', () => {
  let made = 0
  const Counted = new Proxy(RegExp, {
    construct: (target, [source, flags]: [string, string]) => {
      made++
      return new target(source, flags)
    },
  })
  vi.stubGlobal('RegExp', Counted)
  try {
    expect(Pattern.parse(`(?i)${'[à-ÿ]'.repeat(100)}k+$`)?.matches('À'.repeat(100) + 'K')).toBe(
      true,
    )
    expect(made).toBe(0)
    expect(Pattern.parse('\\p{Armenian}'.repeat(50))?.matches('ա'.repeat(50))).toBe(true)
    expect(made).toBeLessThanOrEqual(1)
  } finally {
    vi.unstubAllGlobals()
  }
})
