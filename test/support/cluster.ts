import type { Member, MemberEventType } from '../../packages/libring/src/base/member.ts'
import type { ClusterPorts, Signals } from '../../packages/libring/src/cluster/ports.ts'
import type { MemberListener, Membership } from '../../packages/libring/src/ports/membership.ts'
import type { RingChannel } from '../../packages/libring/src/ports/ring-channel.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { aClusterMember } from './ownership.ts'

/** A membership that does what the test says, and notes what was asked of it. */
export class ScriptedMembership implements Membership {
  readonly localName: string
  readonly calls: string[] = []
  expectsOthers = false
  /** How soon the others would declare the local member dead. */
  deathMs: number = Infinity
  ringChannel: RingChannel | undefined
  /** What `start`, `leave` and `stop` wait for, or fail with. */
  onStart: () => Promise<void> | void = () => Promise.resolve()
  onLeave: () => Promise<void> = () => Promise.resolve()
  onStop: () => Promise<void> = () => Promise.resolve()
  /** By name; 1 of everybody else who is there. */
  readonly incarnations: Map<string, number> = new Map()
  readonly #members = new Map<string, Member>()
  readonly #listeners = new Set<{ readonly listener: MemberListener }>()
  #isStarted = false

  constructor(localName: string) {
    this.localName = localName
  }

  get listenerCount(): number {
    return this.#listeners.size
  }

  async start(): Promise<void> {
    this.calls.push('start')
    const opening = this.onStart()
    if (opening !== undefined) await opening
    if (this.#isStarted) return
    this.#isStarted = true
    this.tell('member-join', aMember(this.localName))
  }

  deathAfterMs(): number {
    return this.deathMs
  }

  members(): readonly Member[] {
    return [...this.#members.values()]
  }

  incarnationOf(name: string): number | undefined {
    return this.#members.has(name) ? (this.incarnations.get(name) ?? 1) : undefined
  }

  subscribe(listener: MemberListener): () => void {
    const subscription = { listener }
    this.#listeners.add(subscription)
    return () => void this.#listeners.delete(subscription)
  }

  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    this.calls.push(`setTags ${JSON.stringify(tags)}`)
    await Promise.resolve()
  }

  async leave(): Promise<void> {
    this.calls.push('leave')
    await this.onLeave()
  }

  async stop(): Promise<void> {
    this.calls.push('stop')
    await this.onStop()
  }

  /** The members are as given from now on, and everybody who listens hears of it. */
  tell(type: MemberEventType, ...members: readonly Member[]): void {
    for (const member of members) {
      if (type === 'member-reap') this.#members.delete(member.name)
      else this.#members.set(member.name, member)
    }
    for (const { listener } of [...this.#listeners]) listener({ type, members })
  }

  join(...names: readonly string[]): void {
    this.tell('member-join', ...names.map((name) => aMember(name)))
  }

  fail(...names: readonly string[]): void {
    this.tell('member-failed', ...names.map((name) => aMember(name, { status: 'failed' })))
  }
}

/** What Serf knows of a member; without what libring reads from its tags. */
export function aMember(name: string, fields: Partial<Member> = {}): Member {
  const { host, port, tags, status } = aClusterMember(name)
  return { name, host, port, tags, status, ...fields }
}

/** Signals that the test sends. */
export class ScriptedSignals implements Signals {
  readonly #listeners = new Map<string, Set<(name: string) => void>>()

  get watched(): readonly string[] {
    return [...this.#listeners].filter(([, set]) => set.size > 0).map(([name]) => name)
  }

  watch(names: readonly string[], listener: (name: string) => void): () => void {
    for (const name of names) {
      this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener))
    }
    return () => {
      for (const name of names) this.#listeners.get(name)?.delete(listener)
    }
  }

  send(name: string): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(name)
  }
}

export interface ScriptedPorts extends ClusterPorts {
  readonly clock: SimClock
  readonly signals: ScriptedSignals
}

/** Ports in memory. A cluster that is to gossip is refused. */
export function scriptedPorts(): ScriptedPorts {
  return {
    clock: new SimClock(),
    signals: new ScriptedSignals(),
    createGossip() {
      throw new Error('these tests do not gossip')
    },
  }
}

/** Let everything that can go on go on, without time passing. */
export async function calm(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

/** What a promise has come to once everything that can go on has gone on. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = 'pending'
  promise.then(
    () => (state = 'resolved'),
    (error: unknown) => {
      state = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    },
  )
  await calm()
  return state
}
