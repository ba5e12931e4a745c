import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import type { MemberEvent } from '../base/member.ts'
import { soonestMs, type Millis } from '../base/time.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import { Ring } from '../ring/ring.ts'
import { Absences } from './absences.ts'
import { bears, sameConfiguration, type Disagreement } from './agreement.ts'
import { Candidates } from './candidates.ts'
import type { ClusterMember } from './cluster-member.ts'
import { compose, type Stance } from './composition.ts'
import { Custody } from './custody.ts'
import { Doubt, type Backlog } from './doubt.ts'
import { holdTheSame, makeRings, type MadeRings, type RingMaker } from './made-rings.ts'
import type { Candidacy, OwnershipEffect, OwnershipInput } from './effects.ts'
import type { PeerMessage } from './messages.ts'
import type { ResolvedOwnershipOptions } from './options.ts'
import type { RingConfiguration, RingTag } from './ring-tag.ts'
import type { OwnershipStats } from './stats.ts'
import type { Plan } from './tenures.ts'
import type { Token } from './token.ts'

/** Most member events that a view or a step names as its cause: the latest ones. */
export const CAUSE_EVENTS_MAX = 1_024

/** What the machine is doing about what it sees. */
type Phase =
  | { readonly name: 'idle' }
  /** For somebody other than ourselves; for ever, where there is no time to go alone. */
  | { readonly name: 'waiting'; readonly aloneAtMs: Millis | undefined }
  /** What was decided is what is seen. */
  | { readonly name: 'settled' }
  /** Something changed; acted on when the window closes. */
  | { readonly name: 'settling'; readonly closesAtMs: Millis }
  | { readonly name: 'stopped' }

/**
 * Members in; views and ordered steps of ownership out.
 *
 * Every step is the difference between two roles of the local member towards one partition, so
 * folding the steps gives the roles, and a change that does not touch the local member is silent.
 */
export class OwnershipMachine implements Machine<OwnershipInput, OwnershipEffect> {
  readonly #localName: string
  readonly #ringOptions: ResolvedRingOptions
  readonly #options: ResolvedOwnershipOptions
  readonly #stance: Stance | undefined
  readonly #canHandOff: (member: ClusterMember) => boolean
  readonly #isAwaitingTakers: () => boolean
  readonly #effects = new Fifo<OwnershipEffect>()
  readonly #candidates = new Candidates()
  /** Names of those that have changed since the others were shown last. */
  readonly #unshown = new Set<string>()
  readonly #absences: Absences
  readonly #custody: Custody
  readonly #doubt = new Doubt()
  #phase: Phase = { name: 'idle' }
  readonly #nobody: Ring<ClusterMember>
  readonly #makeRings: RingMaker
  #rings: MadeRings
  #lostTo: RingConfiguration | undefined
  #plan: Plan
  #disagreements: readonly Disagreement[] = []
  #enoughSeen = false
  #othersExpected = false
  #wasEmpty = true
  #cause: MemberEvent[] = []
  #epoch = 0

  constructor(setup: {
    readonly localName: string
    readonly ring: ResolvedRingOptions
    readonly options: ResolvedOwnershipOptions
    /** What has to be agreed on. @defaultValue nothing */
    readonly stance?: Stance | undefined
    /**
     * Whether a member answers peer messages. One that does not is not waited for.
     *
     * @defaultValue whoever says something of the ring does
     */
    readonly canHandOff?: (member: ClusterMember) => boolean
    /**
     * Whether the local member, being about to go, keeps what it has until somebody takes it, though
     * nobody is there to. One that does not lets it go to nobody.
     *
     * @defaultValue it keeps it
     */
    readonly isAwaitingTakers?: () => boolean
    /**
     * Milliseconds since 1970, for tokens. May jump.
     *
     * @defaultValue the machine's own time, which is only of use where nobody compares tokens
     */
    readonly wallMs?: (nowMs: Millis) => number
    /** @defaultValue {@link makeRings} */
    readonly makeRings?: RingMaker | undefined
  }) {
    const { localName, ring, options } = setup
    this.#localName = localName
    this.#ringOptions = ring
    this.#options = options
    this.#stance = setup.stance
    this.#absences = new Absences(options)
    this.#canHandOff =
      setup.canHandOff ?? (({ name }) => this.#candidates.tagOf(name) !== undefined)
    this.#isAwaitingTakers = setup.isAwaitingTakers ?? (() => true)
    this.#nobody = new Ring<ClusterMember>([], ring)
    this.#makeRings = setup.makeRings ?? makeRings
    this.#rings = { present: [], away: [], homes: this.#nobody, acting: this.#nobody }
    this.#plan = { ring: this.#nobody, before: this.#nobody, cause: [] }
    this.#custody = new Custody({
      localName,
      ring,
      options,
      effects: this.#effects,
      wallMs: setup.wallMs ?? ((nowMs) => nowMs),
      digest: () => this.#candidates.digest(this.#absences.homes(), ring),
    })
  }

  /** Counters since the start. */
  get stats(): OwnershipStats {
    return this.#custody.stats
  }

  /** Whether the local member holds nothing, is taking nothing and has let everything go. */
  get isEmpty(): boolean {
    return this.#custody.isEmpty
  }

  /** Who says that it serves a partition that the local member is taking. */
  servedBy(partition: number): string | undefined {
    return this.#custody.servedBy(partition)
  }

  /**
   * A new token for a partition of which the local member holds index 0, above `seen`, which a
   * store has. Only of use before the partition is served. `undefined` when it is not held.
   */
  tokenAbove(partition: number, seen: Token, nowMs: Millis): Token | undefined {
    if (this.#doubt.isOpen) return undefined
    return this.#custody.tokenAbove(partition, seen, nowMs)
  }

  handle(input: OwnershipInput, nowMs: Millis): void {
    switch (input.type) {
      case 'start':
        this.#start(input, nowMs)
        break
      case 'members':
        this.#hear(input, nowMs)
        break
      case 'peer-message':
        // Whatever is not answered is asked again.
        if (!this.#doubt.isOpen) this.#receive(input.from, input.message, nowMs)
        break
      case 'exchanged':
        this.#custody.exchanged(input.with, this.#doubt.isOpen ? 'failed' : input.outcome, nowMs)
        break
      case 'handler-settled':
        if (this.#doubt.isOpen) this.#doubt.noteSettled(input)
        else this.#custody.settle(input.partition, input.seq, input.state, nowMs)
        break
      case 'let-go':
        if (this.#doubt.isOpen) this.#doubt.noteLetGo(input.partition, input.seq)
        else this.#custody.letGo(input.partition, input.seq, nowMs)
        break
      case 'stalled':
        // Whoever works for what was held is told before others are turned to.
        return this.#suspend(nowMs)
      case 'contacted':
        if (this.#doubt.isEndedBy(input.doubt)) this.#resume(nowMs)
        break
      case 'stop':
        this.#stop(nowMs)
        break
    }
    this.tick(nowMs)
  }

  tick(nowMs: Millis): void {
    const due = this.#doubt.takeDue(nowMs)
    if (due?.type === 'try') this.#effects.push({ type: 'contact', doubt: due.doubt })
    else if (due?.type === 'alone') this.#resume(nowMs)
    if (this.#doubt.isOpen) return
    if (this.#isTakingPart) this.#attend(nowMs)
    if (nowMs >= (this.#decisionMs() ?? Infinity)) {
      this.#phase = { name: 'settled' }
      this.#decide('serve', nowMs)
    }
    if (nowMs >= (this.#custody.deadlineMs() ?? Infinity)) this.#custody.tick(nowMs)
    this.#noteEmptied()
  }

  deadlineMs(): Millis | undefined {
    if (this.#doubt.isOpen) return this.#doubt.deadlineMs()
    const absencesMs = this.#isTakingPart ? this.#absences.deadlineMs() : undefined
    return soonestMs(this.#decisionMs(), this.#custody.deadlineMs(), absencesMs)
  }

  poll(): OwnershipEffect | undefined {
    return this.#effects.take()
  }

  get #isTakingPart(): boolean {
    return this.#phase.name !== 'idle' && this.#phase.name !== 'stopped'
  }

  /** When the members seen are next acted on. */
  #decisionMs(): Millis | undefined {
    switch (this.#phase.name) {
      case 'waiting':
        return this.#phase.aloneAtMs
      case 'settling':
        return this.#absences.isBeingBriefed ? undefined : this.#phase.closesAtMs
      case 'idle':
      case 'settled':
      case 'stopped':
        return undefined
    }
  }

  #start(input: Extract<OwnershipInput, { type: 'start' }>, nowMs: Millis): void {
    if (this.#phase.name !== 'idle') return
    this.#othersExpected = input.othersExpected
    this.#update(input.candidacies)
    this.#absences.start(input.candidacies)
    this.#countMembers()
    this.#showOthers([], nowMs)
    if (input.othersSeen || !input.othersExpected) {
      this.#phase = { name: 'settling', closesAtMs: nowMs }
      return
    }
    this.#phase = { name: 'waiting', aloneAtMs: this.#aloneAtMs(nowMs) }
  }

  /** When to go on alone, if nobody is heard of from now on. */
  #aloneAtMs(nowMs: Millis): Millis | undefined {
    const { formAlone, bootstrapTimeoutMs } = this.#options
    return formAlone ? nowMs + bootstrapTimeoutMs : undefined
  }

  #hear(input: Extract<OwnershipInput, { type: 'members' }>, nowMs: Millis): void {
    if (!this.#isTakingPart) return
    const { event, candidacies } = input
    const { changed: seen, lost } = this.#update(candidacies)
    const absent = candidacies.map((candidacy) => this.#withAbsence(candidacy))
    const changed = this.#absences.observe(event.type, absent, nowMs) || seen
    if (this.#doubt.isOpen) {
      this.#doubt.noteGone(goneOf(candidacies))
    } else {
      this.#countMembers()
      this.#showOthers(goneOf(candidacies), nowMs)
    }
    if (changed) this.#remember(event)

    const begins = this.#phase.name === 'waiting' ? this.#isAboutOthers(event) : changed
    if (begins) this.#openWindow(nowMs)
    const failed = event.type === 'member-failed' && lost
    if (failed && this.#phase.name === 'settling') {
      this.#phase = { name: 'settling', closesAtMs: nowMs }
    }
  }

  #suspend(nowMs: Millis): void {
    if (!this.#isTakingPart) return
    const hasOthers = this.#candidates.all().some(({ member, bystander }) => {
      return (member ?? bystander)!.name !== this.#localName
    })
    const isAlone = !hasOthers && !this.#othersExpected
    this.#doubt.begin(nowMs, isAlone ? nowMs : this.#aloneAtMs(nowMs))
  }

  /** We know again who is there. What we held others may have, and what they said is long ago. */
  #resume(nowMs: Millis): void {
    const backlog = this.#doubt.end()
    this.#effects.push({ type: 'certain' })
    this.#custody.lapse(nowMs)
    this.#countMembers()
    this.#showOthers(backlog.gone, nowMs)
    this.#catchUp(backlog, nowMs)
  }

  #catchUp({ settled, letGo }: Backlog, nowMs: Millis): void {
    for (const { partition, seq, state } of settled) {
      this.#custody.settle(partition, seq, state, nowMs)
    }
    for (const [partition, seq] of letGo) this.#custody.letGo(partition, seq, nowMs)
  }

  /** Unless it is open already. */
  #openWindow(nowMs: Millis): void {
    if (this.#phase.name === 'settling') return
    this.#phase = { name: 'settling', closesAtMs: nowMs + this.#options.settleMs }
  }

  #receive(from: string, message: PeerMessage, nowMs: Millis): void {
    if (this.#phase.name === 'idle') return
    if (!this.#custody.receive(from, message, nowMs) || !this.#isTakingPart) return
    if (!this.#isOfOurs(this.#candidates.tagOf(from))) return
    if (message.type === 'away') {
      const { changed, replies } = this.#absences.hear(from, message, nowMs)
      if (changed) this.#noteAbsences(nowMs)
      this.#sayAll(from, replies, nowMs)
    } else if (!this.#custody.agrees(message)) {
      this.#sayAll(from, this.#absences.differ(from, nowMs), nowMs)
    }
  }

  /** See whose time is over, and ask who may know of others. */
  #attend(nowMs: Millis): void {
    if (this.#absences.expire(nowMs)) this.#noteAbsences(nowMs)
    for (const name of this.#absences.takeAsks(nowMs)) {
      this.#sayAll(name, this.#absences.question(nowMs), nowMs)
    }
  }

  /** Others are away than before, though no event of membership says so. */
  #noteAbsences(nowMs: Millis): void {
    this.#showOthers([], nowMs)
    if (this.#phase.name === 'settled') this.#openWindow(nowMs)
  }

  #sayAll(to: string, contents: ReturnType<Absences['question']>, nowMs: Millis): void {
    for (const content of contents) this.#custody.send(to, content, nowMs)
  }

  /** Only who had our configuration has a home in our ring. */
  #withAbsence(candidacy: Candidacy): Candidacy {
    const { tag, absence } = candidacy
    if (absence === undefined || this.#isOfOurs(tag)) return candidacy
    return { ...candidacy, absence: { ...absence, home: undefined } }
  }

  #isOfOurs(tag: RingTag | undefined): boolean {
    const { configuration, untagged = 'accept' } = this.#stance ?? {}
    return configuration === undefined || bears({ tag }, configuration, untagged)
  }

  #stop(nowMs: Millis): void {
    const isDoubtful = this.#doubt.isOpen
    const backlog = this.#doubt.end()
    if (isDoubtful) this.#effects.push({ type: 'certain' })
    const held = this.#phase.name === 'settled' || this.#phase.name === 'settling'
    this.#phase = { name: 'stopped' }
    if (!held) return
    // Whoever is to return has given up its part before, but not its homes.
    if (this.#candidates.tagOf(this.#localName)?.standing !== 'returning') {
      this.#update([{ name: this.#localName, member: undefined }])
    }
    this.#decide('stop', nowMs)
    this.#catchUp(backlog, nowMs)
  }

  #update(candidacies: readonly Candidacy[]): { changed: boolean; lost: boolean } {
    for (const { name } of candidacies) this.#unshown.add(name)
    return this.#candidates.update(candidacies)
  }

  /** Whoever is there is asked at once, though it is planned with only when the window closes. */
  #showOthers(gone: readonly string[], nowMs: Millis): void {
    this.#unshown.delete(this.#localName)
    const seen = new Map<string, ClusterMember | undefined>()
    for (const name of this.#unshown) seen.set(name, this.#other(name))
    this.#unshown.clear()
    if (!this.#absences.isBriefed) this.#absences.see(this.#informants(), nowMs)
    this.#custody.see(seen, gone, nowMs)
  }

  /** The record of a member that can hand off. */
  #other(name: string): ClusterMember | undefined {
    const candidate = this.#candidates.get(name)
    const record = candidate?.member ?? candidate?.bystander
    return record !== undefined && this.#canHandOff(record) ? record : undefined
  }

  /** Names of those who may know what was before us. */
  #informants(): readonly string[] {
    return this.#candidates
      .all()
      .map(({ member, bystander }) => (member ?? bystander)!)
      .filter((member) => member.name !== this.#localName && this.#canHandOff(member))
      .map(({ name }) => name)
      .filter((name) => this.#isOfOurs(this.#candidates.tagOf(name)))
  }

  #isAboutOthers(event: MemberEvent): boolean {
    return event.members.some((member) => member.name !== this.#localName)
  }

  /** Enough are there, or somebody who takes part says that enough have been there. */
  #countMembers(): void {
    const { minMembers } = this.#options
    if (this.#enoughSeen || this.#candidates.size === 0) return
    if (this.#candidates.size >= minMembers) {
      const { members } = compose(this.#candidates, this.#stance)
      this.#enoughSeen = members.length >= minMembers
    }
    this.#enoughSeen ||= this.#candidates.all().some(({ member, bystander, tag }) => {
      // Whoever returns may never have been more than forming.
      if (tag?.standing !== 'serving' && tag?.standing !== 'draining') return false
      if ((member ?? bystander)!.name === this.#localName) return false
      return (
        this.#stance === undefined ||
        sameConfiguration(tag.configuration, this.#stance.configuration)
      )
    })
    if (this.#enoughSeen) this.#effects.push({ type: 'formed' })
  }

  #noteEmptied(): void {
    const { isEmpty } = this.#custody
    if (isEmpty && !this.#wasEmpty) this.#effects.push({ type: 'emptied' })
    this.#wasEmpty = isEmpty
  }

  #remember(event: MemberEvent): void {
    this.#cause.push(event)
    if (this.#cause.length > CAUSE_EVENTS_MAX) this.#cause.shift()
  }

  /** Act on what is seen: a new view when the ring may differ, then a step for every new role. */
  #decide(purpose: 'serve' | 'stop', nowMs: Millis): void {
    const before = this.#rings.acting
    const cause = Object.freeze(this.#cause)
    this.#cause = []
    const { members, takers, lostTo, disagreements } = compose(this.#candidates, this.#stance)
    this.#compare(disagreements)
    this.#absences.settle()
    const away = lostTo === undefined ? this.#absences.homes() : []
    const rings = this.#makeRings({ present: members, away }, this.#ringOptions, this.#rings)
    const { homes, acting: ring } = rings
    const isRenewed = rings !== this.#rings
    const isAnother = isRenewed && !holdTheSame(rings, this.#rings)
    this.#rings = rings
    if (this.#epoch === 0 || isAnother || !sameLoss(lostTo, this.#lostTo)) {
      this.#lostTo = lostTo
      this.#plan = { ring, before, cause }
      this.#effects.push({
        type: 'view',
        view: { epoch: ++this.#epoch, ring, homes, cause, lostTo },
      })
    } else if (isRenewed) {
      this.#plan = { ...this.#plan, ring }
      this.#effects.push({ type: 'records', ring, homes })
    }
    if (!this.#enoughSeen) return
    if (takers === 'members' || lostTo !== undefined) {
      this.#custody.plan(this.#plan, purpose, nowMs)
    } else if (purpose === 'serve' && this.#isAwaitingTakers()) {
      this.#custody.plan(this.#plan, 'keep', nowMs)
    } else {
      // Those that the ring names will not take it.
      this.#custody.plan({ ...this.#plan, ring: this.#nobody }, purpose, nowMs)
    }
  }

  #compare(disagreements: readonly Disagreement[]): void {
    const isKnown = JSON.stringify(disagreements) === JSON.stringify(this.#disagreements)
    this.#disagreements = disagreements
    if (!isKnown) this.#effects.push({ type: 'disagreement', fields: disagreements })
  }
}

/** Names of those that are not there any more. */
function goneOf(candidacies: readonly Candidacy[]): readonly string[] {
  return candidacies
    .filter(({ member, bystander }) => member === undefined && bystander === undefined)
    .map(({ name }) => name)
}

function sameLoss(
  left: RingConfiguration | undefined,
  right: RingConfiguration | undefined,
): boolean {
  if (left === undefined || right === undefined) return left === right
  return sameConfiguration(left, right)
}
