import {
  literal,
  PERL_CLASSES,
  POSIX_CLASSES,
  setOf,
  unicodeSet,
  type CaseFolding,
  type CharacterClass,
  type CharacterSet,
  type Range,
} from './characters.ts'
import { Cursor } from './cursor.ts'
import type { Assertion, Syntax } from './syntax.ts'

/** Counts in braces may be no higher, as in RE2. */
const REPEAT_MAX = 1_000

/** How often: whole numbers without leading zeros, however long. */
const COUNTS = /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/

interface Flags {
  readonly folding: CaseFolding
  /** Whether `^` and `$` also stand for the ends of lines. */
  readonly lines: boolean
  /** Whether `.` takes newlines too. */
  readonly dotAll: boolean
}

interface Count {
  readonly min: number
  readonly max: number
}

const NO_FLAGS: Flags = { folding: 'keep', lines: false, dotAll: false }

/** Thrown at what is no pattern of RE2's. Never leaves this file; made once, as a trace costs time. */
const NO_PATTERN = new Error('no pattern')

/**
 * Take a pattern apart, by the syntax of RE2 as Go has it. `undefined` when it is none.
 *
 * @see RE2, doc/syntax.txt; Go, regexp/syntax.
 */
export function parsePattern(text: string): Syntax | undefined {
  try {
    return new Parser(text).parse()
  } catch (error) {
    if (error === NO_PATTERN) return undefined
    throw error
  }
}

class Parser {
  readonly #text: Cursor
  readonly #names = new Set<string>()
  #flags = NO_FLAGS
  /** Whether `:]` may come. Looked for once: else each `[:` would have all that is left read. */
  #mayNameClass = true

  constructor(text: string) {
    this.#text = new Cursor(text)
  }

  parse(): Syntax {
    const syntax = this.#choice()
    if (this.#text.peek() !== '') throw NO_PATTERN
    return syntax
  }

  #take(): string {
    const character = this.#text.peek()
    if (character === '') throw NO_PATTERN
    this.#text.at++
    return character
  }

  #choice(): Syntax {
    const options = [this.#sequence()]
    while (this.#text.skip('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { type: 'choice', options }
  }

  #sequence(): Syntax {
    const parts: Syntax[] = []
    let isAfterRepetition = false
    while (this.#text.peek() !== '' && this.#text.peek() !== '|' && this.#text.peek() !== ')') {
      const count = this.#repetition()
      if (count === undefined) this.#term(parts)
      else {
        const of = parts.pop()
        if (of === undefined || isAfterRepetition) throw NO_PATTERN
        parts.push(repeated(of, count))
      }
      isAfterRepetition = count !== undefined
    }
    return inSequence(parts)
  }

  /** A repetition that comes next, if one does. */
  #repetition(): Count | undefined {
    let count: Count | undefined
    if (this.#text.skip('*')) count = { min: 0, max: Infinity }
    else if (this.#text.skip('+')) count = { min: 1, max: Infinity }
    else if (this.#text.skip('?')) count = { min: 0, max: 1 }
    else if (this.#text.peek() === '{') count = this.#braces()
    if (count !== undefined) this.#text.skip('?')
    return count
  }

  /** Counts in braces. Braces with anything else in them stand for themselves. */
  #braces(): Count | undefined {
    let length = 1
    while (/[\d,]/.test(this.#text.peek(length))) length++
    const match = COUNTS.exec(this.#text.ahead(length + 1))
    if (match === null) return undefined
    this.#text.at += match[0].length
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3])
    const isTooHigh = min > REPEAT_MAX || (match[3] !== undefined && max > REPEAT_MAX)
    if (isTooHigh || min > max) throw NO_PATTERN
    return { min, max }
  }

  #term(parts: Syntax[]): void {
    const { lines, dotAll, folding } = this.#flags
    const character = this.#take()
    switch (character) {
      case '(':
        return this.#group(parts)
      case '[':
        return void parts.push({ type: 'character', test: this.#class() })
      case '.':
        return void parts.push({ type: 'character', test: { type: 'any', newline: dotAll } })
      case '^':
        return void parts.push(assertion(lines ? 'line-start' : 'text-start'))
      case '$':
        return void parts.push(assertion(lines ? 'line-end' : 'text-end'))
      case '\\':
        return this.#escaped(parts)
      default: {
        const test = literal(character.codePointAt(0)!, folding)
        return void parts.push({ type: 'character', test })
      }
    }
  }

  #group(parts: Syntax[]): void {
    const outer = this.#flags
    if (this.#text.skip('?')) {
      if (this.#text.skip('P<') || this.#text.skip('<')) this.#name()
      else if (this.#setFlags() === ')') return
    }
    parts.push(this.#choice())
    if (!this.#text.skip(')')) throw NO_PATTERN
    this.#flags = outer
  }

  #name(): void {
    const name = this.#text.until('>') ?? ''
    if (!/^\w+$/.test(name) || this.#names.has(name)) throw NO_PATTERN
    this.#names.add(name)
  }

  /** Flags up to what ends them, which is given back: `)` or `:`. */
  #setFlags(): string {
    let flags = this.#flags
    let isOn = true
    let isBare = false
    for (;;) {
      const character = this.#take()
      if (character === ')' || character === ':') {
        if (isBare) throw NO_PATTERN
        this.#flags = flags
        return character
      }
      isBare = character === '-'
      if (character === '-' && isOn) isOn = false
      else if (character === 'i') flags = { ...flags, folding: isOn ? 'fold' : 'keep' }
      else if (character === 'm') flags = { ...flags, lines: isOn }
      else if (character === 's') flags = { ...flags, dotAll: isOn }
      else if (character !== 'U') throw NO_PATTERN
    }
  }

  #escaped(parts: Syntax[]): void {
    const what = ASSERTIONS.get(this.#text.peek())
    if (what !== undefined) {
      this.#text.at++
      return void parts.push(assertion(what))
    }
    if (this.#text.skip('Q')) return this.#quoted(parts)
    const set = this.#escapedSet()
    const test =
      set === undefined
        ? literal(this.#escapedPoint(), this.#flags.folding)
        : ({ type: 'class', negated: false, folding: this.#flags.folding, sets: [set] } as const)
    parts.push({ type: 'character', test })
  }

  /** Text up to `\E`, or to the end. */
  #quoted(parts: Syntax[]): void {
    const quoted = this.#text.until('\\E') ?? this.#text.rest()
    for (const character of quoted) {
      const test = literal(character.codePointAt(0)!, this.#flags.folding)
      parts.push({ type: 'character', test })
    }
  }

  /** Behind a backslash: a class, if it is one. */
  #escapedSet(): CharacterSet | undefined {
    const letter = this.#text.peek()
    const perl = PERL_CLASSES.get(letter.toLowerCase())
    const isNegated = letter !== '' && letter === letter.toUpperCase()
    if (perl !== undefined) {
      this.#text.at++
      return setOf(perl, isNegated)
    }
    if (letter !== 'p' && letter !== 'P') return undefined
    this.#text.at++
    let name: string | undefined = this.#take()
    if (name === '{') name = this.#text.until('}') ?? ''
    const isInverse = name.startsWith('^')
    const set = unicodeSet(isInverse ? name.slice(1) : name, isNegated !== isInverse)
    if (set === undefined) throw NO_PATTERN
    return set
  }

  /** Behind a backslash: one character. */
  #escapedPoint(): number {
    const character = this.#take()
    const control = CONTROLS.get(character)
    if (control !== undefined) return control
    if (character === 'x') return this.#hexadecimal()
    if (/^[0-7]$/.test(character)) return this.#octal(character)
    if (/^[\0-\x7f]$/.test(character) && !/^[0-9A-Za-z]$/.test(character)) {
      return character.charCodeAt(0)
    }
    throw NO_PATTERN
  }

  #octal(first: string): number {
    // A digit alone would be a back-reference.
    if (first !== '0' && !/^[0-7]$/.test(this.#text.peek())) throw NO_PATTERN
    let digits = first
    while (digits.length < 3 && /^[0-7]$/.test(this.#text.peek())) digits += this.#take()
    return Number.parseInt(digits, 8)
  }

  #hexadecimal(): number {
    const digits = this.#text.skip('{')
      ? (this.#text.until('}') ?? '')
      : this.#take() + this.#take()
    const point = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Infinity
    if (point > 0x10_ffff) throw NO_PATTERN
    return point
  }

  /** A class in brackets, the opening one passed over. */
  #class(): CharacterClass {
    const negated = this.#text.skip('^')
    const ranges: Range[] = []
    const sets: CharacterSet[] = []
    for (let isFirst = true; isFirst || this.#text.peek() !== ']'; isFirst = false) {
      const set = this.#classSet()
      if (set !== undefined) {
        sets.push(set)
        continue
      }
      const from = this.#classPoint()
      let to = from
      if (this.#text.peek() === '-' && this.#text.peek(1) !== ']' && this.#text.peek(1) !== '') {
        this.#text.at++
        to = this.#classPoint()
      }
      if (to < from) throw NO_PATTERN
      ranges.push([from, to])
    }
    this.#text.at++
    if (ranges.length > 0) sets.unshift(setOf(ranges))
    return { type: 'class', negated, folding: this.#flags.folding, sets }
  }

  /** A class within brackets, if one comes next. */
  #classSet(): CharacterSet | undefined {
    const from = this.#text.at
    if (this.#mayNameClass && this.#text.skip('[:')) {
      const name = this.#text.until(':]')
      this.#mayNameClass = name !== undefined
      if (name !== undefined) {
        const isNegated = name.startsWith('^')
        const ranges = POSIX_CLASSES.get(isNegated ? name.slice(1) : name)
        if (ranges === undefined) throw NO_PATTERN
        return setOf(ranges, isNegated)
      }
    } else if (this.#text.skip('\\')) {
      const set = this.#escapedSet()
      if (set !== undefined) return set
    }
    this.#text.at = from
    return undefined
  }

  #classPoint(): number {
    const character = this.#take()
    return character === '\\' ? this.#escapedPoint() : character.codePointAt(0)!
  }
}

/** What stands for the empty text alone, and so for nothing however often it is repeated. */
const NOTHING: Syntax = { type: 'sequence', parts: [] }

function isNothing(syntax: Syntax): boolean {
  return syntax.type === 'sequence' && syntax.parts.length === 0
}

/** Whatever stands for nothing is left out, so that every part of what is repeated has a size. */
function repeated(of: Syntax, count: Count): Syntax {
  return isNothing(of) || count.max === 0 ? NOTHING : { type: 'repetition', of, ...count }
}

function inSequence(parts: readonly Syntax[]): Syntax {
  const left = parts.filter((part) => !isNothing(part))
  return left.length === 1 ? left[0]! : { type: 'sequence', parts: left }
}

function assertion(what: Assertion): Syntax {
  return { type: 'assertion', what }
}

const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'text-start'],
  ['z', 'text-end'],
  ['b', 'word-boundary'],
  ['B', 'no-word-boundary'],
])

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])
