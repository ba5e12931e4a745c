import { looksOf, type CharacterTest } from './characters.ts'
import type { Assertion, Syntax } from './syntax.ts'

/** One step of a machine that follows all ways through a pattern at once. */
export type Instruction =
  /** On with the next instruction if the character will do. */
  | { readonly op: 'take'; readonly test: CharacterTest }
  /** On with both. */
  | { readonly op: 'fork'; next: number; other: number }
  | { readonly op: 'jump'; next: number }
  /** On if this holds here. */
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'match' }

/** The instructions of a pattern. */
export class Program {
  /** How many there are. */
  readonly size: number
  /** Looks at a character that all the different tests take together. */
  readonly looks: number
  readonly #instructions: readonly Instruction[]

  constructor(instructions: readonly Instruction[]) {
    this.size = instructions.length
    const takes = instructions.filter((instruction) => instruction.op === 'take')
    const tests = new Set(takes.map(({ test }) => test))
    this.looks = [...tests].reduce((sum, test) => sum + looksOf(test), 0)
    this.#instructions = instructions
  }

  at(index: number): Instruction {
    return this.#instructions[index]!
  }
}

/** The instructions for a pattern, or `undefined` when there are more than `sizeMax`. */
export function programOf(syntax: Syntax, sizeMax: number): Program | undefined {
  const program: Instruction[] = []

  function emit<I extends Instruction>(instruction: I): I {
    program.push(instruction)
    return instruction
  }

  function fork(): Extract<Instruction, { op: 'fork' }> {
    return emit({ op: 'fork', next: program.length + 1, other: 0 })
  }

  function add(part: Syntax): void {
    // What is too long already is not made longer: counts within counts multiply.
    if (program.length > sizeMax) return
    switch (part.type) {
      case 'character':
        return void emit({ op: 'take', test: part.test })
      case 'assertion':
        return void emit({ op: 'assert', what: part.what })
      case 'sequence':
        return part.parts.forEach(add)
      case 'choice':
        return addChoice(part.options)
      case 'repetition':
        return addRepetition(part.of, part.min, part.max)
    }
  }

  function addChoice(options: readonly Syntax[]): void {
    const jumps: { next: number }[] = []
    for (const [index, option] of options.entries()) {
      const isLast = index === options.length - 1
      const branch = isLast ? undefined : fork()
      add(option)
      if (!isLast) jumps.push(emit({ op: 'jump', next: 0 }))
      if (branch !== undefined) branch.other = program.length
    }
    for (const jump of jumps) jump.next = program.length
  }

  function addRepetition(of: Syntax, min: number, max: number): void {
    for (let i = 0; i < min && program.length <= sizeMax; i++) add(of)
    if (max === Infinity) {
      const start = program.length
      const branch = fork()
      add(of)
      emit({ op: 'jump', next: start })
      branch.other = program.length
      return
    }
    const branches: { other: number }[] = []
    for (let i = min; i < max && program.length <= sizeMax; i++) {
      branches.push(fork())
      add(of)
    }
    for (const branch of branches) branch.other = program.length
  }

  add(syntax)
  emit({ op: 'match' })
  return program.length > sizeMax ? undefined : new Program(program)
}
