/** Which characters will do. Testing one takes constant time. */
export type CharacterTest =
  | { readonly type: 'point'; readonly point: number }
  | { readonly type: 'any'; readonly newline: boolean }
  | CharacterClass

/** Characters in one of several sets, or in none of them. */
export interface CharacterClass {
  readonly type: 'class'
  readonly negated: boolean
  readonly sets: readonly CharacterSet[]
}

/** The platform's own tables say what is in a set; each is asked of one character at a time. */
export interface CharacterSet {
  readonly negated: boolean
  readonly positive: RegExp
}

/** Whether upper and lower case are the same. */
export type CaseFolding = 'fold' | 'keep'

export function passes(test: CharacterTest, character: string): boolean {
  switch (test.type) {
    case 'point':
      return character.codePointAt(0) === test.point
    case 'any':
      return test.newline || character !== '\n'
    case 'class': {
      const isIn = test.sets.some(({ positive, negated }) => positive.test(character) !== negated)
      return isIn !== test.negated
    }
  }
}

/** A literal character. */
export function literal(point: number, folding: CaseFolding): CharacterTest {
  if (folding === 'keep' || isCaseless(point)) return { type: 'point', point }
  return { type: 'class', negated: false, sets: [setOf([range(point, point)], folding)] }
}

/** @param parts of a character class, as {@link range} and its kin give them. */
export function setOf(
  parts: readonly string[],
  folding: CaseFolding,
  negated = false,
): CharacterSet {
  // With negation left out of the expression, folding means the same here as in RE2.
  const positive = new RegExp(`^[${parts.join('')}]$`, folding === 'fold' ? 'iu' : 'u')
  return { positive, negated }
}

export function range(from: number, to: number): string {
  return `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`
}

/** The classes of Perl by their letter in lower case. They know ASCII only. */
export const PERL_CLASSES: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['s', '\\t\\n\\f\\r '],
  ['w', '0-9A-Za-z_'],
])

/** The classes of POSIX by name. */
export const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\u{0}-\\u{7f}'],
  ['blank', '\\t '],
  ['cntrl', '\\u{0}-\\u{1f}\\u{7f}'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`\\{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
])

/** Scripts whose name is as long as the short names of scripts, which are none to RE2. */
const SCRIPTS_OF_FOUR: ReadonlySet<string> = new Set(
  'Ahom Cham Kawi Lisu Miao Modi Newa Thai Toto'.split(' '),
)

/** A general category or a script by its name, or `undefined` when there is none. */
export function unicodeClass(name: string): string | undefined {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return undefined
  if (name === 'Any') return '\\u{0}-\\u{10ffff}'
  if (name.length === 4 && !SCRIPTS_OF_FOUR.has(name)) return undefined
  // Categories have one letter or two: a longer name of one is none to RE2.
  const isCategory = name.length <= 2 && name !== 'Yi'
  const part = isCategory ? `\\p{gc=${name}}` : `\\p{sc=${name}}`
  try {
    new RegExp(`[${part}]`, 'u')
    return part
  } catch {
    return undefined
  }
}

const LETTER = /^\p{L}$|^\p{M}$|^\p{N}$|^\p{So}$/u

function isCaseless(point: number): boolean {
  return !LETTER.test(String.fromCodePoint(point))
}
