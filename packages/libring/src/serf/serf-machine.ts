import { addressText, type Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import { invariant } from '../base/errors.ts'
import type { Machine } from '../base/machine.ts'
import type { Member } from '../base/member.ts'
import { below, fraction, type Random } from '../base/random.ts'
import { soonestMs, type Millis } from '../base/time.ts'
import type { StartInput, SwimEffect, SwimMember } from '../swim/effects.ts'
import type { ResolvedSwimOptions } from '../swim/options.ts'
import { SwimMachine } from '../swim/swim-machine.ts'
import { IN_CLEAR } from '../wire/security.ts'
import { Attendance, type Outcome } from './attendance.ts'
import { Departure } from './departure.ts'
import { Clocks } from './clocks.ts'
import { Coordinates } from './coordinates.ts'
import type { JoinInput, Refusal, SerfEffect, SerfInput } from './effects.ts'
import { ForceLeaves } from './force-leaves.ts'
import { decodeSerf, decodeUserMessage, encodeSerf } from './message-codec.ts'
import { OpenJoins } from './open-joins.ts'
import type { ResolvedSerfOptions } from './options.ts'
import { Outlet } from './outlet.ts'
import { Questions } from './questions.ts'
import { messageBytesMax, Queues } from './queues.ts'
import { serfVersions, type SerfSetup } from './setup.ts'
import { surroundingsOf } from './surroundings.ts'
import { newSerfStats, type SerfGauges, type SerfStats } from './stats.ts'
import { decodeTags, encodeTags, META_BYTES_MAX, type Tags } from './tags.ts'
import { UserEvents } from './user-events.ts'
import { userStateOf } from './user-state.ts'

/**
 * Serf's part of a node, on top of the SWIM machine that it owns: intents, statuses, tags,
 * farewells, and the memory of members that are gone.
 *
 * This class only routes: every part keeps its own state, and none of them calls another. What
 * they let out goes through the outlet that they share.
 */
export class SerfMachine implements Machine<SerfInput, SerfEffect> {
  readonly stats: SerfStats
  /** Where members stand, unless that is not to be worked out. */
  readonly coordinates: Coordinates | undefined
  readonly clocks: Clocks
  readonly #name: string
  readonly #swimOptions: ResolvedSwimOptions
  readonly #isEncrypted: boolean
  readonly #options: ResolvedSerfOptions
  readonly #random: Random
  readonly #swim: SwimMachine
  readonly #attendance: Attendance
  readonly #queues: Queues
  readonly #outlet: Outlet
  readonly #userEvents: UserEvents
  readonly #questions: Questions
  readonly #departure: Departure
  readonly #forceLeaves: ForceLeaves
  readonly #joins = new OpenJoins()
  #address: Address | undefined

  constructor(setup: SerfSetup) {
    const { name, tags, swim, serf, random, security = IN_CLEAR, coordinates = true } = setup
    this.#isEncrypted = security.seal !== undefined
    this.#name = name
    this.#swimOptions = swim
    this.#options = serf
    this.#random = random
    this.#attendance = new Attendance(name)
    this.#queues = new Queues({
      retransmitMult: swim.retransmitMult,
      messageBytesMax: messageBytesMax(swim.packetBytesMax, security),
      depthMax: serf.queueDepthMax,
    })
    this.#swim = new SwimMachine({
      name,
      meta: metaOf(tags),
      versions: serfVersions,
      options: swim,
      random,
      security,
      passenger: {
        userState: () => encodeSerf(userStateOf(this.#attendance, this.clocks.shown)),
        ackPayload: () => this.coordinates?.payload ?? NO_BYTES,
        takePayloads: (max, each, count) =>
          this.#queues.take(max, each, count, this.#attendance.roster.size),
      },
    })
    this.stats = newSerfStats(this.#swim.stats)
    this.coordinates = coordinates ? new Coordinates(name, random) : undefined
    this.#outlet = new Outlet(this.#queues, this.stats)
    this.#userEvents = new UserEvents(this.#outlet, serf.userEventBytesMax)
    this.#questions = new Questions({
      outlet: this.#outlet,
      around: surroundingsOf(name, () => this.#address, this.#attendance.roster, this.#swim),
      setting: { ...swim, ...serf },
      random,
      keyring: security.seal?.keyring,
      keepsKeys: setup.keepsKeys === true,
    })
    this.clocks = new Clocks(this.#attendance.clock, this.#userEvents, this.#questions)
    this.#departure = new Departure(this.#outlet, { ...swim, ...serf })
    this.#forceLeaves = new ForceLeaves(this.#outlet, swim.broadcastTimeoutMs)
  }

  /** Everybody known in any status, the local member included once started. */
  members(): readonly Member[] {
    return this.#attendance.roster.members()
  }

  member(name: string): Member | undefined {
    return this.#attendance.roster.get(name)?.member
  }

  /** At which SWIM stands by what it knows of a member. */
  incarnationOf(name: string): number | undefined {
    return this.#swim.member(name)?.incarnation
  }

  /** The local member's own status. */
  get status(): 'alive' | 'leaving' | 'left' {
    return this.#departure.status
  }

  get gauges(): SerfGauges {
    return {
      ...this.clocks.gauges,
      intentsQueued: this.#queues.depth('intents'),
      queriesQueued: this.#queues.depth('queries'),
      eventsQueued: this.#queues.depth('events'),
      awareness: this.awareness,
      isEncrypted: this.#isEncrypted,
    }
  }

  /** How long a query waits for answers now, unless told otherwise. */
  get queryTimeoutMs(): Millis {
    return this.#questions.defaultTimeoutMs
  }

  /** What is against answering a query so, if anything. */
  refusalOf(query: number, payload: Uint8Array, nowMs: Millis): Refusal | undefined {
    return this.#questions.refusalOf(query, payload, nowMs)
  }

  /** Lifeguard's health score: 0 is healthy. */
  get awareness(): number {
    return this.#swim.awareness
  }

  handle(input: SerfInput, nowMs: Millis): void {
    switch (input.type) {
      case 'start':
        this.#start(input, nowMs)
        break
      case 'join':
      case 'sync':
        this.#join(input, nowMs)
        break
      case 'tags':
        this.#setTags(input.tags, nowMs)
        break
      case 'keys-kept':
        this.#questions.keysKept(input.change, input.failure, nowMs)
        break
      case 'recall':
        this.clocks.recall(input.ltimes)
        break
      case 'user-event':
        this.#outlet.tell({ type: 'user-event-sent', refusal: this.#userEvents.send(input, nowMs) })
        break
      case 'query':
        this.#questions.ask(input.query, input, nowMs)
        break
      case 'query-cancel':
        this.#questions.cancel(input.query)
        break
      case 'respond-query':
        this.#questions.respond(input.query, input.payload, nowMs)
        break
      case 'leave':
        this.#beginLeave(nowMs)
        break
      case 'force-leave':
        this.#forceLeave(input.name, input, nowMs)
        break
      case 'packet':
      case 'request':
      case 'request-fault':
      case 'reply':
      case 'dial-failed':
        this.#swim.handle(input, nowMs)
        break
    }
    this.#settle(nowMs)
  }

  tick(nowMs: Millis): void {
    this.#swim.tick(nowMs)
    this.#settle(nowMs)
    for (let key = this.#outlet.deadlines.takeDue(nowMs); key !== undefined;) {
      this.#onDeadline(key, nowMs)
      this.#settle(nowMs)
      key = this.#outlet.deadlines.takeDue(nowMs)
    }
  }

  deadlineMs(): Millis | undefined {
    return soonestMs(this.#outlet.deadlines.nextMs(), this.#swim.deadlineMs())
  }

  poll(): SerfEffect | undefined {
    return this.#outlet.poll()
  }

  get #isStarted(): boolean {
    return this.#address !== undefined
  }

  // ── what the local member does ───────────────────────────────────────────────────────────────

  #start(input: StartInput, nowMs: Millis): void {
    if (this.#isStarted || this.status !== 'alive') return
    this.#address = input.advertise
    const { reapIntervalMs, reconnectIntervalMs, queueCheckIntervalMs } = this.#options
    this.#outlet.deadlines.set('reap', nowMs + reapIntervalMs)
    this.#outlet.deadlines.set('reconnect', nowMs + reconnectIntervalMs)
    this.#outlet.deadlines.set('queue-check', nowMs + queueCheckIntervalMs)
    this.#swim.handle(input, nowMs)
  }

  #join(input: JoinInput, nowMs: Millis): void {
    const { join, seeds } = input
    if (!this.#isStarted || this.status !== 'alive') {
      const reason = this.#isStarted ? 'this node has left' : 'this node has not started'
      const failures = seeds.map((seed) => ({ address: addressText(seed), reason }))
      this.#outlet.tell({ type: 'joined', join, contacted: 0, failures })
      return
    }
    this.#swim.handle({ ...input, join: this.#joins.open(input) }, nowMs)
  }

  #setTags(tags: Tags, nowMs: Millis): void {
    // Whoever presents itself again after its farewell is back.
    if (this.status !== 'alive') this.#outlet.tell({ type: 'tags-spread', spread: false })
    else this.#swim.handle({ type: 'meta', meta: metaOf(tags) }, nowMs)
  }

  #beginLeave(nowMs: Millis): void {
    this.#departure.begin(() => {
      return this.#isStarted ? encodeSerf(this.#attendance.announceLeave(nowMs)) : undefined
    }, nowMs)
  }

  #forceLeave(name: string, how: { readonly prune: boolean }, nowMs: Millis): void {
    // We would refute our own word.
    if (name === this.#name) return this.#forceLeaves.tell(name, { spread: true })
    const { intent, outcome } = this.#attendance.announceLeaveOf(name, how, nowMs)
    this.#carry(outcome, nowMs)
    if (this.#attendance.roster.hasAliveBeside(this.#name)) {
      this.#forceLeaves.spread(name, encodeSerf(intent), nowMs)
    } else {
      this.#forceLeaves.tell(name, { spread: true })
    }
  }

  /** At once to all of a small cluster as well: who misses it may later force us out for good. */
  #broadcastJoin(nowMs: Millis): void {
    const bytes = encodeSerf(this.#attendance.announceJoin(nowMs))
    this.#outlet.spread('intents', bytes)
    this.#outlet.announce(bytes, nowMs)
  }

  // ── deadlines ────────────────────────────────────────────────────────────────────────────────

  /** Keys are a word, or a word, a colon and what it is about. */
  #onDeadline(key: string, nowMs: Millis): void {
    const colon = key.indexOf(':')
    const about = key.slice(colon + 1)
    switch (colon < 0 ? key : key.slice(0, colon)) {
      case 'reap':
        this.#outlet.deadlines.set('reap', nowMs + this.#options.reapIntervalMs)
        this.#carry(this.#attendance.reap(this.#options, nowMs), nowMs)
        break
      case 'reconnect':
        this.#outlet.deadlines.set('reconnect', nowMs + this.#options.reconnectIntervalMs)
        this.#reconnect(nowMs)
        break
      case 'queue-check':
        this.#outlet.deadlines.set('queue-check', nowMs + this.#options.queueCheckIntervalMs)
        this.#queues.cut()
        break
      case 'prune':
        this.#carry(this.#attendance.prune(about), nowMs)
        break
      case 'leave':
        this.#departure.advance({ type: 'tick' }, nowMs)
        break
      case 'query':
        this.#questions.timeIsUp(about)
        break
      case 'dispute':
        this.#questions.closeDispute(nowMs)
        break
      case 'force-leave':
        this.#forceLeaves.over(Number(about), { spread: false })
        break
      default:
        invariant(false, `no deadline is called ${key}`)
    }
  }

  /** Try one failed member again: the likelier, the more of the others failed. */
  #reconnect(nowMs: Millis): void {
    const { size, failedCount, leftCount } = this.#attendance.roster
    if (failedCount === 0 || this.status !== 'alive') return
    if (fraction(this.#random) > failedCount / Math.max(1, size - failedCount - leftCount)) return
    const failed = this.#attendance.roster.failed()
    const { host, port } = failed[below(this.#random, failed.length)]!
    this.stats.reconnects++
    this.#swim.handle({ type: 'join', join: this.#joins.open(), seeds: [{ host, port }] }, nowMs)
  }

  // ── what SWIM tells ──────────────────────────────────────────────────────────────────────────

  /** Deal with all that SWIM and the queues have to tell, and with what follows from that. */
  #settle(nowMs: Millis): void {
    for (;;) {
      const order = this.#outlet.takeOrder()
      if (order !== undefined) {
        this.#swim.handle(order, nowMs)
        continue
      }
      const effect = this.#swim.poll()
      if (effect !== undefined) {
        this.#onSwimEffect(effect, nowMs)
        continue
      }
      const ticket = this.#queues.takeFinished() ?? this.#needlessTicket
      if (ticket === undefined) return
      this.#forceLeaves.over(ticket, { spread: true })
      this.#departure.advance({ type: 'announced', ticket }, nowMs)
    }
  }

  /**
   * That of our farewell, once there is nobody left to hear it. Whom we are just joining has heard
   * of us before we hear of them.
   */
  get #needlessTicket(): number | undefined {
    const { size, failedCount, leftCount } = this.#attendance.roster
    const isAlone = size - failedCount - leftCount <= 1 && this.#joins.size === 0
    return isAlone ? this.#departure.ticket : undefined
  }

  #onSwimEffect(effect: SwimEffect, nowMs: Millis): void {
    switch (effect.type) {
      case 'send':
      case 'dial':
      case 'abandon':
      case 'respond':
        this.#outlet.tell(effect)
        break
      case 'conflict':
        this.#outlet.tell(effect)
        this.#onConflict(effect.name, nowMs)
        break
      case 'called':
        this.#onCalled(effect.answered, nowMs)
        break
      case 'member':
        this.#carry(this.#onMember(effect.change, effect.member, nowMs), nowMs)
        break
      case 'payload':
        this.#onPayload(effect.payload, nowMs)
        break
      case 'pinged':
        // Gone meanwhile: nobody would forget it again.
        if (this.member(effect.name) !== undefined) this.coordinates?.hear(effect, this.stats)
        break
      case 'user-state':
        this.#onUserState(effect, nowMs)
        break
      case 'joined':
        this.#onJoined(effect, nowMs)
        break
      case 'meta-spread':
        this.#outlet.tell({ type: 'tags-spread', spread: effect.spread })
        break
      case 'left':
        this.#departure.advance({ type: 'departed', spread: effect.spread }, nowMs)
        break
    }
  }

  #onConflict(name: string, nowMs: Millis): void {
    const isOurs = name === this.#name && this.status === 'alive'
    if (isOurs && this.#options.nameConflictResolution) this.#questions.disputeName(nowMs)
  }

  /** Who was voted for in our place has answered, or has not. */
  #onCalled(answered: boolean, nowMs: Millis): void {
    const verdict = this.#questions.proveDispute(answered, nowMs)
    if (verdict === undefined) return
    this.#carry(this.#attendance.loseName(nowMs), nowMs)
    this.#outlet.tell({ type: 'name-lost', ...verdict })
  }

  #onMember(
    change: 'up' | 'down' | 'left' | 'update',
    { name, address, meta }: SwimMember,
    nowMs: Millis,
  ): Outcome {
    if (change === 'down' || change === 'left') return this.#attendance[change](name, nowMs)
    const { host, port } = address
    return this.#attendance[change]({ name, host, port, tags: decodeTags(meta) }, nowMs)
  }

  #onJoined(effect: Extract<SwimEffect, { type: 'joined' }>, nowMs: Millis): void {
    const asked = this.#joins.close(effect.join)
    if (asked === undefined) return
    const isNews = asked.type === 'join' && effect.contacted > 0
    if (isNews && this.status === 'alive') this.#broadcastJoin(nowMs)
    this.#outlet.tell({ ...effect, join: asked.join })
  }

  #onPayload(payload: Uint8Array, nowMs: Millis): void {
    const { message, fault } = decodeUserMessage(payload)
    if (fault !== undefined) {
      this.stats.faults[fault]++
      return
    }
    this.stats.received[message.type]++
    switch (message.type) {
      case 'join':
        return this.#carry(this.#attendance.join(message, nowMs), nowMs, payload)
      case 'leave':
        return this.#carry(this.#attendance.leave(message, nowMs), nowMs, payload)
      case 'user-event':
        return this.#userEvents.hear(message, payload)
      case 'query':
        return this.#questions.hear(message, payload, nowMs)
      case 'query-response':
        return this.#questions.hearAnswer(message, nowMs)
      case 'relay':
        return this.#questions.passOn(message, nowMs)
      case 'push-pull':
      case 'conflict-response':
      case 'key-request':
      case 'key-response':
        // These have their place inside other messages only.
        this.stats.faults['unknown-type']++
    }
  }

  #onUserState({ join, bytes }: { join: boolean; bytes: Uint8Array }, nowMs: Millis): void {
    const { message, fault } = decodeSerf(bytes)
    if (fault !== undefined || message.type !== 'push-pull') {
      this.stats.faults[fault ?? 'unknown-type']++
      return
    }
    this.stats.received['push-pull']++
    this.clocks.witness(message)
    this.#carry(this.#attendance.merge(message, nowMs), nowMs)
    if (join && this.#joins.ignoresOldEvents) this.#userEvents.ignoreBefore(message.eventLTime)
    this.#userEvents.merge(message.events)
  }

  // ── what the parts have in common ────────────────────────────────────────────────────────────

  /** Do what an outcome asks for; `payload` is the message that led to it, if it was one. */
  #carry(outcome: Outcome, nowMs: Millis, payload?: Uint8Array): void {
    const { events, rebroadcast, refute, doubted, pruneLater } = outcome
    for (const event of events ?? []) {
      this.#outlet.tell({ type: 'members', event })
      this.coordinates?.note(event)
    }
    if (rebroadcast === true && payload !== undefined) this.#outlet.passAlong('intents', payload)
    for (const intent of doubted ?? []) {
      const subject = this.member(intent.node)
      if (subject !== undefined) this.#outlet.bring(encodeSerf(intent), subject, nowMs)
    }
    if (refute === true) {
      this.stats.leavesRefuted++
      this.#broadcastJoin(nowMs)
    }
    if (pruneLater !== undefined) {
      const spreadMs = this.#swimOptions.broadcastTimeoutMs + this.#options.leavePropagateDelayMs
      this.#outlet.deadlines.set(`prune:${pruneLater}`, nowMs + spreadMs)
    }
  }
}

function metaOf(tags: Tags): Uint8Array {
  const meta = encodeTags(tags)
  invariant(meta.length <= META_BYTES_MAX, 'tags fit into the meta; requireTags sees to that')
  return meta
}
