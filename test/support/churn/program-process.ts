import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { reapWithUs } from '../reaper.ts'

/** How programs of a rig are run: from the sources in tests, as they are built in benches. */
export const FROM_SOURCES: readonly string[] = ['--import', 'tsx', '--conditions=libring-source']

/** A program of the rig in a process of its own. */
export class ProgramProcess<Command extends object, News> {
  readonly #child: ChildProcess

  /**
   * @param file beside this one.
   * @param onNews told of everything that it says, in order.
   */
  constructor(
    file: string,
    setup: object,
    execArgv: readonly string[],
    onNews: (news: News) => void,
  ) {
    const program = fileURLToPath(new URL(file, import.meta.url))
    this.#child = fork(program, [JSON.stringify(setup)], {
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    reapWithUs(this.#child)
    this.#child.on('message', (news) => onNews(news as News))
    this.#child.on('error', () => {})
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  send(command: Command): void {
    if (this.#child.connected) this.#child.send(command)
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Resolves once it has ended by itself. */
  async ended(): Promise<void> {
    if (this.isRunning) await once(this.#child, 'exit')
  }

  async kill(): Promise<void> {
    const ended = this.ended()
    this.#child.kill('SIGKILL')
    await ended
  }
}
