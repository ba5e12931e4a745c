import type { Fifo } from '../base/fifo.ts'
import { soonestMs, type Millis } from '../base/time.ts'
import { Census } from './census.ts'
import { Company } from './company.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { HandoffReport, OwnershipEffect } from './effects.ts'
import { Takes } from './handoff.ts'
import { Inbox } from './inbox.ts'
import {
  type AnswerMessage,
  type AskGroup,
  type AskMessage,
  type Holding,
  type Legacy,
  type PartingMessage,
  type PeerMessage,
  type Standing,
} from './messages.ts'
import { Mail, type Content } from './mail.ts'
import { ASKED_MS, Offers } from './offers.ts'
import { Overridden } from './overridden.ts'
import type { ResolvedOwnershipOptions } from './options.ts'
import { Partings } from './partings.ts'
import { repliesOf } from './replies.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import { NO_ROLE } from './role.ts'
import { noOwnershipStats, type OwnershipStats } from './stats.ts'
import { Tenures, type Plan, type Tenancy } from './tenures.ts'
import { Succession } from './succession.ts'
import { compareHolders, type Token } from './token.ts'
import { spaceDigest } from './view-digest.ts'
import { Waiters, type Waiter } from './waiters.ts'

/** What the local member holds, and how it comes by it and parts with it among others. */
export class Custody {
  readonly #localName: string
  readonly #effects: Fifo<OwnershipEffect>
  readonly #tenures: Tenures
  readonly #takes: Takes
  readonly #waiters: Waiters
  readonly #succession: Succession
  readonly #mail: Mail
  readonly #inbox = new Inbox()
  readonly #stats = noOwnershipStats()
  readonly #company: Company
  /** Steps that others wait to hear of once their handler is done. */
  readonly #arrivals = new Map<number, number>()
  readonly #overridden = new Overridden()
  readonly #offers = new Offers()
  readonly #partings = new Partings()
  readonly #census = new Census()
  /** Who parts with a backup once we have the partition. */
  readonly #watchers: Waiters

  constructor(setup: {
    readonly localName: string
    readonly ring: ResolvedRingOptions
    readonly options: ResolvedOwnershipOptions
    readonly effects: Fifo<OwnershipEffect>
    /** Milliseconds since 1970. */
    readonly wallMs: (nowMs: Millis) => number
    /** Of all that is seen, computed when it is needed. */
    readonly digest: () => number
  }) {
    const { localName, ring, effects, wallMs, digest } = setup
    const { releaseTimeoutMs, handoffTimeoutMs, concurrentHandoffs } = setup.options
    this.#localName = localName
    this.#effects = effects
    const stuckMs = releaseTimeoutMs + handoffTimeoutMs
    this.#takes = new Takes({ localName, handoffTimeoutMs, stuckMs, concurrentHandoffs })
    this.#waiters = new Waiters(handoffTimeoutMs)
    this.#watchers = new Waiters(handoffTimeoutMs)
    this.#succession = new Succession(handoffTimeoutMs, wallMs)
    this.#mail = new Mail(spaceDigest(ring), digest, effects, this.#succession)
    this.#company = new Company(handoffTimeoutMs)
    this.#tenures = new Tenures({
      localName,
      partitions: ring.partitions,
      releaseTimeoutMs,
      handoffTimeoutMs,
      onStep: (event) => {
        const { type, partition, seq } = event
        if (type === 'acquire' && this.#company.size > 0) this.#arrivals.set(partition, seq)
        effects.push({ type: 'step', event })
      },
    })
  }

  get stats(): OwnershipStats {
    return { ...this.#stats }
  }

  deadlineMs(): Millis | undefined {
    const strangersMs = this.#takes.size > 0 ? this.#company.deadlineMs() : undefined
    return soonestMs(
      this.#tenures.deadlineMs(),
      this.#takes.deadlineMs(),
      strangersMs,
      this.#offers.deadlineMs(),
      this.#partings.deadlineMs(),
      this.#census.deadlineMs(),
    )
  }

  /**
   * Whom to ask from now on, seen by now though perhaps not planned with yet.
   *
   * @param seen others that have changed, each with its record while it can hand off.
   * @param gone names of members that are not there any more.
   */
  see(
    seen: ReadonlyMap<string, ClusterMember | undefined>,
    gone: readonly string[],
    nowMs: Millis,
  ): void {
    this.#mail.see()
    for (const name of this.#company.see(seen, gone)) this.#census.greet(name, nowMs)
    for (const name of gone) {
      this.#waiters.drop(name)
      this.#watchers.drop(name)
      this.#census.forget(name)
    }
    this.#setAsked(nowMs)
    this.#tellHoldings(nowMs)
    this.#flush(nowMs)
  }

  /** Whether nothing is held, being taken or being let go. */
  get isEmpty(): boolean {
    return this.#tenures.isEmpty
  }

  /** See {@link Takes.servedBy}. */
  servedBy(partition: number): string | undefined {
    return this.#takes.servedBy(partition)
  }

  /** @param purpose `keep` to hold on to what is held, whatever the plan says, and take nothing. */
  plan(plan: Plan, purpose: 'serve' | 'keep' | 'stop', nowMs: Millis): void {
    const circumstances = {
      // Others may have come since the plan was made.
      others: () => (this.#takes.asked > 0 ? 'some' : 'none'),
      purpose,
      canHandOff: ({ name }: ClusterMember) => this.#company.has(name),
    } as const
    this.#tenures.plan(plan, circumstances, (partition) => this.#tenancy(partition, nowMs), nowMs)
    for (const partition of this.#tenures.occupied()) {
      this.#noteOverstay(partition, nowMs)
      this.#letGoIfAsked(partition, nowMs)
    }
    this.#flush(nowMs)
  }

  /** Whether the message was one to heed. */
  receive(from: string, message: PeerMessage, nowMs: Millis): boolean {
    if (from === this.#localName) return false
    if (!this.#inbox.accepts(from, message)) {
      this.#stats.messagesStale++
      return false
    }
    this.#succession.witness(message.clock)
    this.#takes.hear(from)
    switch (message.type) {
      case 'ask':
        this.#onAsk(from, message, nowMs)
        break
      case 'answer':
        this.#onAnswer(from, message, nowMs)
        break
      case 'acquired':
        if (message.space !== this.#mail.space) break
        for (const { partition } of message.holdings) {
          this.#tenures.acquired(partition, from, nowMs)
        }
        this.#onOtherHolder(from, message.holdings, nowMs)
        break
      case 'offer':
        if (message.space !== this.#mail.space) break
        this.#onOtherHolder(from, message.holdings, nowMs)
        break
      case 'parting':
        if (message.space !== this.#mail.space) break
        this.#onParting(from, message, nowMs)
        break
      case 'away':
        break
    }
    this.#flush(nowMs)
    return true
  }

  /** Whether the sender of the message sees what we see. */
  agrees(message: PeerMessage): boolean {
    return message.digest === this.#mail.digest
  }

  /** Say something to another member, as whatever we have said before. */
  send(to: string, content: Content, nowMs: Millis): void {
    this.#mail.send(to, content, nowMs)
  }

  /**
   * The process was stopped. What it held is let go, as if others were known to hold it, and what
   * it is taking is asked for anew. The next that is told has what follows from that done.
   */
  lapse(nowMs: Millis): void {
    this.#takes.restart(nowMs)
    for (const partition of this.#tenures.primaries()) {
      this.#tenures.letGo(partition, 'outranked', nowMs)
    }
  }

  /** The exchange of members that was asked for has come to its end. */
  exchanged(name: string, outcome: 'done' | 'failed', nowMs: Millis): void {
    this.#takes.exchanged(name, outcome, nowMs)
    if (outcome === 'done') this.#flush(nowMs)
  }

  /** Handlers are done with every step of the partition up to `seq`. */
  settle(partition: number, seq: number, state: Uint8Array | undefined, nowMs: Millis): void {
    const tenure = this.#tenures.get(partition)
    if (tenure.phase === 'letting-go' && seq >= tenure.seq && state !== undefined) {
      this.#succession.leave(partition, state)
    }
    this.#tenures.settle(partition, seq, nowMs)
    const arrival = this.#arrivals.get(partition)
    if (arrival !== undefined && seq >= arrival) this.#announce(partition, nowMs)
    this.#flush(nowMs)
  }

  /** Nobody works for index 0 any more, which the step `seq` gave up. */
  letGo(partition: number, seq: number, nowMs: Millis): void {
    this.#tenures.settle(partition, seq, nowMs)
    this.#flush(nowMs)
  }

  tick(nowMs: Millis): void {
    for (const { phase } of this.#tenures.tick(nowMs)) {
      if (phase === 'letting-go') this.#stats.releasesOverdue++
      else this.#stats.partingsOverdue++
    }
    if (nowMs >= (this.#company.deadlineMs() ?? Infinity)) this.#setAsked(nowMs)
    this.#tellHoldings(nowMs)
    this.#offer(nowMs)
    this.#flush(nowMs)
  }

  /** Draw a new token above `seen` for a holding that is not being served yet. */
  tokenAbove(partition: number, seen: Token, nowMs: Millis): Token | undefined {
    if (this.#tenures.get(partition).role !== 0) return undefined
    return this.#succession.raise(partition, seen, nowMs)
  }

  #setAsked(nowMs: Millis): void {
    const { come, gone } = this.#company.takeChanges(nowMs)
    this.#takes.spare(gone)
    this.#takes.ask(come, nowMs)
  }

  #onAsk(from: string, { life, groups, space }: AskMessage, nowMs: Millis): void {
    if (!this.#company.has(from)) {
      const forgotten = this.#company.meet(from, nowMs)
      if (forgotten !== undefined) this.#waiters.drop(forgotten)
      this.#setAsked(nowMs)
    }
    if (space !== this.#mail.space) {
      this.#waiters.drop(from)
      return this.#answerStrangeSpace(from, life, groups, nowMs)
    }
    this.#waiters.set(from, life, groups, nowMs)
    const waiters = new Map<number, Waiter>()
    for (const { attempt, letGo, partitions } of groups) {
      for (const partition of partitions) {
        waiters.set(partition, { name: from, life, attempt, letGo })
        this.#takes.giveBack(from, partition, nowMs)
        this.#letGoIfAsked(partition, nowMs)
      }
    }
    this.#reply(from, life, waiters, nowMs)
  }

  /**
   * The asker's partitions are not ours, so that any of ours may hold the same keys: we are out of
   * its way only once we have none. It asks again, so that it need not be told of that.
   */
  #answerStrangeSpace(to: string, asker: bigint, groups: readonly AskGroup[], nowMs: Millis): void {
    const standing = this.#tenures.standing()
    const answers = groups.map(({ attempt, partitions }) => ({ attempt, standing, partitions }))
    this.#mail.send(to, { type: 'answer', asker, groups: answers, legacies: [] }, nowMs)
  }

  #onAnswer(from: string, message: AnswerMessage, nowMs: Millis): void {
    if (message.asker !== this.#mail.life) return
    if (message.space === this.#mail.space) {
      for (const legacy of message.legacies) this.#keepLegacy(legacy)
    }
    const contested: number[] = []
    for (const { standing, partitions } of message.groups) {
      if (standing !== 'holding' && standing !== 'letting-go') continue
      for (const partition of partitions) {
        if (this.#takes.has(partition)) this.#succession.noteHolder(partition, from)
        else if (standing === 'holding' && this.#tenures.get(partition).role === 0) {
          contested.push(partition)
        }
      }
    }
    // We took them without its answer. It is to hear of us, so that one of us can let go.
    if (contested.length > 0) this.#mail.tell(from, 'acquired', contested, nowMs)
    this.#takes.answer(from, message.groups, this.agrees(message) ? 'agree' : 'differ')
  }

  #keepLegacy(legacy: Legacy): void {
    this.#succession.witness(legacy.token)
    if (this.#takes.has(legacy.partition)) this.#succession.inherit(legacy)
  }

  /** Of two holders of index 0 the one with the lower token lets go, whoever is planned to. */
  #onOtherHolder(from: string, holdings: readonly Holding[], nowMs: Millis): void {
    const outranked: number[] = []
    const ranking: number[] = []
    for (const { partition, token } of holdings) {
      this.#succession.witness(token)
      if (token === 0n) continue
      this.#takes.reopen(from, partition, nowMs)
      const held = this.#succession.tokenOf(partition)
      if (held === undefined || this.#tenures.get(partition).role !== 0) {
        // It took the partition before we let it go, so we were two.
        const last = held ?? this.#succession.farewell(partition, nowMs)?.token
        if (last !== undefined && token < last) outranked.push(partition)
        continue
      }
      const theirs = { token, name: from }
      const isLower = compareHolders({ token: held, name: this.#localName }, theirs) < 0
      if (isLower) this.#tenures.letGo(partition, 'outranked', nowMs)
      ;(isLower ? outranked : ranking).push(partition)
    }
    this.#reportDouble(from, outranked, 'local')
    this.#reportDouble(from, ranking, 'member')
    // It is to hear of us as well, so that it can let go.
    if (ranking.length > 0) this.#mail.tell(from, 'acquired', ranking, nowMs)
  }

  #reportDouble(member: string, partitions: readonly number[], yields: 'local' | 'member'): void {
    if (partitions.length === 0) return
    this.#stats.doubleHolders += partitions.length
    this.#report({ kind: 'double-holder', member, partitions, yields })
  }

  #report(report: HandoffReport): void {
    this.#effects.push({ type: 'report', report })
  }

  #letGoIfAsked(partition: number, nowMs: Millis): void {
    if (!this.#tenures.isOverstaying(partition)) return
    const named = this.#tenures.named(partition)
    const waiter = named && this.#waiters.get(named.name, partition, nowMs)
    if (waiter?.letGo === true) this.#tenures.letGo(partition, 'asked', nowMs)
  }

  /** Everything that follows from tenures being others now, until nothing follows any more. */
  #flush(nowMs: Millis): void {
    for (;;) {
      const changes = this.#tenures.takeChanges()
      for (const { partition, before } of changes) {
        if (before.phase === 'letting-go') {
          this.#tenures.replan(partition, (it) => this.#tenancy(it, nowMs), nowMs)
        }
      }
      const begun: number[] = []
      for (const { partition } of changes) this.#follow(partition, begun, nowMs)
      for (const [to, held] of this.#overridden.takeDue()) {
        this.#mail.tell(to, 'acquired', held, nowMs)
      }
      if (begun.length > 0) this.#takes.begin(begun, nowMs)
      this.#tellWaiters(
        changes.map(({ partition }) => partition),
        nowMs,
      )
      for (const [to, partitions] of this.#partings.takeDue(nowMs)) {
        this.#mail.send(to, { type: 'parting', partitions }, nowMs)
      }
      const { asks, exchanges, free, overrides, stuck } = this.#takes.advance(nowMs)
      for (const name of exchanges) this.#effects.push({ type: 'exchange', with: name })
      if (stuck.length > 0) {
        this.#stats.orphans += stuck.length
        this.#report({ kind: 'orphan', partitions: stuck })
      }
      for (const { to, groups } of asks) this.#mail.send(to, { type: 'ask', groups }, nowMs)
      for (const { why, member, partitions } of overrides) {
        this.#overridden.note(partitions, member)
        const counter = why === 'silent' ? 'takenFromSilence' : 'takenFromDeadlock'
        this.#stats[counter] += partitions.length
        this.#report({ kind: why, member, partitions })
      }
      for (const partition of free) {
        this.#tenures.take(partition, (it) => this.#tenancy(it, nowMs), nowMs)
      }
      if (changes.length === 0 && free.length === 0) return
    }
  }

  /** Bring what goes with a tenure in line with it. */
  #follow(partition: number, begun: number[], nowMs: Millis): void {
    const tenure = this.#tenures.get(partition)
    const { phase, role } = tenure
    if (phase === 'taking') {
      if (!this.#takes.has(partition)) begun.push(partition)
    } else {
      this.#takes.end(partition, nowMs)
      this.#succession.endTake(partition)
      this.#overridden.settle(partition, role === 0)
    }
    if (role === 0) this.#succession.hold(partition)
    else if (phase !== 'letting-go') this.#succession.letGo(partition, nowMs)
    if (role === NO_ROLE) this.#arrivals.delete(partition)
    this.#partings.set(partition, tenure.phase === 'parting' ? tenure.awaited : [], nowMs)
    this.#noteOverstay(partition, nowMs)
  }

  #tenancy(partition: number, nowMs: Millis): Tenancy {
    const { token, state, from } = this.#succession.take(partition, nowMs)
    return { token, state, from: from === undefined ? undefined : this.#company.get(from) }
  }

  #onParting(from: string, { life, partitions }: PartingMessage, nowMs: Millis): void {
    // It says so again once we see it.
    if (!this.#company.has(from)) return
    this.#watchers.set(from, life, [{ attempt: 0, letGo: false, partitions }], nowMs)
    const here = partitions.filter((partition) => {
      return this.#tenures.isStaying(partition) && !this.#arrivals.has(partition)
    })
    if (here.length > 0) this.#mail.tell(from, 'acquired', here, nowMs)
  }

  /** Backups that are to leave wait for newcomers like us. */
  #announce(partition: number, nowMs: Millis): void {
    this.#arrivals.delete(partition)
    // Nobody can count on who is about to leave as well.
    if (!this.#tenures.isStaying(partition)) return
    for (const { name } of this.#watchers.of(partition, nowMs)) {
      this.#mail.tell(name, 'acquired', [partition], nowMs)
    }
  }

  #noteOverstay(partition: number, nowMs: Millis): void {
    const isOverstaying = this.#tenures.isOverstaying(partition)
    this.#offers.note(partition, isOverstaying ? 'overstaying' : 'as planned', nowMs)
  }

  #offer(nowMs: Millis): void {
    if (nowMs < (this.#offers.deadlineMs() ?? Infinity)) return
    const due = this.#offers.takeDue(nowMs, {
      named: (partition) => this.#tenures.named(partition)?.name,
      isAsked: (partition, name) => this.#waiters.hasAsked(name, partition, ASKED_MS, nowMs),
      everybody: this.#company.names(),
    })
    for (const [name, partitions] of due) this.#mail.tell(name, 'offer', partitions, nowMs)
  }

  /** Whoever has come into view hears what we hold. */
  #tellHoldings(nowMs: Millis): void {
    const due = this.#census.takeDue(nowMs)
    if (due.length === 0) return
    const held = this.#tenures.primaries()
    for (const name of due) this.#mail.tell(name, 'acquired', held, nowMs)
  }

  #tellWaiters(partitions: readonly number[], nowMs: Millis): void {
    if (partitions.length === 0) return
    for (const [name, waiters] of this.#waiters.byName(partitions, nowMs)) {
      for (const { life } of waiters.values()) {
        this.#reply(name, life, waiters, nowMs)
        break
      }
    }
  }

  #reply(to: string, asker: bigint, waiters: ReadonlyMap<number, Waiter>, nowMs: Millis): void {
    const verdicts = [...waiters].map(([partition, waiter]) => {
      const standing = this.#standing(to, partition)
      const legacy = standing === 'none' ? this.#succession.farewell(partition, nowMs) : undefined
      return { partition, waiter, standing, legacy }
    })
    for (const { groups, legacies } of repliesOf(verdicts)) {
      this.#mail.send(to, { type: 'answer', asker, groups, legacies }, nowMs)
    }
  }

  #standing(asker: string, partition: number): Standing {
    const { phase, role } = this.#tenures.get(partition)
    if (phase === 'letting-go') return 'letting-go'
    if (role === 0) return 'holding'
    if (phase !== 'taking') return 'none'
    return this.#takes.isWaitingFor(asker, partition) ? 'waiting' : 'taking'
  }
}
