import {
  literal,
  PERL_CLASSES,
  POSIX_CLASSES,
  range,
  setOf,
  unicodeClass,
  type CaseFolding,
  type CharacterClass,
  type CharacterSet,
} from './characters.ts'
import type { Assertion, Syntax } from './syntax.ts'

/** Counts in braces may be no higher, as in RE2. */
const REPEAT_MAX = 1_000

interface Flags {
  readonly folding: CaseFolding
  /** Whether `^` and `$` also stand for the ends of lines. */
  readonly lines: boolean
  /** Whether `.` takes newlines too. */
  readonly dotAll: boolean
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
  readonly #characters: readonly string[]
  readonly #names = new Set<string>()
  #at = 0
  #flags = NO_FLAGS

  constructor(text: string) {
    this.#characters = Array.from(text)
  }

  parse(): Syntax {
    const syntax = this.#choice()
    if (this.#at < this.#characters.length) throw NO_PATTERN
    return syntax
  }

  #peek(ahead = 0): string {
    return this.#characters[this.#at + ahead] ?? ''
  }

  #take(): string {
    const character = this.#peek()
    if (character === '') throw NO_PATTERN
    this.#at++
    return character
  }

  /** Pass over `text` if it comes next. */
  #skip(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.#peek(i) !== text[i]) return false
    this.#at += text.length
    return true
  }

  /** What comes before the next `end`, which is passed over, or `undefined` when there is none. */
  #until(end: string): string | undefined {
    const from = this.#at
    while (this.#peek() !== '') {
      const to = this.#at
      if (this.#skip(end)) return this.#characters.slice(from, to).join('')
      this.#at++
    }
    this.#at = from
    return undefined
  }

  /** All that is left, passed over. */
  #rest(): string {
    const from = this.#at
    this.#at = this.#characters.length
    return this.#characters.slice(from).join('')
  }

  #choice(): Syntax {
    const options = [this.#sequence()]
    while (this.#skip('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { type: 'choice', options }
  }

  #sequence(): Syntax {
    const parts: Syntax[] = []
    let isAfterRepetition = false
    while (this.#peek() !== '' && this.#peek() !== '|' && this.#peek() !== ')') {
      const count = this.#repetition()
      if (count === undefined) this.#term(parts)
      else {
        const of = parts.pop()
        if (of === undefined || isAfterRepetition) throw NO_PATTERN
        parts.push({ type: 'repetition', of, ...count })
      }
      isAfterRepetition = count !== undefined
    }
    return parts.length === 1 ? parts[0]! : { type: 'sequence', parts }
  }

  /** A repetition that comes next, if one does. */
  #repetition(): { readonly min: number; readonly max: number } | undefined {
    let count: { min: number; max: number } | undefined
    if (this.#skip('*')) count = { min: 0, max: Infinity }
    else if (this.#skip('+')) count = { min: 1, max: Infinity }
    else if (this.#skip('?')) count = { min: 0, max: 1 }
    else if (this.#peek() === '{') count = this.#braces()
    if (count !== undefined) this.#skip('?')
    return count
  }

  /** Counts in braces. Braces with anything else in them stand for themselves. */
  #braces(): { readonly min: number; readonly max: number } | undefined {
    const rest = this.#characters.slice(this.#at, this.#at + 24).join('')
    const match = /^\{(0|[1-9]\d{0,8})(?:(,)(0|[1-9]\d{0,8})?)?\}/.exec(rest)
    if (match === null) return undefined
    this.#at += match[0].length
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === undefined ? Infinity : Number(match[3])
    const isTooHigh = min > REPEAT_MAX || (max !== Infinity && max > REPEAT_MAX)
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
    if (this.#skip('?')) {
      if (this.#skip('P<') || this.#skip('<')) this.#name()
      else if (this.#setFlags() === ')') return
    }
    parts.push(this.#choice())
    if (!this.#skip(')')) throw NO_PATTERN
    this.#flags = outer
  }

  #name(): void {
    const name = this.#until('>') ?? ''
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
    const what = ASSERTIONS.get(this.#peek())
    if (what !== undefined) {
      this.#at++
      return void parts.push(assertion(what))
    }
    if (this.#skip('Q')) return this.#quoted(parts)
    const set = this.#escapedSet()
    const test =
      set === undefined
        ? literal(this.#escapedPoint(), this.#flags.folding)
        : ({ type: 'class', negated: false, sets: [set] } as const)
    parts.push({ type: 'character', test })
  }

  /** Text up to `\E`, or to the end. */
  #quoted(parts: Syntax[]): void {
    const quoted = this.#until('\\E') ?? this.#rest()
    for (const character of quoted) {
      const test = literal(character.codePointAt(0)!, this.#flags.folding)
      parts.push({ type: 'character', test })
    }
  }

  /** Behind a backslash: a class, if it is one. */
  #escapedSet(): CharacterSet | undefined {
    const letter = this.#peek()
    const perl = PERL_CLASSES.get(letter.toLowerCase())
    const isNegated = letter !== '' && letter === letter.toUpperCase()
    if (perl !== undefined) {
      this.#at++
      return setOf([perl], this.#flags.folding, isNegated)
    }
    if (letter !== 'p' && letter !== 'P') return undefined
    this.#at++
    let name: string | undefined = this.#take()
    if (name === '{') name = this.#until('}') ?? ''
    const isInverse = name.startsWith('^')
    const part = unicodeClass(isInverse ? name.slice(1) : name)
    if (part === undefined) throw NO_PATTERN
    return setOf([part], this.#flags.folding, isNegated !== isInverse)
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
    if (first !== '0' && !/^[0-7]$/.test(this.#peek())) throw NO_PATTERN
    let digits = first
    while (digits.length < 3 && /^[0-7]$/.test(this.#peek())) digits += this.#take()
    return Number.parseInt(digits, 8)
  }

  #hexadecimal(): number {
    const digits = this.#skip('{') ? (this.#until('}') ?? '') : this.#take() + this.#take()
    const point = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Infinity
    if (point > 0x10_ffff) throw NO_PATTERN
    return point
  }

  /** A class in brackets, the opening one passed over. */
  #class(): CharacterClass {
    const negated = this.#skip('^')
    const parts: string[] = []
    const sets: CharacterSet[] = []
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const set = this.#classSet()
      if (set !== undefined) {
        sets.push(set)
        continue
      }
      const from = this.#classPoint()
      let to = from
      if (this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== '') {
        this.#at++
        to = this.#classPoint()
      }
      if (to < from) throw NO_PATTERN
      parts.push(range(from, to))
    }
    this.#at++
    if (parts.length > 0) sets.unshift(setOf(parts, this.#flags.folding))
    return { type: 'class', negated, sets }
  }

  /** A class within brackets, if one comes next. */
  #classSet(): CharacterSet | undefined {
    const from = this.#at
    if (this.#skip('[:')) {
      const name = this.#until(':]')
      if (name !== undefined) {
        const isNegated = name.startsWith('^')
        const part = POSIX_CLASSES.get(isNegated ? name.slice(1) : name)
        if (part === undefined) throw NO_PATTERN
        return setOf([part], this.#flags.folding, isNegated)
      }
    } else if (this.#skip('\\')) {
      const set = this.#escapedSet()
      if (set !== undefined) return set
    }
    this.#at = from
    return undefined
  }

  #classPoint(): number {
    const character = this.#take()
    return character === '\\' ? this.#escapedPoint() : character.codePointAt(0)!
  }
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
