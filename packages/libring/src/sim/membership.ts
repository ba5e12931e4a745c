import { LibringError } from '../base/errors.ts'
import type { Member, MemberEventType } from '../base/member.ts'
import { requireFunction } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import { OwnTags } from '../gossip/own-tags.ts'
import type { Timer } from '../ports/clock.ts'
import type { MemberListener, Membership } from '../ports/membership.ts'
import type { Tags } from '../serf/tags.ts'
import { together, type Change, type Directory, type Reader } from './directory.ts'
import type { SimProcess } from './process.ts'
import { SimRingChannel } from './ring-channel.ts'

/**
 * One member of a {@link Directory}: membership without gossip, for clusters so large that gossip
 * would be most of the work. Only a crash makes it fail; neither cuts nor pauses do.
 */
export class SimMembership implements Membership, Reader {
  readonly localName: string
  readonly expectsOthers = true
  readonly ringChannel: SimRingChannel
  readonly #directory: Directory
  readonly #owner: SimProcess
  readonly #tags: OwnTags
  readonly #listeners = new Set<{ readonly listener: MemberListener }>()
  readonly #known = new Map<string, Change>()
  readonly #spreading = new Set<Deferred<void>>()
  #local: Member
  #phase: 'idle' | 'joining' | 'member' | 'left' | 'stopped' = 'idle'
  #position = 0

  constructor(directory: Directory, owner: SimProcess, local: Omit<Member, 'status'>) {
    this.localName = local.name
    this.#directory = directory
    this.#owner = owner
    this.#tags = new OwnTags(local.tags)
    this.#local = Object.freeze({ ...local, status: 'alive' })
    this.ringChannel = new SimRingChannel(directory, this.#tags, this, (text) => {
      return this.#replaceTags(() => this.#tags.announce(text))
    })
  }

  get host(): string {
    return this.#local.host
  }

  get position(): number {
    return this.#position
  }

  /** At once. The others are heard of as soon as any news may be. */
  start(): Promise<void> {
    return settled(() => {
      this.#requireOpen()
      if (this.#phase !== 'idle') return
      this.#phase = 'joining'
      // Back before it was missed, it is to others as if it had never been away.
      const isMissed = this.#directory.statusOf(this.localName) !== 'alive'
      const change = this.#directory.publish(
        isMissed ? 'member-join' : 'member-update',
        this.#local,
      )
      this.#take([{ ...change, type: 'member-join' }])
      // Whoever hears of it can reach it.
      this.#position = this.#directory.position
      this.#directory.admit(this)
      this.at(this.#owner.nowMs() + this.#directory.newsMsMax, () => this.#meet())
    })
  }

  deathAfterMs(): Millis {
    return Infinity
  }

  members(): readonly Member[] {
    return Array.from(this.#known.values(), ({ member }) => member)
  }

  incarnationOf(name: string): number | undefined {
    return this.#known.get(name)?.incarnation
  }

  subscribe(listener: MemberListener): () => void {
    requireFunction('listener', listener)
    const subscription = { listener }
    this.#listeners.add(subscription)
    return () => void this.#listeners.delete(subscription)
  }

  setTags(tags: Tags): Promise<void> {
    return settled(() => this.#replaceTags(() => this.#tags.give(tags)))
  }

  leave(): Promise<void> {
    return settled(() => {
      if (this.#phase !== 'joining' && this.#phase !== 'member') return undefined
      this.#local = Object.freeze({ ...this.#local, status: 'left' })
      const spread = this.#spread('member-leave')
      this.#phase = 'left'
      return spread
    })
  }

  stop(): Promise<void> {
    if (this.#phase === 'joining' || this.#phase === 'member') this.#directory.miss(this.localName)
    this.#phase = 'stopped'
    this.#directory.unfollow(this)
    this.#listeners.clear()
    for (const spreading of this.#spreading) spreading.resolve()
    this.#spreading.clear()
    return Promise.resolve()
  }

  at(atMs: Millis, callback: () => void): Timer {
    return this.#owner.at(atMs, callback)
  }

  arrive(take: () => void): void {
    this.#owner.arrive(take)
  }

  hearUntil(until: number): void {
    if (this.#phase === 'joining') return this.#meet()
    if (this.#phase === 'stopped' || until <= this.#position) return
    const news = this.#directory.changes(this.#position, until)
    this.#position = until
    // Of ourselves we know already.
    this.#take(news.filter(({ member }) => member.name !== this.localName))
  }

  receive(from: string, topic: string, message: Uint8Array): void {
    if (this.#phase !== 'stopped') this.ringChannel.hear(from, topic, message)
  }

  /** Know everybody there is. */
  #meet(): void {
    if (this.#phase !== 'joining') return
    this.#phase = 'member'
    this.#position = this.#directory.position
    this.#directory.follow(this)
    const present = this.#directory.latest().filter(({ member: { name, status } }) => {
      return name !== this.localName && status === 'alive'
    })
    this.#take(present.map((change) => ({ ...change, type: 'member-join' })))
  }

  #replaceTags(replace: () => Tags): Promise<void> {
    this.#requireOpen()
    this.#local = Object.freeze({ ...this.#local, tags: Object.freeze(replace()) })
    return this.#phase === 'idle' ? Promise.resolve() : this.#spread('member-update')
  }

  /** Resolves once all others know. */
  #spread(type: MemberEventType): Promise<void> {
    const spreading = new Deferred<void>()
    this.#spreading.add(spreading)
    this.at(this.#owner.nowMs() + this.#directory.newsMsMax, () => {
      this.#spreading.delete(spreading)
      spreading.resolve()
    })
    this.#take([this.#directory.publish(type, this.#local)])
    return spreading.promise
  }

  #take(changes: readonly Change[]): void {
    for (const group of together(changes)) {
      for (const change of group) this.#known.set(change.member.name, change)
      const event = { type: group[0]!.type, members: group.map(({ member }) => member) }
      for (const subscription of [...this.#listeners]) {
        if (this.#listeners.has(subscription)) subscription.listener(event)
      }
    }
  }

  #requireOpen(): void {
    if (this.#phase !== 'stopped') return
    throw new LibringError('LIBRING_CLOSED', 'the membership was stopped')
  }
}

/** The outcome of `action` as a promise, a throw as a rejection. */
function settled(action: () => Promise<void> | void): Promise<void> {
  return new Promise((resolve) => resolve(action()))
}
