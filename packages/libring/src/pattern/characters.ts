import { CASES_MAX, casesOf } from './case-folding.ts'

/** Which characters will do. */
export type CharacterTest =
  | { readonly type: 'point'; readonly point: number }
  | { readonly type: 'any'; readonly newline: boolean }
  | CharacterClass

/** Characters in one of several sets, or in none of them. */
export interface CharacterClass {
  readonly type: 'class'
  readonly negated: boolean
  readonly folding: CaseFolding
  readonly sets: readonly CharacterSet[]
}

/** What is in one of the ranges, or in the platform's own table; or, negated, what is in neither. */
export interface CharacterSet {
  readonly negated: boolean
  /** In order, and apart from each other. */
  readonly ranges: readonly Range[]
  readonly table?: RegExp | undefined
}

/** Code points from one to another, both included. */
export type Range = readonly [from: number, to: number]

/** Whether upper and lower case are the same. */
export type CaseFolding = 'fold' | 'keep'

/** @param cases of the character, as {@link casesOf} gives them. */
export function passes(test: CharacterTest, point: number, cases: readonly number[]): boolean {
  switch (test.type) {
    case 'point':
      return point === test.point
    case 'any':
      return test.newline || point !== NEWLINE
    case 'class': {
      const points = test.folding === 'fold' ? cases : [point]
      return test.sets.some((set) => holds(set, points)) !== test.negated
    }
  }
}

/** How many looks at a character a test takes, at most. */
export function looksOf(test: CharacterTest): number {
  if (test.type !== 'class') return 1
  const looks = test.sets.reduce((sum, { table }) => sum + (table ? LOOKS_OF_TABLE : 1), 0)
  return looks * (test.folding === 'fold' ? CASES_MAX : 1)
}

/** The platform's tables take longer than ranges do. */
const LOOKS_OF_TABLE = 4

const NEWLINE = 0xa

/** A literal character. */
export function literal(point: number, folding: CaseFolding): CharacterTest {
  const cases = folding === 'fold' ? casesOf(point) : [point]
  if (cases.length === 1) return { type: 'point', point }
  const set = setOf(cases.map((same) => [same, same]))
  return { type: 'class', negated: false, folding: 'keep', sets: [set] }
}

export function setOf(ranges: readonly Range[], negated = false): CharacterSet {
  const apart: [from: number, to: number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = apart.at(-1)
    if (last === undefined || from > last[1]) apart.push([from, to])
    else last[1] = Math.max(last[1], to)
  }
  return { negated, ranges: apart }
}

/** A general category or a script by its name, or `undefined` when there is none. */
export function unicodeSet(name: string, negated: boolean): CharacterSet | undefined {
  if (!/^[A-Za-z_]{1,40}$/.test(name)) return undefined
  if (name === 'Any') return { negated, ranges: [[0, 0x10_ffff]] }
  if (name.length === 4 && !SCRIPTS_OF_FOUR.has(name)) return undefined
  const table = tableOf(name)
  return table && { negated, ranges: [], table }
}

function holds({ negated, ranges, table }: CharacterSet, points: readonly number[]): boolean {
  const isIn = (point: number): boolean => {
    return isWithin(ranges, point) || table?.test(String.fromCodePoint(point)) === true
  }
  return points.some(isIn) !== negated
}

function isWithin(ranges: readonly Range[], point: number): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const [from, to] = ranges[middle]!
    if (point < from) high = middle
    else if (point > to) low = middle + 1
    else return true
  }
  return false
}

/** Scripts whose name is as long as the short names of scripts, which are none to RE2. */
const SCRIPTS_OF_FOUR: ReadonlySet<string> = new Set(
  'Ahom Cham Kawi Lisu Miao Modi Newa Thai Toto'.split(' '),
)

/** Those that were asked for, of the two hundred that there are: each takes a while to make. */
const tables = new Map<string, RegExp>()

function tableOf(name: string): RegExp | undefined {
  const known = tables.get(name)
  if (known !== undefined) return known
  // Categories have one letter or two: a longer name of one is none to RE2.
  const isCategory = name.length <= 2 && name !== 'Yi'
  try {
    const table = new RegExp(`^\\p{${isCategory ? 'gc' : 'sc'}=${name}}$`, 'u')
    tables.set(name, table)
    return table
  } catch {
    return undefined
  }
}

/** The classes of Perl by their letter in lower case. They know ASCII only. */
export const PERL_CLASSES: ReadonlyMap<string, readonly Range[]> = new Map([
  ['d', ranges('09')],
  ['s', ranges('\t\n\f\r  ')],
  ['w', ranges('09AZ__az')],
])

/** The classes of POSIX by name. */
export const POSIX_CLASSES: ReadonlyMap<string, readonly Range[]> = new Map([
  ['alnum', ranges('09AZaz')],
  ['alpha', ranges('AZaz')],
  ['ascii', ranges('\0\x7f')],
  ['blank', ranges('\t\t  ')],
  ['cntrl', ranges('\0\x1f\x7f\x7f')],
  ['digit', ranges('09')],
  ['graph', ranges('!~')],
  ['lower', ranges('az')],
  ['print', ranges(' ~')],
  ['punct', ranges('!/:@[`{~')],
  ['space', ranges('\t\r  ')],
  ['upper', ranges('AZ')],
  ['word', ranges('09AZ__az')],
  ['xdigit', ranges('09AFaf')],
])

/** @param ends the first and the last character of each. */
function ranges(ends: string): readonly Range[] {
  const all: Range[] = []
  for (let at = 0; at < ends.length; at += 2) {
    all.push([ends.charCodeAt(at), ends.charCodeAt(at + 1)])
  }
  return all
}
