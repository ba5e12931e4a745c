import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { reapWithUs } from '../../test/support/reaper.ts'
import type { Sight } from './side.ts'

/** What of a line is a sight, if it is one. */
export type Reading = Pick<Sight, 'what' | 'subject'> | undefined

const LOG_CHARACTERS_MAX = 20_000

/** A process that tells what it sees by lines on its standard output. */
export class ToldProcess {
  readonly child: ChildProcess
  readonly #name: string
  readonly #isReady: (line: string) => boolean
  #rest = ''
  #log = ''
  #onReady = (): void => {}

  /**
   * @param isReady of the line that says that it takes commands.
   * @param read of every line.
   */
  constructor(
    setup: {
      readonly name: string
      readonly command: string
      readonly args: readonly string[]
      /** Whether it takes commands over a channel of Node.js. */
      readonly hasChannel: boolean
    },
    isReady: (line: string) => boolean,
    read: (line: string) => Reading,
    onSight: (sight: Sight) => void,
  ) {
    this.#name = setup.name
    this.#isReady = isReady
    this.child = spawn(setup.command, [...setup.args], {
      stdio: ['ignore', 'pipe', 'pipe', ...(setup.hasChannel ? ['ipc' as const] : [])],
    })
    reapWithUs(this.child)
    this.child.on('error', () => {})
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const atMs = performance.now()
      for (const line of this.#lines(text)) {
        const reading = read(line)
        if (reading !== undefined) onSight({ atMs, observer: this.#name, ...reading })
      }
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves once it takes commands. */
  async ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onReady = resolve
      this.child.once('exit', (code) => {
        reject(new Error(`${this.#name} ended with ${code} at its start:\n${this.#log}`))
      })
    })
  }

  async kill(): Promise<void> {
    if (!this.isRunning) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }

  #lines(text: string): string[] {
    this.#keep(text)
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    if (lines.some(this.#isReady)) this.#onReady()
    return lines
  }

  #keep(text: string): void {
    this.#log = (this.#log + text).slice(-LOG_CHARACTERS_MAX)
  }
}
