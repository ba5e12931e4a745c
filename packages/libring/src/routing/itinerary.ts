import type { RoutingErrorCode } from '../base/errors.ts'
import type { Millis } from '../base/time.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { ForwardMark } from './forward-mark.ts'
import { servesHere, type RoleAsked, type RoutedCluster } from './routed-cluster.ts'

/** A member that can be reached. */
export type Reachable = ClusterMember & { readonly url: string }

/** Where a request goes next. */
export type Leg =
  | { readonly type: 'serve' }
  | { readonly type: 'forward'; readonly member: Reachable }
  /** Nobody can be asked now; look again at the next move of the partition, or once this is over. */
  | { readonly type: 'wait'; readonly timeoutMs: Millis }
  | { readonly type: 'fail'; readonly code: RoutingErrorCode; readonly why: string }

/** How far a request may go, and how long it may wait. */
export interface ItineraryLimits {
  /** How often it may be forwarded. */
  readonly maxHops: number
  /** How long it may wait, in all, for a partition that is about to be served. */
  readonly acquireWaitMs: Millis
  /** How long it may wait, in all, for a partition whose owner cannot be reached, nor has left. */
  readonly failoverWaitMs: Millis
}

/** When those that have refused are asked once more, by how much is left of `acquireWaitMs`. */
interface AskAgain {
  readonly atMs: Millis
  /** Whatever moves meanwhile. */
  readonly latestMs: Millis
}

/** For which part of `acquireWaitMs` nothing is to move before the last hop is spent. */
const QUIET_SHARE = 1 / 4

const SERVE: Leg = Object.freeze({ type: 'serve' })

/**
 * The way of one request to whoever serves its partition. Each member that it is sent to serves
 * it, or says who does; none sends it on. It ends after `maxHops` of them.
 */
export class Itinerary {
  readonly partition: number
  readonly role: RoleAsked
  readonly #cluster: RoutedCluster
  readonly #limits: ItineraryLimits
  readonly #isBad: (member: Reachable) => boolean
  /** Who has refused, and is not asked again for now. */
  readonly #refusedBy: string[] = []
  /** Everybody that has refused so far. */
  readonly #everRefused: string[] = []
  readonly #unreachable: string[] = []
  /** Who has refused because somebody else serves it still, and will serve it next. */
  #next: { readonly name: string; readonly after: string } | undefined
  #hops: number
  #named: string | undefined
  /** Whether the member that was asked last says that it is here. */
  #isNamedHere = false
  #acquireLeftMs: Millis
  #failoverLeftMs: Millis
  #waitsFor: 'acquire' | 'failover' = 'acquire'
  #askAgain: AskAgain | undefined
  /** What was known of the partition when the wait began. */
  #known: string | undefined

  /** @param isBad whether a member could not be reached a moment ago. */
  constructor(
    cluster: RoutedCluster,
    ask: {
      readonly partition: number
      readonly role: RoleAsked
      /** How often it was forwarded before it came here. @defaultValue 0 */
      readonly hops?: number
    },
    limits: ItineraryLimits,
    isBad: (member: Reachable) => boolean = () => false,
  ) {
    this.#cluster = cluster
    this.partition = ask.partition
    this.role = ask.role
    this.#hops = ask.hops ?? 0
    this.#limits = limits
    this.#isBad = isBad
    this.#acquireLeftMs = limits.acquireWaitMs
    this.#failoverLeftMs = limits.failoverWaitMs
  }

  /** How often it was forwarded. */
  get hops(): number {
    return this.#hops
  }

  /** What to tell the member that it is forwarded to, once {@link next} has named it. */
  mark(key: string): ForwardMark {
    const { partition, role } = this
    const configuration = this.#cluster.configurationDigest
    // Whoever is asked last is to know all, as nobody can be asked after it.
    const tried = this.#hopsLeft > 0 ? this.#refusedBy : this.#everRefused
    return { partition, role, configuration, hop: this.#hops, tried, key }
  }

  /**
   * Where to go now, by the ring as it is seen at this moment.
   *
   * @throws {ConfigMismatchError} while most members have another configuration.
   */
  next(): Leg {
    const { partition, role } = this
    if (servesHere(this.#cluster, partition, role)) return SERVE
    if (this.#known !== undefined) this.#reconsider(this.#known)
    const member = this.#takeNamed() ?? this.#choose()
    if (member === undefined) return this.#wait()
    if (this.#hopsLeft <= 0) return this.#isForUs ? this.#wait() : this.#tooFar()
    this.#hops++
    return { type: 'forward', member }
  }

  /**
   * A member does not serve it, and may have said who does.
   *
   * @param isNext whether it will itself, once that one has let go.
   */
  refused(by: string, owner: string | undefined, isNext = false): void {
    this.#noteRefusal(by)
    this.#named = owner
    this.#isNamedHere = owner === this.#cluster.localName
    if (isNext && owner !== undefined) this.#next = { name: by, after: owner }
  }

  /** A member got nothing of it, which is no hop. It is not asked again before a wait. */
  unreachable(member: string): void {
    this.#hops--
    this.#unreachable.push(member)
  }

  /** The wait that {@link next} asked for has ended. @param leftMs of its time. */
  waited(timeoutMs: Millis, leftMs: Millis): void {
    const spentMs = timeoutMs - leftMs
    if (this.#waitsFor === 'acquire') this.#acquireLeftMs -= spentMs
    else this.#failoverLeftMs -= spentMs
    this.#unreachable.length = 0
  }

  get #hopsLeft(): number {
    return this.#limits.maxHops - this.#hops
  }

  /** Whether it is likely to be served here before long. */
  get #isForUs(): boolean {
    const { localName } = this.#cluster
    const [primary] = this.#cluster.holdersForPartition(this.partition)
    return this.#isNamedHere || primary?.name === localName
  }

  #noteRefusal(by: string): void {
    this.#refusedBy.push(by)
    if (!this.#everRefused.includes(by)) this.#everRefused.push(by)
  }

  /**
   * After a wait. Those that have refused are asked once more when their time has come; when the
   * partition has moved, those of them that it has moved to: all else that moves here would spend
   * the hops before they can know better.
   */
  #reconsider(known: string): void {
    this.#known = undefined
    const isDue = this.#acquireLeftMs <= (this.#askAgain?.atMs ?? this.#acquireLeftMs)
    if (!isDue && known === this.#knowledge()) return
    const candidates = this.#candidates().map((member) => member?.name)
    const isRefused = candidates.every((name) => this.#refusedBy.includes(name ?? ''))
    if (!isDue && isRefused && this.#hopsLeft === 1) return this.#askSoon(this.#askAgain!)
    const stillOut = isDue ? [] : this.#refusedBy.filter((name) => !candidates.includes(name))
    this.#refusedBy.splice(0, Infinity, ...stillOut)
    this.#next = undefined
    this.#askAgain = undefined
  }

  /** Have the last hop wait for what may move yet, here and there, as it should be the right one. */
  #askSoon({ latestMs }: AskAgain): void {
    const quietMs = Math.ceil(this.#limits.acquireWaitMs * QUIET_SHARE)
    this.#askAgain = { atMs: Math.max(latestMs, this.#acquireLeftMs - quietMs), latestMs }
  }

  /** What is known here of whoever serves it, and will. */
  #knowledge(): string {
    const { partition } = this
    const names = this.#candidates().map((member) => member?.name)
    const isPrimary = this.#cluster.localRole(partition)?.replica === 0
    return [isPrimary, this.#cluster.servedBy(partition), ...names].join()
  }

  /**
   * Whom the member that was asked last has named. One that has refused would do so again, unless
   * whoever it waited for has sent the request away since: then it waits, with the request.
   */
  #takeNamed(): Reachable | undefined {
    const name = this.#named
    this.#named = undefined
    if (name === undefined) return undefined
    const { localName } = this.#cluster
    if (name === localName) {
      if (this.#next?.after !== localName) return undefined
      // It waits for us, who have begun to let go: else we would serve it.
      this.#noteRefusal(localName)
      return this.#takeNext()
    }
    if (this.#refusedBy.includes(name)) {
      const next = this.#next
      if (next?.name !== name || !this.#refusedBy.includes(next.after)) return undefined
      return this.#takeNext()
    }
    return this.#reachable(this.#cluster.memberNamed(name))
  }

  #takeNext(): Reachable | undefined {
    const { name } = this.#next!
    this.#next = undefined
    return this.#reachable(this.#cluster.memberNamed(name))
  }

  #choose(): Reachable | undefined {
    for (const candidate of this.#candidates()) {
      const member = this.#reachable(candidate)
      if (member !== undefined && !this.#refusedBy.includes(member.name)) return member
    }
    return undefined
  }

  /** Who may serve it by the ring, in the order in which to ask them. */
  #candidates(): readonly (ClusterMember | undefined)[] {
    const holders = this.#cluster.holdersForPartition(this.partition)
    const asked = this.role === 'holder' ? holders : holders.slice(0, 1)
    return asked.map((holder) => this.#standIn(holder))
  }

  /** For us, who do not serve it yet, whoever does so still. */
  #standIn(holder: ClusterMember): ClusterMember | undefined {
    if (holder.name !== this.#cluster.localName) return holder
    const name = this.#cluster.servedBy(this.partition)
    return name === undefined ? undefined : this.#cluster.memberNamed(name)
  }

  #reachable(member: ClusterMember | undefined): Reachable | undefined {
    if (member?.url === undefined) return undefined
    const reachable = member as Reachable
    if (this.#unreachable.includes(member.name)) return undefined
    if (!this.#isBad(reachable)) return reachable
    this.#unreachable.push(member.name)
    return undefined
  }

  #wait(): Leg {
    const holders = this.#cluster.holdersForPartition(this.partition)
    const isOurs = holders[0]?.name === this.#cluster.localName
    const isRefused = this.#refusedBy.length > 0
    const isComing = isRefused || isOurs || this.#unreachable.some((name) => this.#hasLeft(name))
    this.#waitsFor = isComing ? 'acquire' : 'failover'
    const leftMs = this.#waitsFor === 'acquire' ? this.#acquireLeftMs : this.#failoverLeftMs
    if (leftMs > 0) {
      if (isRefused && this.#hopsLeft <= 0 && !this.#isForUs) return this.#tooFar()
      this.#known = this.#knowledge()
      if (!isRefused) return { type: 'wait', timeoutMs: leftMs }
      // Members elsewhere may move without anything moving here. The hops that are left are spread
      // over the time that is left, so that they are not spent before views agree.
      const latestMs = leftMs - Math.ceil(leftMs / (this.#hopsLeft + 1))
      this.#askAgain ??= { atMs: latestMs, latestMs }
      return { type: 'wait', timeoutMs: leftMs - this.#askAgain.atMs }
    }
    if (this.#unreachable.length > 0) {
      const why = 'the owner of the key cannot be reached'
      return { type: 'fail', code: 'LIBRING_OWNER_UNREACHABLE', why }
    }
    const why = holders.length === 0 ? 'the ring has no members' : 'nobody serves the key now'
    return { type: 'fail', code: 'LIBRING_NO_OWNER', why }
  }

  /** Whether the ring is about to go on without it, though it does not say so yet. */
  #hasLeft(name: string): boolean {
    const status = this.#cluster.memberNamed(name)?.status
    return status === 'left' || status === 'leaving'
  }

  #tooFar(): Leg {
    const why = `the request was forwarded ${this.#hops} times`
    return { type: 'fail', code: 'LIBRING_HOPS_EXCEEDED', why }
  }
}
