import type { ChildProcess } from 'node:child_process'
import { ended, startChild } from './child.ts'
import { Ledger } from './ledger.ts'
import type { FromMember, MemberSetup, Step } from './messages.ts'
import { Places, type Place } from 'libring-example-stage/places'
import { SerfAgent } from './serf-agent.ts'

/** How long nobody may have moved anything for the ring to count as settled. */
const QUIET_MS = 400

/** How long anything in this demo is waited for. */
const PATIENCE_MS = 30_000

/** One member of the fleet, in a process of its own. */
export interface FleetMember {
  readonly name: string
  readonly place: Place
  readonly url: string
  readonly pid: number | undefined
}

export interface FleetOptions {
  readonly partitions: number
  readonly redundancy: number
  /** Nobody acquires anything before this many members were seen at once. */
  readonly minMembers: number
  /** Hears of every batch of steps as it comes. */
  readonly onSteps: (member: string, steps: readonly Step[]) => void
}

/** The processes of the demo: members, and the serf agent where there is one. */
export class Fleet implements AsyncDisposable {
  readonly ledger: Ledger
  readonly #options: FleetOptions
  readonly #places = new Places()
  readonly #members = new Map<string, FleetMember & { readonly child: ChildProcess }>()
  readonly #up = new Set<string>()
  #agent: SerfAgent | undefined
  #lastStepAtMs = 0
  #failure: Error | undefined

  constructor(options: FleetOptions) {
    this.#options = options
    this.ledger = new Ledger(options.partitions, options.redundancy)
  }

  get agent(): SerfAgent | undefined {
    return this.#agent
  }

  /** Those who run, in the order in which they came. */
  get members(): readonly FleetMember[] {
    return [...this.#members.values()]
  }

  get names(): readonly string[] {
    return [...this.#members.keys()]
  }

  /** Start a serf agent beside the members to come. `undefined` when there is no `serf` here. */
  async startAgent(): Promise<SerfAgent | undefined> {
    this.#agent = await SerfAgent.start(await this.#places.next())
    return this.#agent
  }

  /** Start members and wait until they have joined: the agent, or else whoever runs already. */
  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const place = await this.#places.next()
      const seed = this.#agent?.place.gossip ?? this.members[0]?.place.gossip
      this.#launch(name, place, seed === undefined ? [] : [seed])
    }
    await this.until(`${names.join(', ')} to start`, () =>
      names.every((name) => this.#up.has(name)),
    )
  }

  /** End a member in mid-sentence. */
  async kill(name: string): Promise<void> {
    const { child } = this.#take(name)
    child.kill('SIGKILL')
    await ended(child)
  }

  /** Let a member hand over what it holds, say farewell and end. */
  async leave(name: string): Promise<void> {
    const { child } = this.#take(name)
    child.send({ type: 'leave' })
    await ended(child)
  }

  /** Wait until every partition is with members who run, and nothing moves any more. */
  async settled(): Promise<void> {
    await this.until('the ring to settle', () => {
      const isQuiet = performance.now() - this.#lastStepAtMs > QUIET_MS
      return isQuiet && this.ledger.isComplete(this.names)
    })
  }

  /** @throws when it takes too long, or a member ends that should not. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAtMs = performance.now() + PATIENCE_MS
    while (!(await condition())) {
      if (this.#failure !== undefined) throw this.#failure
      if (performance.now() > giveUpAtMs) throw new Error(`waited too long for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const children = [...this.#members.values()].map(({ child }) => child)
    this.#members.clear()
    for (const child of children) child.kill('SIGKILL')
    await Promise.all([...children.map(ended), this.#agent?.stop()])
  }

  #launch(name: string, place: Place, bootstrapHosts: readonly string[]): void {
    const { partitions, redundancy, minMembers } = this.#options
    const setup: MemberSetup = {
      name,
      bind: place.gossip,
      http: { host: place.host, port: place.httpPort },
      bootstrapHosts,
      partitions,
      redundancy,
      minMembers,
    }
    const child = startChild('member.main.ts', setup)
    const url = `http://${place.host}:${place.httpPort}`
    this.#members.set(name, { name, place, url, pid: child.pid, child })
    child.on('message', (message) => this.#hear(name, message as FromMember))
    child.once('exit', (code, signal) => {
      if (!this.#members.has(name)) return
      this.#failure = new Error(`${name} ended by itself (${signal ?? code})`)
    })
  }

  #hear(name: string, message: FromMember): void {
    if (message.type === 'up') {
      this.#up.add(name)
      return
    }
    this.#lastStepAtMs = performance.now()
    for (const step of message.steps) this.ledger.record(name, step)
    this.#options.onSteps(name, message.steps)
  }

  #take(name: string): FleetMember & { readonly child: ChildProcess } {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`${name} does not run`)
    this.#members.delete(name)
    return member
  }
}
