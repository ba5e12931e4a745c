import { randomBytes } from 'node:crypto'
import { setTimeout as passed } from 'node:timers/promises'
import type { LoopbackAddresses } from '../loopback.ts'
import { Evidence } from './evidence.ts'
import { LoadProcess } from './load-process.ts'
import { MemberProcess } from './member-process.ts'
import { SocketsProcess } from './sockets-process.ts'
import type { Trouble } from './troubles.ts'
import { nowMs, type LoadSetup, type MemberSetup } from './words.ts'
import type { MemberState, SocketsSetup } from './words.ts'

/** What all members of a rig are set to. */
export type CrewShape = Omit<MemberSetup, 'name' | 'host' | 'join' | 'keyring' | 'secret'>

/**
 * Timing of a network without delays. Whoever forwards waits for longer than a successor may wait
 * for its partition.
 */
export const SHAPE: CrewShape = {
  partitions: 64,
  redundancy: 3,
  settleMs: 500,
  maxHops: 3,
  acquireWaitMs: 5_000,
  upstreamTimeoutMs: 8_000,
  probeIntervalMs: 1_000,
  probeTimeoutMs: 200,
}

const LOOK_MS = 100
const PATIENCE_MS = 90_000

/** Members in processes of their own, and what is done to them. */
export class Crew {
  readonly evidence: Evidence
  readonly shape: CrewShape
  readonly members: Map<string, MemberProcess> = new Map()
  readonly #execArgv: readonly string[]
  readonly #loopback: LoopbackAddresses
  readonly #hosts = new Map<string, string>()
  /** Those that ran beside a member when something was done to it; who comes later hears of nothing. */
  readonly #witnesses = new Map<Trouble, readonly MemberProcess[]>()
  readonly #keyring = [randomBytes(32).toString('base64')]
  readonly #secret = randomBytes(16).toString('hex')
  readonly #clients: (LoadProcess | SocketsProcess)[] = []

  constructor(shape: CrewShape, loopback: LoopbackAddresses, execArgv: readonly string[]) {
    this.shape = shape
    this.evidence = new Evidence(shape)
    this.#loopback = loopback
    this.#execArgv = execArgv
  }

  get names(): readonly string[] {
    return [...this.members.keys()]
  }

  /** Addresses of all that have not ended in order. */
  get hosts(): readonly string[] {
    return [...this.members.values()].map(({ host }) => host)
  }

  member(name: string): MemberProcess {
    return this.members.get(name)!
  }

  /** These have found each other, and each serves its share. */
  async form(names: readonly string[]): Promise<void> {
    for (const name of names) this.#hosts.set(name, this.#loopback.next())
    await Promise.all(names.map((name) => this.start(name)))
    await this.settled()
  }

  /** Resolves once it runs and has found others. */
  async start(name: string): Promise<MemberProcess> {
    const host = this.#hosts.get(name) ?? this.#loopback.next()
    this.#hosts.set(name, host)
    const join = [...this.#hosts.values()].filter((each) => each !== host)
    const setup: MemberSetup = {
      ...this.shape,
      name,
      host,
      join: join.map((each) => `${each}:7946`),
      keyring: this.#keyring,
      secret: this.#secret,
    }
    const member = new MemberProcess(setup, this.#execArgv, (told) => {
      this.evidence.hear(name, told)
    })
    this.members.set(name, member)
    await member.started()
    return member
  }

  async load(setup: LoadSetup): Promise<LoadProcess> {
    const load = new LoadProcess(setup, this.#execArgv, (records) => {
      this.evidence.records.push(...records)
    })
    this.#clients.push(load)
    await load.address(this.hosts)
    return load
  }

  sockets(setup: Omit<SocketsSetup, 'hosts'>): SocketsProcess {
    const sockets = new SocketsProcess({ ...setup, hosts: this.hosts }, this.#execArgv)
    this.#clients.push(sockets)
    return sockets
  }

  /** Resolves once those that run see each other, and each serves what the ring says. */
  async settled(): Promise<void> {
    await until('the ring has settled', async () => {
      const running = [...this.members.values()].filter((each) => each.isRunning && !each.isStopped)
      const states = await Promise.all(running.map((each) => each.state()))
      const names = running.map(({ name }) => name).toSorted()
      return states.every((state, at) => isSettled(state, names, running[at]!.name))
    })
  }

  /** Hand everything over, and end. */
  async drain(name: string): Promise<void> {
    const member = this.member(name)
    await member.drain()
    this.members.delete(name)
    await member.close()
  }

  /** End it without a word. Its name stays among the members, as its address with the clients. */
  async kill(name: string): Promise<Trouble> {
    const trouble = this.#trouble('kill', name)
    await this.member(name).kill()
    this.evidence.ended(name, nowMs())
    return trouble
  }

  async restart(name: string, trouble: Trouble): Promise<void> {
    await this.start(name)
    trouble.backAt = nowMs()
  }

  pause(name: string): Trouble {
    const trouble = this.#trouble('stop', name)
    this.member(name).pause()
    return trouble
  }

  resume(name: string, trouble: Trouble): void {
    trouble.backAt = nowMs()
    this.member(name).resume()
  }

  /** Resolves once all know of it that ran when it happened, and still do. */
  async detected(trouble: Trouble): Promise<void> {
    const { member, heardAt } = trouble
    await until(`all have heard that ${member} failed`, () => {
      return this.#witnesses
        .get(trouble)!
        .filter((each) => each.isRunning && !each.isStopped)
        .every(({ name }) => heardAt.has(name))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients, ...this.members.values()].map((each) => each.kill()))
  }

  #trouble(kind: 'kill' | 'stop', member: string): Trouble {
    const { host } = this.member(member)
    const trouble: Trouble = {
      ...{ kind, member, host, from: nowMs(), backAt: Infinity, heardAt: new Map() },
    }
    this.evidence.troubles.push(trouble)
    const others = [...this.members.values()].filter(({ name }) => name !== member)
    this.#witnesses.set(trouble, others)
    return trouble
  }
}

/** Resolves once `isSo`, which is looked at often. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const givenUpAt = nowMs() + PATIENCE_MS
  while (!(await isSo())) {
    if (nowMs() > givenUpAt) throw new Error(`waited in vain until ${what}`)
    await passed(LOOK_MS)
  }
}

function isSettled(state: MemberState, names: readonly string[], name: string): boolean {
  const own = state.primaries.flatMap((primary, partition) => (primary === name ? [partition] : []))
  return state.members.join() === names.join() && state.serving.join() === own.join()
}
