import type { Member, MemberEvent } from '../base/member.ts'
import { Deferred } from '../gossip/deferred.ts'
import { Driver } from '../gossip/driver.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { OwnershipEffect, OwnershipInput, View } from '../ownership/effects.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import { OwnershipMachine } from '../ownership/ownership-machine.ts'
import type { OwnershipStats } from '../ownership/stats.ts'
import type { Token } from '../ownership/token.ts'
import type { Clock } from '../ports/clock.ts'
import type { Membership } from '../ports/membership.ts'
import { isGoMode } from '../ring/options.ts'
import type { Bulletin } from './bulletin.ts'
import { MemberReader } from './members.ts'
import { requireOutside, requireTagsOutside } from './observer.ts'
import type { Sharing } from './ports.ts'
import type { ResolvedClusterOptions } from './options.ts'
import { Presence } from './presence.ts'
import { RingPost, type PostStats } from './ring-post.ts'

/** Plain counters since the start; they only grow. */
export interface SeatStats extends OwnershipStats, PostStats {
  /** Weight and zone tags that were not what they should be. */
  readonly tagsIgnored: number
}

/** What follows from what the seat hears. */
export interface SeatOwner {
  /** Before anything else is done for what has come: see whether the process has been running. */
  onEntry(): void
  /** It is known again how things stand, after {@link RingSeat.stalled}. */
  onCertain(): void
  onView(view: View): void
  /** The members of the view say something else of themselves; who holds what is the same. */
  onRecords(rings: Pick<View, 'ring' | 'homes'>): void
  onStep(event: OwnershipEvent): void
}

/**
 * The place of the local member in its ring, among the others: hears who is there and what they
 * say, has the machine decide, and tells them what the local member is and says.
 */
export class RingSeat {
  readonly #membership: Membership
  readonly #options: ResolvedClusterOptions
  readonly #clock: Clock
  readonly #bulletin: Bulletin
  readonly #owner: SeatOwner
  readonly #reader: MemberReader
  readonly #machine: OwnershipMachine
  readonly #driver: Driver<OwnershipInput, OwnershipEffect>
  readonly #presence: Presence
  readonly #post: RingPost | undefined
  readonly #drained = new Deferred<void>()
  #isTaken = false
  #isFormed = false

  constructor(setup: {
    readonly membership: Membership
    readonly options: ResolvedClusterOptions
    readonly clock: Clock
    readonly bulletin: Bulletin
    readonly owner: SeatOwner
    readonly sharing?: Sharing | undefined
  }) {
    const { membership, options, clock, sharing } = setup
    const { name, logger, configuration, untagged } = options
    this.#membership = membership
    this.#options = options
    this.#clock = clock
    this.#bulletin = setup.bulletin
    this.#owner = setup.owner
    const onIgnored = (member: Member, tag: string): void => {
      logger.warn('tag ignored', { member: member.name, tag })
    }
    this.#reader = new MemberReader(options.members, onIgnored, sharing?.pool)
    this.#machine = new OwnershipMachine({
      // A name that no member has, where the program holds nothing whoever its member is.
      localName: membership.isObserver === true ? '' : membership.localName,
      ring: options.ring,
      options: options.ownership,
      stance: { configuration, untagged },
      // Whoever takes no part any more is not to be named for want of anybody else.
      isAwaitingTakers: () => this.#presence.isDrainAsked,
      wallMs: () => clock.wallMs(),
      makeRings: sharing?.makeRings,
    })
    this.#driver = new Driver(this.#machine, clock, (effect) => this.#perform(effect))
    this.#presence = new Presence({
      membership,
      name,
      configuration,
      filter: options.members.filter,
      // Go libring goes by them.
      droppedByDrain: isGoMode(options.ring.assignment) ? options.watched : [],
      logger,
      circumstances: () => ({ isFormed: this.#isFormed, isEmpty: this.#machine.isEmpty }),
    })
    this.#post =
      membership.ringChannel &&
      new RingPost(membership.ringChannel, name, {
        onMessage: (from, message) => this.#feed({ type: 'peer-message', from, message }),
        onExchanged: (member, outcome) => {
          this.#feed({ type: 'exchanged', with: member, outcome })
        },
      })
  }

  get stats(): SeatStats {
    const { tagsIgnored } = this.#reader
    return { ...NO_POST, ...this.#machine.stats, ...this.#post?.stats, tagsIgnored }
  }

  /** Whether the local member takes part, or has. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** The member with what its tags say. */
  read(member: Member): ClusterMember {
    return this.#reader.read(member)
  }

  /**
   * Before the membership is started: whoever hears of us first is to hear of the ring as well.
   *
   * @throws {OptionError} when there is no place for the ring on the membership.
   */
  open(): void {
    this.#presence.open()
    this.#post?.open()
  }

  /**
   * Of an observer, once its member is known.
   *
   * @throws {OptionError} when that would be in the ring. The membership is stopped then, unless
   *   others use it.
   */
  async requireOutside(): Promise<void> {
    try {
      requireOutside(this.#membership, this.#options.members.filter)
    } catch (error) {
      if (this.#presence.close() === 'end it') await this.#membership.stop()
      throw error
    }
  }

  /** @throws {OptionError} when the tags would bring an observer's member into the ring. */
  requireTagsOutside(tags: Member['tags']): void {
    requireTagsOutside(this.#membership, this.#options.members.filter, tags)
  }

  /** Take part from now on. */
  take(): void {
    this.#isTaken = true
    const { localName, expectsOthers } = this.#membership
    const members = this.#membership.members()
    this.#driver.feed({
      type: 'start',
      candidacies: members.map((member) => this.#reader.candidacy(member)),
      // Who may not be alone has to wait for somebody, though there is nobody to ask.
      othersExpected: expectsOthers || !this.#options.ownership.formAlone,
      othersSeen: members.some(({ name, status }) => name !== localName && status === 'alive'),
    })
  }

  hear(event: MemberEvent): void {
    const candidacies = event.members.map((member) => {
      return this.#reader.candidacy(member, this.#membership.incarnationOf(member.name))
    })
    this.#feed({ type: 'members', event, candidacies })
    // Tags decide whether the local member takes part.
    const { localName } = this.#membership
    if (event.members.some(({ name }) => name === localName)) this.#presence.refresh()
  }

  /** Whoever deals with steps of the partition is done with all of them up to `seq`. */
  settle(partition: number, seq: number, state: Uint8Array | undefined): void {
    this.#feed({ type: 'handler-settled', partition, seq, state })
  }

  /** Nobody works for index 0 of the partition any more, which the step of that number gave up. */
  letGo(partition: number, seq: number): void {
    this.#feed({ type: 'let-go', partition, seq })
  }

  /**
   * The process was stopped: decide nothing until another member was reached. Within this call
   * nothing is sent or told.
   */
  stalled(): void {
    this.#driver.feed({ type: 'stalled' })
  }

  /** See {@link OwnershipMachine.servedBy}. */
  servedBy(partition: number): string | undefined {
    return this.#machine.servedBy(partition)
  }

  /** See {@link OwnershipMachine.tokenAbove}. */
  tokenAbove(partition: number, seen: Token): Token | undefined {
    return this.#machine.tokenAbove(partition, seen, this.#clock.nowMs())
  }

  /** Say that we are about to return. Resolves once that has been spread, or could not be. */
  async announceReturn(): Promise<void> {
    if (this.#isTaken) await this.#presence.depart('returning')
  }

  /** Resolves once others have everything, and what was left to them, or nobody is there. */
  async handOver(): Promise<void> {
    // Whoever still forms has nothing, and has not passed what one that drains has passed.
    if (this.#membership.ringChannel === undefined || !this.#isFormed) return
    await this.#presence.depart('draining')
    this.#checkDrained()
    await this.#drained.promise
    // Tokens and state are in the last answers, and the farewell would cut those off.
    await this.#post?.whenIdle()
  }

  /** Let everything go. */
  release(): void {
    this.#driver.feed({ type: 'stop' })
  }

  /** Say nothing more of the ring. Whether nobody else uses the membership. */
  leave(): 'end it' | 'let it be' {
    return this.#presence.close()
  }

  /** Hear nothing more and send nothing more. @param then whether to be done for good. */
  close(then: 'for good' | 'perhaps again'): void {
    this.#post?.close()
    if (then === 'for good') this.#driver[Symbol.dispose]()
    else this.#presence.close()
  }

  #feed(input: OwnershipInput): void {
    this.#owner.onEntry()
    this.#driver.feed(input)
  }

  /** Where members cannot be reached, none has anything to tell. */
  #contact(doubt: number): void {
    const { ringChannel } = this.#membership
    if (ringChannel === undefined) return this.#feed({ type: 'contacted', doubt })
    ringChannel.exchangeWithAny((isDone) => {
      if (isDone) this.#feed({ type: 'contacted', doubt })
    })
  }

  /** Whoever has handed over everything is a router now, or about to go. */
  #checkDrained(): void {
    if (this.#presence.standing !== 'draining' || !this.#machine.isEmpty) return
    this.#drained.resolve()
    this.#presence.refresh()
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'view':
        this.#owner.onView(effect.view)
        break
      case 'records':
        this.#owner.onRecords(effect)
        break
      case 'step':
        this.#owner.onStep(effect.event)
        break
      case 'peer-message':
        this.#post?.send(effect.to, effect.message)
        break
      case 'exchange':
        this.#post?.exchange(effect.with)
        break
      case 'contact':
        this.#contact(effect.doubt)
        break
      case 'certain':
        this.#owner.onCertain()
        break
      case 'report':
        this.#bulletin.reported(effect.report)
        break
      case 'disagreement':
        this.#bulletin.disagreement(effect.fields)
        break
      case 'formed':
        this.#isFormed = true
        if (this.#isTaken) this.#presence.refresh()
        break
      case 'emptied':
        this.#checkDrained()
        break
    }
  }
}

const NO_POST: PostStats = { messagesSent: 0, messagesFailed: 0, messagesMalformed: 0 }
