import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MemberEvent } from '../../packages/libring/src/base/member.ts'
import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'
import { commandIn } from './lossy-network.ts'
import type { Answers, KeyOperation, Participant, Question, SerfMember } from './participant.ts'
import { reapWithUs } from './reaper.ts'

const PROGRAM = fileURLToPath(new URL('gossip-process.main.ts', import.meta.url))
const LOG_CHARACTERS_MAX = 1_000_000

export interface GossipProcessSetup {
  readonly name: string
  /** A loopback address of its own; gossip on port 7946. */
  readonly host: string
  readonly tags?: Readonly<Record<string, string>>
  /** Gossip addresses to join at the start. */
  readonly join?: readonly string[]
  /** Further options of the node. */
  readonly options?: GossipOptions
  /** The network namespace that it runs in; that of the test unless given. */
  readonly namespace?: string | undefined
}

/** What the process is told. Answered by a {@link GossipAnswer} of the same `id`. */
export type GossipCommand =
  | { readonly type: 'members' }
  | { readonly type: 'set-tags'; readonly tags: Readonly<Record<string, string>> }
  | { readonly type: 'join'; readonly address: string }
  | { readonly type: 'force-leave'; readonly name: string; readonly prune: boolean }
  | { readonly type: 'intents-queued' }
  | { readonly type: 'user-event'; readonly name: string }
  | { readonly type: 'ask'; readonly name: string; readonly question: Question }
  | { readonly type: 'keys'; readonly operation: KeyOperation; readonly key: string }
  | { readonly type: 'key-counts' }
  | { readonly type: 'leave' }
  | { readonly type: 'rtt'; readonly a: string; readonly b: string }

/** What the process tells of its own accord. */
export type GossipTold =
  MemberEvent | { readonly type: 'user-event' | 'query'; readonly name: string }

export interface GossipAnswer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/**
 * A node of ours in a process of its own, so that it can be killed like any other. It responds to
 * queries with its name, and ends when it has lost that.
 */
export class GossipProcess implements Participant {
  readonly name: string
  readonly address: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: GossipAnswer) => void>()
  readonly #failed = new Set<string>()
  readonly #heard = { 'user-event': new Set<string>(), query: new Set<string>() }
  #tags: Readonly<Record<string, string>>
  #nextId = 1
  #log = ''

  private constructor(setup: GossipProcessSetup) {
    this.name = setup.name
    this.address = `${setup.host}:7946`
    this.#tags = setup.tags ?? {}
    const node = ['--import', 'tsx', '--conditions=libring-source']
    const [execPath, execArgv] = commandIn(setup.namespace, process.execPath, node)
    this.#child = fork(PROGRAM, [JSON.stringify(setup)], {
      execPath,
      execArgv: [...execArgv],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    reapWithUs(this.#child)
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    this.#child.on('message', (message) => this.#take(message as GossipAnswer | GossipTold))
    this.#child.once('exit', () => {
      for (const id of this.#waiting.keys()) this.#take({ id, error: 'the process has ended' })
    })
  }

  /** Start one and wait until it runs, and has joined when it was told to. */
  static async start(setup: GossipProcessSetup): Promise<GossipProcess> {
    const started = new GossipProcess(setup)
    try {
      await started.members()
      for (const address of setup.join ?? []) await started.join(address)
    } catch (error) {
      await started.kill()
      throw new Error(`${setup.name} did not come up:\n${started.log}`, { cause: error })
    }
    return started
  }

  get log(): string {
    return this.#log
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async members(): Promise<SerfMember[]> {
    const members = (await this.#ask({ type: 'members' })) as SerfMember[]
    return members.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  sawFail(name: string): boolean {
    return this.#failed.has(name)
  }

  async setTag(key: string, value: string): Promise<void> {
    this.#tags = { ...this.#tags, [key]: value }
    await this.#ask({ type: 'set-tags', tags: this.#tags })
  }

  async join(address: string): Promise<void> {
    await this.#ask({ type: 'join', address })
  }

  async forceLeave(name: string, { prune = false }: { prune?: boolean } = {}): Promise<void> {
    await this.#ask({ type: 'force-leave', name, prune })
  }

  async intentsQueued(): Promise<number> {
    return (await this.#ask({ type: 'intents-queued' })) as number
  }

  async userEvent(name: string): Promise<void> {
    await this.#ask({ type: 'user-event', name })
  }

  heard(name: string): boolean {
    return this.#heard['user-event'].has(name)
  }

  async ask(name: string, question: Question = {}): Promise<Answers> {
    return (await this.#ask({ type: 'ask', name, question })) as Answers
  }

  wasAsked(name: string): boolean {
    return this.#heard.query.has(name)
  }

  async keys(operation: KeyOperation, key: string): Promise<void> {
    await this.#ask({ type: 'keys', operation, key })
  }

  async keyCounts(): Promise<Record<string, number>> {
    return (await this.#ask({ type: 'key-counts' })) as Record<string, number>
  }

  async rtt(a: string, b: string): Promise<number | undefined> {
    return (await this.#ask({ type: 'rtt', a, b })) as number | undefined
  }

  async leave(): Promise<void> {
    await this.#ask({ type: 'leave' })
    await this.#ended()
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  async #ended(): Promise<void> {
    if (!this.hasExited) await once(this.#child, 'exit')
  }

  #ask(command: GossipCommand): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value)
        else reject(new Error(`${this.name}: ${command.type}: ${error}`))
      })
      if (this.#child.connected) this.#child.send({ id, ...command })
      else this.#take({ id, error: 'the process has ended' })
    })
  }

  #keep(text: string): void {
    this.#log = (this.#log + text).slice(-LOG_CHARACTERS_MAX)
  }

  #take(message: GossipAnswer | GossipTold): void {
    if ('name' in message) {
      this.#heard[message.type].add(message.name)
      return
    }
    if ('type' in message) {
      const names = message.members.map(({ name }) => name).join(', ')
      this.#keep(`${new Date().toISOString()} ${message.type}: ${names}\n`)
      if (message.type === 'member-failed') {
        for (const { name } of message.members) this.#failed.add(name)
      }
      return
    }
    this.#waiting.get(message.id)?.(message)
    this.#waiting.delete(message.id)
  }
}
