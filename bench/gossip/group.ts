import { loopbackAddresses } from '../../test/support/loopback.ts'
import type { Peer, Profile, Side, Sight, What } from './side.ts'

/** What is waited for: that each of the observers sees one of these. */
export interface Wanted {
  readonly whats: readonly What[]
  readonly subject: string
  readonly observers: readonly string[]
  readonly limitMs: number
}

/** What groups that are compared with each other have in common. */
export interface GroupKind {
  readonly profile: Profile
  readonly size: number
  readonly isWarm: boolean
}

/** Members of one side, each in a process of its own, and what they tell. */
export class Group implements AsyncDisposable {
  readonly profile: Profile
  readonly #peers: Peer[]
  readonly #listeners: Set<(sight: Sight) => void>

  private constructor(profile: Profile, peers: Peer[], listeners: Set<(sight: Sight) => void>) {
    this.profile = profile
    this.#peers = peers
    this.#listeners = listeners
  }

  /** Start that many, none of which knows another. */
  static async start(side: Side, kind: GroupKind): Promise<Group> {
    const { profile, size, isWarm } = kind
    const addresses = loopbackAddresses()
    const listeners = new Set<(sight: Sight) => void>()
    const hear = (sight: Sight): void => {
      for (const listener of listeners) listener(sight)
    }
    const starting = Array.from({ length: size }, (_, index) => {
      const name = `node-${String(index).padStart(2, '0')}`
      return side.start({ name, host: addresses.next(), profile, isWarm }, hear)
    })
    const started = await Promise.allSettled(starting)
    const peers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const group = new Group(profile, peers, listeners)
    const failure = started.find((one) => one.status === 'rejected')
    if (failure === undefined) return group
    await group[Symbol.asyncDispose]()
    throw failure.reason
  }

  /** Those that run. */
  get peers(): readonly Peer[] {
    return this.#peers
  }

  get names(): string[] {
    return this.#peers.map(({ name }) => name)
  }

  /** Everybody but that one. */
  othersThan(peer: Peer): string[] {
    return this.names.filter((name) => name !== peer.name)
  }

  /** One that runs no longer, or is about to end. */
  dismiss(peer: Peer): void {
    this.#peers.splice(this.#peers.indexOf(peer), 1)
  }

  /**
   * Call `take` with all that is told until it says that this is enough, or the time is over.
   * Resolves with whether it was enough.
   */
  hear(take: (sight: Sight) => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isEnough: boolean): void => {
        clearTimeout(timer)
        this.#listeners.delete(listener)
        resolve(isEnough)
      }
      const listener = (sight: Sight): void => {
        if (take(sight)) end(true)
      }
      const timer = setTimeout(() => end(false), limitMs)
      this.#listeners.add(listener)
    })
  }

  /**
   * Do something, and see how long it takes until each observer has first told of it, in
   * milliseconds. Who has not within the limit is missing.
   */
  async timesAfter(act: () => Promise<void>, wanted: Wanted): Promise<Map<string, TimedSight>> {
    const { whats, subject, observers, limitMs } = wanted
    const missing = new Set(observers)
    const times = new Map<string, TimedSight>()
    const heard = this.hear((sight) => {
      if (sight.subject === subject && whats.includes(sight.what)) {
        if (missing.delete(sight.observer)) {
          times.set(sight.observer, { what: sight.what, ms: sight.atMs - startMs })
        }
      }
      return missing.size === 0
    }, limitMs)
    const startMs = performance.now()
    await act()
    await heard
    return times
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.splice(0).map((peer) => peer.kill()))
  }
}

export interface TimedSight {
  readonly what: What
  readonly ms: number
}
