import { ProgramProcess } from './program-process.ts'
import type { LoadCommand, LoadNews, LoadSetup, Sent } from './words.ts'

/** Clients in a process of their own. */
export class LoadProcess {
  readonly #process: ProgramProcess<LoadCommand, LoadNews>
  readonly #addressed = new Map<number, () => void>()
  #nextId = 1
  #onStopped: (() => void) | undefined

  constructor(
    setup: LoadSetup,
    execArgv: readonly string[],
    onSent: (records: readonly Sent[]) => void,
  ) {
    this.#process = new ProgramProcess('load.main.ts', setup, execArgv, (news: LoadNews) => {
      if (news.type === 'sent') onSent(news.records)
      else if (news.type === 'stopped') this.#onStopped?.()
      else this.#addressed.get(news.id)?.()
    })
  }

  start(): void {
    this.#process.send({ type: 'start' })
  }

  /** Use these addresses alone. Resolves once nothing is under way to any other. */
  address(hosts: readonly string[]): Promise<void> {
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#addressed.set(id, resolve)
      this.#process.send({ type: 'addresses', id, hosts })
    })
  }

  /** Resolves once every request has had its answer. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStopped = resolve
      this.#process.send({ type: 'stop' })
    })
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }
}
