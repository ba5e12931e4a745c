import { below, type Random } from '../base/random.ts'
import type { Store } from '../ports/store.ts'

/** What a simulated machine keeps of one file. */
export interface SimFile {
  /** What outlives a loss of power. */
  durable: readonly string[]
  /** What the system has taken, but not written yet. */
  written: readonly string[]
}

/** What the machines of a world keep, by node and path. */
export type SimFiles = Map<string, SimFile>

/** Lines that outlive a simulated process, though the last of them may get lost in a crash. */
export class SimStore implements Store {
  readonly #file: SimFile
  #isOver = false

  constructor(file: SimFile) {
    this.#file = file
  }

  get bytes(): number {
    const { durable, written } = this.#file
    let bytes = 0
    for (const line of [...durable, ...written]) bytes += line.length + 1
    return bytes
  }

  open(onLine: (line: string | undefined) => void): void {
    for (const line of [...this.#file.durable, ...this.#file.written]) onLine(line)
  }

  append(lines: readonly string[], how: { readonly durable: boolean }): void {
    if (this.#isOver) return
    this.#file.written = [...this.#file.written, ...lines]
    if (how.durable) this.replace([...this.#file.durable, ...this.#file.written])
  }

  replace(lines: readonly string[]): void {
    if (this.#isOver) return
    this.#file.durable = [...lines]
    this.#file.written = []
  }

  /** The power is gone: of what was not durable some is lost, and nothing more is written. */
  crash(random: Random): void {
    this.#isOver = true
    const { written } = this.#file
    this.#file.written = written.slice(0, below(random, written.length + 1))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

/** The file of a node, made if there was none. */
export function simFile(files: SimFiles, node: string, path: string): SimFile {
  const key = `${node}:${path}`
  const file = files.get(key) ?? { durable: [], written: [] }
  files.set(key, file)
  return file
}
