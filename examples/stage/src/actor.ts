import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Holdings, MemberSetup } from './messages.ts'
import type { Place } from './places.ts'

/** How long a member may take to end. */
const END_MS_MAX = 60_000

/** One member, seen from the stage. */
export class Actor {
  readonly name: string
  readonly place: Place
  /** Where it serves HTTP. */
  readonly url: string
  readonly #child: ChildProcess
  #owned: readonly number[] | undefined
  #lastHeardAtMs = performance.now()
  #isWanted = true

  /** @param say hears of every line that it prints. */
  constructor(program: URL, place: Place, setup: MemberSetup, say: (line: string) => void) {
    this.name = setup.name
    this.place = place
    this.url = `http://${place.host}:${place.httpPort}`
    const tether = new URL('tether.ts', import.meta.url).href
    this.#child = fork(fileURLToPath(program), {
      execArgv: [...process.execArgv, '--import', tether],
      env: { ...process.env, STAGE: JSON.stringify(setup) },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // In a group of its own, with whatever it starts: so that all of it can be killed at once.
      detached: true,
    })
    createInterface({ input: this.#child.stdout! }).on('line', say)
    this.#child.on('message', (message) => {
      this.#owned = (message as Holdings).owned
      this.#lastHeardAtMs = performance.now()
    })
  }

  /** The partitions that it owns; `undefined` before it has said anything. */
  get owned(): readonly number[] | undefined {
    return this.#owned
  }

  /** Since when it owns what it owns. */
  get lastHeardAtMs(): number {
    return this.#lastHeardAtMs
  }

  /** Why it ended though nobody wanted it to; `undefined` otherwise. */
  get mishap(): string | undefined {
    const { exitCode, signalCode } = this.#child
    if (!this.#isWanted || (exitCode === null && signalCode === null)) return undefined
    return `${this.name} ended by itself (${signalCode ?? exitCode})`
  }

  /** SIGTERM, as from a supervisor: it hands over what it owns, says farewell, and ends. */
  async drain(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** SIGKILL: it is gone, and has told nobody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGSTOP: it stands still in the middle of whatever it does. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  /** SIGCONT: it goes on as if nothing had been. */
  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isWanted = false
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return
    if (signal === 'SIGKILL' && process.platform !== 'win32')
      process.kill(-this.#child.pid!, signal)
    else this.#child.kill(signal)
    await once(this.#child, 'exit', { signal: AbortSignal.timeout(END_MS_MAX) })
  }
}
