import { ProgramProcess } from './program-process.ts'
import type { MemberCommand, MemberNews, MemberSetup, MemberState } from './words.ts'

/** What a member tells of itself, but for what it was asked. */
export type Told = Exclude<MemberNews, { type: 'started' | 'state' | 'drained' }>

/** A member in a process of its own. */
export class MemberProcess {
  readonly name: string
  readonly host: string
  isStopped = false
  readonly #process: ProgramProcess<MemberCommand, MemberNews>
  readonly #asked = new Map<number, (state: MemberState) => void>()
  #nextId = 1
  #hasStarted = false
  #onStarted: (() => void) | undefined
  #onDrained: (() => void) | undefined

  constructor(setup: MemberSetup, execArgv: readonly string[], onTold: (told: Told) => void) {
    this.name = setup.name
    this.host = setup.host
    this.#process = new ProgramProcess('member.main.ts', setup, execArgv, (news: MemberNews) => {
      switch (news.type) {
        case 'started':
          this.#hasStarted = true
          return this.#onStarted?.()
        case 'drained':
          return this.#onDrained?.()
        case 'state':
          this.#asked.get(news.id)?.(news.state)
          return void this.#asked.delete(news.id)
        case 'step':
        case 'heard':
        case 'stalled':
        case 'arrivals':
          return onTold(news)
      }
    })
  }

  get isRunning(): boolean {
    return this.#process.isRunning
  }

  async started(): Promise<void> {
    if (this.#hasStarted) return
    await Promise.race([
      new Promise<void>((resolve) => (this.#onStarted = resolve)),
      this.#process.ended().then(() => {
        throw new Error(`${this.name} ended before it had started`)
      }),
    ])
  }

  state(): Promise<MemberState> {
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.#process.send({ type: 'state', id })
    })
  }

  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve
      this.#process.send({ type: 'drain' })
    })
  }

  async close(): Promise<void> {
    this.#process.send({ type: 'close' })
    await this.#process.ended()
  }

  pause(): void {
    this.isStopped = true
    this.#process.signal('SIGSTOP')
  }

  resume(): void {
    this.isStopped = false
    this.#process.signal('SIGCONT')
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }
}
