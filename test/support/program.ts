import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { reapWithUs } from './reaper.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A TypeScript program in a process of its own, with what it printed so far. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #listeners = new Set<() => void>()
  #output = ''

  /** @param file from the root of the repository. */
  constructor(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=libring-source', file, ...args],
      { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    reapWithUs(this.child)
    const keep = (chunk: Buffer): void => {
      this.#output += chunk.toString()
      for (const listener of this.#listeners) listener()
    }
    this.child.stdout?.on('data', keep)
    this.child.stderr?.on('data', keep)
  }

  get pid(): number {
    return this.child.pid!
  }

  get output(): string {
    return this.#output
  }

  /** Call `listener` whenever something was printed. */
  onOutput(listener: () => void): void {
    this.#listeners.add(listener)
  }

  async expectOutput(text: string | RegExp): Promise<void> {
    await expect.poll(() => this.#output, { timeout: 60_000 }).toMatch(text)
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<unknown> {
    const { exitCode, signalCode } = this.child
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode
    const [code, signal] = (await once(this.child, 'close')) as [number | null, string | null]
    return code ?? signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.ended()
  }
}
