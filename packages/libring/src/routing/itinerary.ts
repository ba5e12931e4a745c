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
  /** How long it may wait, in all, for a partition whose owner cannot be reached. */
  readonly failoverWaitMs: Millis
}

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
  readonly #refusedBy: string[] = []
  readonly #unreachable: string[] = []
  #hops: number
  #named: string | undefined
  #acquireLeftMs: Millis
  #failoverLeftMs: Millis
  #waitsFor: 'acquire' | 'failover' = 'acquire'

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
    return { partition, role, configuration, hop: this.#hops, tried: this.#refusedBy, key }
  }

  /**
   * Where to go now, by the ring as it is seen at this moment.
   *
   * @throws {ConfigMismatchError} while most members have another configuration.
   */
  next(): Leg {
    const { partition, role } = this
    if (servesHere(this.#cluster, partition, role)) return SERVE
    const member = this.#takeNamed() ?? this.#choose()
    if (member === undefined) return this.#wait()
    if (this.#hops >= this.#limits.maxHops) {
      const why = `the request was forwarded ${this.#hops} times`
      return { type: 'fail', code: 'LIBRING_HOPS_EXCEEDED', why }
    }
    this.#hops++
    return { type: 'forward', member }
  }

  /** A member does not serve it, and may have said who does. */
  refused(by: string, owner: string | undefined): void {
    this.#refusedBy.push(by)
    this.#named = owner
  }

  /** A member got nothing of it. */
  unreachable(member: string): void {
    this.#unreachable.push(member)
  }

  /** The wait that {@link next} asked for has ended. @param leftMs of its time. */
  waited(timeoutMs: Millis, leftMs: Millis): void {
    const spentMs = timeoutMs - leftMs
    if (this.#waitsFor === 'acquire') this.#acquireLeftMs -= spentMs
    else this.#failoverLeftMs -= spentMs
    // What was so before the move need not be so any more.
    this.#refusedBy.length = 0
    this.#unreachable.length = 0
  }

  /** Whom the member that was asked last has named. It may have been asked before. */
  #takeNamed(): Reachable | undefined {
    const name = this.#named
    this.#named = undefined
    if (name === undefined || name === this.#cluster.localName) return undefined
    return this.#reachable(this.#cluster.memberNamed(name))
  }

  #choose(): Reachable | undefined {
    const holders = this.#cluster.holdersForPartition(this.partition)
    const count = this.role === 'holder' ? holders.length : Math.min(1, holders.length)
    for (let index = 0; index < count; index++) {
      const member = this.#reachable(this.#standIn(holders[index]!))
      if (member !== undefined && !this.#refusedBy.includes(member.name)) return member
    }
    return undefined
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
    // A member that has just begun has no ring yet.
    const isLocal = holders.length === 0 || holders[0]!.name === this.#cluster.localName
    const isComing = this.#refusedBy.length > 0 || isLocal
    this.#waitsFor = isComing ? 'acquire' : 'failover'
    const leftMs = isComing ? this.#acquireLeftMs : this.#failoverLeftMs
    if (leftMs > 0) {
      // Members elsewhere may move without anything moving here, so they are asked once more.
      const { acquireWaitMs, maxHops } = this.#limits
      const askAgainMs = this.#refusedBy.length > 0 ? Math.ceil(acquireWaitMs / maxHops) : leftMs
      return { type: 'wait', timeoutMs: Math.min(leftMs, askAgainMs) }
    }
    if (this.#unreachable.length > 0) {
      const why = 'the owner of the key cannot be reached'
      return { type: 'fail', code: 'LIBRING_OWNER_UNREACHABLE', why }
    }
    const why = holders.length === 0 ? 'the ring has no members' : 'nobody serves the key now'
    return { type: 'fail', code: 'LIBRING_NO_OWNER', why }
  }
}
