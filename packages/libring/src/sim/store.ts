import type { Store } from '../ports/store.ts'

/** What a simulated machine keeps of one file. */
export interface SimFile {
  /** What would outlive a loss of power. */
  durable: readonly string[]
  /** What the system has taken but not written yet. */
  written: readonly string[]
}

/** Lines that outlive a simulated process, though the last of them may get lost in a crash. */
export class SimStore implements Store {
  readonly #file: SimFile

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
    this.#file.written = [...this.#file.written, ...lines]
    if (how.durable) this.replace([...this.#file.durable, ...this.#file.written])
  }

  replace(lines: readonly string[]): void {
    this.#file.durable = [...lines]
    this.#file.written = []
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}
