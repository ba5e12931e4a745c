import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { reapWithUs } from './reaper.ts'

const PROGRAM = fileURLToPath(new URL('writer-process.main.ts', import.meta.url))

export interface WriterSetup {
  readonly name: string
  readonly bind: string
  readonly keyring: readonly string[]
  readonly join: readonly string[]
  readonly partitions: number
}

/** What the program tells of what it does, as it does it. */
export type WriterNews =
  | {
      readonly type: 'write'
      readonly partition: number
      readonly tokenHex: string
      /** What its holding said of itself when it wrote. */
      readonly valid: boolean
      readonly aborted: boolean
    }
  | { readonly type: 'handler'; readonly handler: string; readonly partition: number }
  | { readonly type: 'released'; readonly partition: number }
  | { readonly type: 'stalled'; readonly durationMs: number }

/** A member of a ring in a process of its own, that can be stopped like any other. */
export class WriterProcess {
  readonly name: string
  readonly #child: ChildProcess

  /** @param onNews told of everything, in order. */
  constructor(setup: WriterSetup, onNews: (name: string, news: WriterNews) => void) {
    this.name = setup.name
    this.#child = fork(PROGRAM, [JSON.stringify(setup)], {
      execArgv: ['--import', 'tsx', '--conditions=libring-source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    reapWithUs(this.#child)
    this.#child.on('message', (news) => onNews(setup.name, news as WriterNews))
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Nothing of it runs, without its knowing. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const ended = this.isRunning ? once(this.#child, 'exit') : undefined
    this.#child.kill('SIGKILL')
    await ended
  }
}
