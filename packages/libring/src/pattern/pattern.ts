import { casesOf } from './case-folding.ts'
import { passes, type CharacterTest } from './characters.ts'
import { parsePattern } from './parse.ts'
import { programOf, type Program } from './program.ts'
import type { Assertion } from './syntax.ts'

/** Longest pattern, in UTF-16 units. */
export const PATTERN_LENGTH_MAX = 1_024

/** Most instructions of one pattern: `a{1000}` takes a thousand. */
export const PATTERN_SIZE_MAX = 2_048

/**
 * A regular expression with the syntax and the meaning of RE2, found anywhere in a text in time
 * that grows with the length of the pattern and of the text alone, whatever they are.
 *
 * All ways through the pattern are followed at once, so there is nothing to track back to.
 *
 * @see Cox, Regular Expression Matching Can Be Simple And Fast (2007).
 */
export class Pattern {
  readonly #program: Program

  private constructor(program: Program) {
    this.#program = program
  }

  /** `undefined` when the text is no pattern of RE2's, or is over one of the limits above. */
  static parse(text: string): Pattern | undefined {
    const syntax = text.length > PATTERN_LENGTH_MAX ? undefined : parsePattern(text)
    const program = syntax && programOf(syntax, PATTERN_SIZE_MAX)
    return program && new Pattern(program)
  }

  /** How many instructions it has. */
  get size(): number {
    return this.#program.size
  }

  /** How many steps, at most, each character of a text takes, and its end: instructions and looks. */
  get stepsPerCharacter(): number {
    return this.#program.size + this.#program.looks
  }

  /** Whether it occurs in `text`. */
  matches(text: string): boolean {
    return new Search(this.#program, Array.from(text)).run()
  }
}

class Search {
  readonly #program: Program
  readonly #characters: readonly string[]
  /** At which place of the text an instruction was last reached. */
  readonly #reachedAt: Int32Array
  /** Which tests the present character was put to. */
  readonly #tested = new Map<CharacterTest, boolean>()
  #isMatch = false

  constructor(program: Program, characters: readonly string[]) {
    this.#program = program
    this.#characters = characters
    this.#reachedAt = new Int32Array(program.size).fill(-1)
  }

  run(): boolean {
    let waiting: number[] = []
    for (let at = 0; at <= this.#characters.length; at++) {
      const reached: number[] = []
      for (const index of waiting) this.#reach(index, at, reached)
      // It may begin anywhere.
      this.#reach(0, at, reached)
      if (this.#isMatch) return true
      waiting = this.#step(reached, this.#characters[at])
    }
    return false
  }

  /** Follow everything that takes no character, from one instruction on. */
  #reach(from: number, at: number, reached: number[]): void {
    const pending = [from]
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (this.#reachedAt[index] === at) continue
      this.#reachedAt[index] = at
      const instruction = this.#program.at(index)
      switch (instruction.op) {
        case 'take':
          reached.push(index)
          break
        case 'fork':
          pending.push(instruction.other, instruction.next)
          break
        case 'jump':
          pending.push(instruction.next)
          break
        case 'assert':
          if (this.#holds(instruction.what, at)) pending.push(index + 1)
          break
        case 'match':
          this.#isMatch = true
          return
      }
    }
  }

  #step(reached: readonly number[], character: string | undefined): number[] {
    if (character === undefined) return []
    this.#tested.clear()
    const point = character.codePointAt(0)!
    const cases = casesOf(point)
    return reached.filter((index) => this.#takes(index, point, cases)).map((index) => index + 1)
  }

  #takes(index: number, point: number, cases: readonly number[]): boolean {
    const instruction = this.#program.at(index)
    if (instruction.op !== 'take') return false
    const { test } = instruction
    if (test.type !== 'class') return passes(test, point, cases)
    const known = this.#tested.get(test)
    if (known !== undefined) return known
    const isTaken = passes(test, point, cases)
    this.#tested.set(test, isTaken)
    return isTaken
  }

  #holds(what: Assertion, at: number): boolean {
    const before = this.#characters[at - 1]
    const after = this.#characters[at]
    switch (what) {
      case 'text-start':
        return before === undefined
      case 'text-end':
        return after === undefined
      case 'line-start':
        return before === undefined || before === '\n'
      case 'line-end':
        return after === undefined || after === '\n'
      case 'word-boundary':
        return isWord(before) !== isWord(after)
      case 'no-word-boundary':
        return isWord(before) === isWord(after)
    }
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^[0-9A-Za-z_]$/.test(character)
}
