import { ipToBytes, type Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import { Deadlines } from '../base/deadlines.ts'
import { invariant } from '../base/errors.ts'
import type { Machine } from '../base/machine.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type {
  Ack,
  Alive,
  IndirectPing,
  PacketMessage,
  Ping,
  PushPull,
  StreamMessage,
  Versions,
} from '../wire/messages.ts'
import { openPacket } from '../wire/packet.ts'
import { IN_CLEAR, unguardPacket, type Security } from '../wire/security.ts'
import { Beliefs, type Identity, type Verdict } from './beliefs.ts'
import type { Passenger, StartInput, SwimEffect, SwimInput, SwimMember } from './effects.ts'
import { Exchanges, type Call, type Exchange } from './exchanges.ts'
import { FailureDetector, type Finding } from './failure-detector.ts'
import { Lateness } from './lateness.ts'
import { nodeStateOf, snapshotOf, type MemberRow, type Members } from './members.ts'
import type { ResolvedSwimOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { speakTheSame } from './protocol-versions.ts'
import { Relays } from './relays.ts'
import { scaledPushPullMs } from './scaling.ts'
import type { SwimSetup } from './setup.ts'
import { Spreads, type SpreadThen } from './spreads.ts'
import { isPresent } from './standing.ts'
import { newSwimStats, type SwimStats } from './stats.ts'

type JoinInput = Extract<SwimInput, { seeds: unknown }>

/**
 * SWIM with Lifeguard, as memberlist speaks it: who is there, who is not, and how the word
 * spreads.
 *
 * This class only routes: what each part decides comes back as a value and is carried on here.
 *
 * @see SWIM (Das, Gupta, Motivala 2002); Lifeguard (Dadgar, Phillips, Currey 2018).
 */
export class SwimMachine implements Machine<SwimInput, SwimEffect> {
  readonly stats: SwimStats = newSwimStats()
  readonly #name: string
  readonly #versions: Versions
  readonly #options: ResolvedSwimOptions
  readonly #random: Random
  readonly #passenger: Passenger
  readonly #security: Security
  readonly #beliefs: Beliefs
  readonly #members: Members
  readonly #outbox: Outbox
  readonly #detector: FailureDetector
  readonly #relays: Relays
  readonly #exchanges = new Exchanges()
  readonly #deadlines = new Deadlines()
  readonly #lateness: Lateness
  readonly #spreads: Spreads
  #meta: Uint8Array
  #advertise: Address | undefined

  constructor(setup: SwimSetup) {
    const { name, options, random, passenger, security = IN_CLEAR } = setup
    this.#name = name
    this.#meta = setup.meta
    this.#versions = setup.versions
    this.#options = options
    this.#random = random
    this.#passenger = passenger
    this.#lateness = new Lateness(options.probeTimeoutMs)
    this.#security = security
    this.#beliefs = new Beliefs(name, options, random, this.stats)
    this.#members = this.#beliefs.members
    const [members, stats] = [this.#members, this.stats]
    this.#outbox = new Outbox({ name, options, members, passenger, security, stats })
    const outbox = this.#outbox
    this.#relays = new Relays(outbox)
    this.#spreads = new Spreads(outbox, this.#deadlines, options.broadcastTimeoutMs)
    this.#detector = new FailureDetector({ name, options, members, outbox, stats })
  }

  /** Everybody in the table in any state, the local member included. */
  get memberCount(): number {
    return this.#members.size
  }

  /** Members alive or suspect, the local one included. */
  get presentCount(): number {
    return this.#members.presentCount
  }

  /** Lifeguard's health score: 0 is healthy. */
  get awareness(): number {
    return this.#detector.awareness.score
  }

  /** Claims waiting to be spread. */
  get broadcastsQueued(): number {
    return this.#outbox.size
  }

  member(name: string): SwimMember | undefined {
    const row = this.#members.get(name)
    return row === undefined ? undefined : snapshotOf(row)
  }

  /** Up to `count` other members at random, of those that pass. */
  sample(count: number, accept: (member: SwimMember) => boolean): readonly SwimMember[] {
    return this.#sampleOthers(count, accept).map(snapshotOf)
  }

  members(): readonly SwimMember[] {
    return this.#members.rows().map(snapshotOf)
  }

  handle(input: SwimInput, nowMs: Millis): void {
    this.#excuse(nowMs)
    switch (input.type) {
      case 'start':
        this.#start(input, nowMs)
        break
      case 'packet':
        this.#onPacket(input.from, input.bytes, nowMs)
        break
      case 'request':
        this.#onRequest(input.connection, input.message, nowMs)
        break
      case 'request-fault':
        this.stats.faults[input.fault]++
        this.#outbox.refuse(input.connection, input.fault)
        break
      case 'reply':
        this.#onReply(input.dial, input.message, nowMs)
        break
      case 'dial-failed':
        this.#settle(this.#closeDial(input.dial), input.reason, nowMs)
        break
      case 'join':
      case 'sync':
        this.#join(input, nowMs)
        break
      case 'call':
        this.#call(input.to, input.node, undefined, nowMs)
        break
      case 'meta':
        this.#meta = input.meta
        this.#spreadThen('meta-spread', this.#introduce(nowMs), nowMs)
        break
      case 'announce':
        this.#outbox.announce(input.payload)
        break
      case 'direct':
        this.#outbox.direct(input.to, input.payload)
        break
      case 'leave':
        this.#spreadThen('left', this.#beliefs.depart(nowMs), nowMs)
        break
    }
    this.#afterwards()
  }

  tick(nowMs: Millis): void {
    this.#excuse(nowMs)
    for (let key = this.#deadlines.takeDue(nowMs); key !== undefined;) {
      this.#onDeadline(key, nowMs)
      key = this.#deadlines.takeDue(nowMs)
    }
    this.#afterwards()
  }

  deadlineMs(): Millis | undefined {
    return this.#deadlines.nextMs()
  }

  poll(): SwimEffect | undefined {
    return this.#outbox.poll()
  }

  /** Nobody is held to the time in which we did not run: what they said may lie unread. */
  #excuse(nowMs: Millis): void {
    const moreMs = this.#lateness.take(this.#deadlines.nextMs() ?? nowMs, nowMs)
    if (moreMs === 0) return
    this.stats.stalls++
    this.#detector.wasLate(moreMs)
    for (const suspicion of this.#beliefs.extendSuspicions(moreMs)) {
      this.#carry({ suspicion }, nowMs)
    }
    this.#afterwards()
  }

  /** After every step: tell of claims that need no more spreading, and follow the open round. */
  #afterwards(): void {
    this.#spreads.settle(this.#members.hasOthersThan(this.#name))
    const { deadlineMs } = this.#detector
    if (deadlineMs === undefined) this.#deadlines.clear('round')
    else this.#deadlines.set('round', deadlineMs)
  }

  /** Keys are a word, or a word, a colon and what it is about. */
  #onDeadline(key: string, nowMs: Millis): void {
    const colon = key.indexOf(':')
    const about = key.slice(colon + 1)
    switch (colon < 0 ? key : key.slice(0, colon)) {
      case 'probe':
        this.#deadlines.set('probe', nowMs + this.#options.probeIntervalMs)
        this.#detector.probeNext(nowMs)
        break
      case 'round':
        this.#follow(this.#detector.tick(nowMs), nowMs)
        break
      case 'gossip':
        this.#deadlines.set('gossip', nowMs + this.#options.gossipIntervalMs)
        this.#gossip(nowMs)
        break
      case 'push-pull':
        this.#deadlines.set('push-pull', nowMs + this.#pushPullMs())
        this.#pushPull(nowMs)
        break
      case 'suspicion':
        this.#carry(this.#beliefs.suspicionOver(about, nowMs), nowMs)
        break
      case 'relay':
        this.#relays.timedOut(Number(about), nowMs)
        break
      case 'dial':
        this.#outbox.tell({ type: 'abandon', dial: Number(about) })
        this.#settle(this.#closeDial(Number(about)), 'no answer in time', nowMs)
        break
      case 'spread':
        this.#spreads.over(Number(about), false)
        break
      default:
        invariant(false, `no deadline is called ${key}`)
    }
  }

  // Starting, new meta, leaving.

  #start({ advertise, incarnation, known = [] }: StartInput, nowMs: Millis): void {
    if (this.#advertise !== undefined) return
    this.#advertise = advertise
    this.#outbox.answerTo(advertise)
    this.#carry(this.#introduce(nowMs, incarnation), nowMs)
    const verdicts = known.map((node) => this.#beliefs.remote(node, nowMs))
    for (const { change } of verdicts) if (change !== undefined) this.#carry({ change }, nowMs)
    const { probeIntervalMs, gossipIntervalMs, pushPullIntervalMs } = this.#options
    this.#deadlines.set('probe', nowMs + fraction(this.#random) * probeIntervalMs)
    this.#deadlines.set('gossip', nowMs + fraction(this.#random) * gossipIntervalMs)
    if (pushPullIntervalMs === 0) return
    this.#deadlines.set('push-pull', nowMs + fraction(this.#random) * pushPullIntervalMs)
  }

  /** Show ourselves as we are now. Before the start there is nobody to show ourselves to. */
  #introduce(nowMs: Millis, least?: number): Verdict {
    if (this.#advertise === undefined) return {}
    const { host, port } = this.#advertise
    const addr = ipToBytes(host)
    invariant(addr !== undefined, 'the advertised host is an IP address')
    const identity: Identity = { addr, port, meta: this.#meta, versions: this.#versions }
    return this.#beliefs.introduce(identity, nowMs, least)
  }

  /** Tell of ourselves by gossip and to all at once; and when that is spread, or was not in time. */
  #spreadThen(then: SpreadThen, verdict: Verdict, nowMs: Millis): void {
    const ticket = this.#spreads.open(then, nowMs)
    this.#carry(verdict, nowMs, ticket)
    if (verdict.spread === undefined) this.#spreads.over(ticket, true)
    else this.#outbox.announceClaim(verdict.spread)
  }

  // Packets.

  #onPacket(from: Address, bytes: Uint8Array, nowMs: Millis): void {
    this.stats.packetsReceived++
    this.stats.bytesReceived += bytes.length
    if (this.#advertise === undefined) return
    const packet = unguardPacket(bytes, this.#security)
    if (typeof packet === 'string') return void this.stats.faults[packet]++
    const { messages, faults } = openPacket(packet, this.stats.messagesReceived)
    for (const fault of faults) this.stats.faults[fault]++
    // A death travels with the intent that explains it: who hears the intent first does not take
    // the leave of a member that fell silent for a failure.
    for (const message of messages) {
      if (message.type === 'user') this.#onMessage(from, message, nowMs)
    }
    for (const message of messages) {
      if (message.type !== 'user') this.#onMessage(from, message, nowMs)
    }
  }

  #onMessage(from: Address, message: PacketMessage, nowMs: Millis): void {
    switch (message.type) {
      case 'ping':
        return this.#outbox.answerPing(message, from, nowMs)
      case 'indirect-ping':
        return this.#onIndirectPing(from, message, nowMs)
      case 'ack':
        return this.#onAck(message, nowMs)
      case 'nack':
        return this.#follow(this.#detector.hear(message, nowMs), nowMs)
      case 'alive':
        return this.#carry(this.#beliefs.alive(message, nowMs), nowMs)
      case 'suspect':
        return this.#carry(this.#beliefs.suspect(message, nowMs), nowMs)
      case 'dead':
        return this.#carry(this.#beliefs.dead(message, nowMs), nowMs)
      case 'user':
        return this.#outbox.tell({ type: 'payload', payload: message.payload })
    }
  }

  #onIndirectPing(from: Address, request: IndirectPing, nowMs: Millis): void {
    const seq = this.#relays.begin(from, request, nowMs)
    if (seq === undefined) this.stats.relaysRefused++
    else this.#deadlines.set(`relay:${seq}`, nowMs + this.#options.probeTimeoutMs)
  }

  #onAck(ack: Ack, nowMs: Millis): void {
    if (this.#relays.acked(ack.seq, nowMs)) this.#deadlines.clear(`relay:${ack.seq}`)
    else this.#follow(this.#detector.hear(ack, nowMs), nowMs, ack.payload)
  }

  /** Some random members; those that died lately among them, so that they can refute. */
  #gossip(nowMs: Millis): void {
    const { gossipNodes, gossipToTheDeadMs } = this.#options
    const peers = this.#sampleOthers(gossipNodes, ({ state, stateSinceMs }) => {
      return isPresent(state) || (state === 'dead' && nowMs - stateSinceMs <= gossipToTheDeadMs)
    })
    for (const peer of peers) if (!this.#outbox.sendGossip(peer, nowMs)) return
  }

  // Streams.

  #onRequest(connection: number, message: StreamMessage, nowMs: Millis): void {
    switch (message.type) {
      case 'push-pull':
        this.stats.pushPullsReceived++
        // The answer shows the table as it was: nobody needs to be told what it just said.
        this.#outbox.respond(connection, this.#ownState(message.join))
        this.#merge(message, nowMs)
        break
      case 'ping':
        this.#outbox.respondToPing(connection, message)
        break
      case 'user':
        this.#outbox.respond(connection, undefined)
        this.#outbox.tell({ type: 'payload', payload: message.payload })
        break
      case 'ack':
      case 'error':
        this.stats.faults['unknown-type']++
        this.#outbox.respond(connection, undefined)
    }
  }

  #onReply(dial: number, message: StreamMessage, nowMs: Millis): void {
    const exchange = this.#closeDial(dial)
    if (exchange === undefined) return
    if (exchange.kind === 'call') {
      const answered = message.type === 'ack' && message.seq === exchange.seq
      return this.#onCalled(exchange, answered, nowMs)
    }
    if (exchange.kind === 'ping') {
      if (message.type !== 'ack' || message.seq !== exchange.seq) return
      const answer = { type: 'stream-ack', seq: message.seq } as const
      return this.#follow(this.#detector.hear(answer, nowMs), nowMs)
    }
    if (message.type === 'error') return this.#settle(exchange, message.reason, nowMs)
    if (message.type !== 'push-pull') return this.#settle(exchange, 'unexpected answer', nowMs)
    if (!this.#merge(message, nowMs)) {
      return this.#settle(exchange, 'its protocol versions and ours do not agree', nowMs)
    }
    if (message.join) this.#outbox.announceSelf()
    // Our own answer, by an address that leads back here, tells of those who are gone as well.
    const answered = message.nodes.some((node) => node.name !== this.#name && isPresent(node.state))
    this.#settle(exchange, answered ? undefined : 'only this node itself answered', nowMs)
  }

  #closeDial(dial: number): Exchange | undefined {
    this.#deadlines.clear(`dial:${dial}`)
    return this.#exchanges.close(dial)
  }

  /** @param failure why a seed does not count; `undefined` when another member answered. */
  #settle(exchange: Exchange | undefined, failure: string | undefined, nowMs: Millis): void {
    if (exchange?.kind === 'call') this.#onCalled(exchange, false, nowMs)
    if (exchange?.kind !== 'join') return
    const outcome = this.#exchanges.settleSeed(exchange, failure)
    if (outcome !== undefined) this.#outbox.tell({ type: 'joined', ...outcome })
  }

  #join({ type, join, seeds }: JoinInput, nowMs: Millis): void {
    if (this.#advertise === undefined || seeds.length === 0) {
      this.#outbox.tell({ type: 'joined', join, contacted: 0, failures: [] })
      return
    }
    this.#exchanges.beginJoin(join, seeds.length)
    for (const seed of seeds) {
      this.stats.pushPullsSent++
      this.#dial({ kind: 'join', join, seed }, seed, this.#ownState(type === 'join'), nowMs)
    }
  }

  /** @param claim what is believed with the answer; without, whoever asked is told of it. */
  #call(to: Address, node: string, claim: Alive | undefined, nowMs: Millis): void {
    if (this.#advertise === undefined) return this.#outbox.tell({ type: 'called', answered: false })
    const seq = this.#outbox.nextSeq()
    const { replyTo } = this.#outbox
    this.#dial({ kind: 'call', seq, claim }, to, { type: 'ping', seq, node, replyTo }, nowMs)
  }

  #onCalled({ claim }: Call, answered: boolean, nowMs: Millis): void {
    if (claim === undefined) this.#outbox.tell({ type: 'called', answered })
    else if (answered) this.#carry(this.#beliefs.alive(claim, nowMs, answered), nowMs)
  }

  #pushPullMs(): Millis {
    return scaledPushPullMs(this.#options.pushPullIntervalMs, this.memberCount)
  }

  #pushPull(nowMs: Millis): void {
    const [peer] = this.#sampleOthers(1, ({ state }) => state === 'alive')
    if (peer === undefined) return
    this.stats.pushPullsSent++
    this.#dial({ kind: 'sync' }, peer.address, this.#ownState(false), nowMs)
  }

  #dial(exchange: Exchange, to: Address, message: StreamMessage, nowMs: Millis): void {
    const dial = this.#exchanges.open(exchange)
    this.#deadlines.set(`dial:${dial}`, nowMs + this.#options.streamTimeoutMs)
    this.#outbox.dial(dial, to, message)
  }

  #ownState(join: boolean): PushPull {
    const nodes = this.#members.rows().map(nodeStateOf)
    return { type: 'push-pull', join, nodes, userState: this.#passenger.userState(join) }
  }

  /** Take in somebody's whole table. False when it was refused. */
  #merge({ join, nodes, rowsRefused = 0, userState }: PushPull, nowMs: Millis): boolean {
    this.stats.claimsRefused += rowsRefused
    if (this.#advertise === undefined || !speakTheSame(nodes, this.#members.rows())) {
      this.stats.pushPullsRefused++
      return false
    }
    for (const node of nodes) this.#carry(this.#beliefs.remote(node, nowMs), nowMs)
    if (userState.length > 0) this.#outbox.tell({ type: 'user-state', join, bytes: userState })
    return true
  }

  // What the parts have found is carried on from here.

  #carry(verdict: Verdict, nowMs: Millis, ticket?: number): void {
    const { spread, change, suspicion, refuted, conflict, unproven, refused } = verdict
    if (spread !== undefined) this.#outbox.spread(spread, ticket)
    if (suspicion?.untilMs !== undefined) {
      this.#deadlines.set(`suspicion:${suspicion.name}`, Math.max(nowMs, suspicion.untilMs))
    } else if (suspicion !== undefined) {
      this.#deadlines.clear(`suspicion:${suspicion.name}`)
    }
    if (change !== undefined) {
      const member = snapshotOf(change.row)
      this.#outbox.tell({ type: 'member', change: change.kind, member })
    }
    if (refuted === true) {
      this.stats.refutations++
      this.#detector.awareness.apply(1)
    }
    if (conflict !== undefined) {
      this.stats.conflicts++
      const { row, claimed } = conflict
      this.#outbox.tell({ type: 'conflict', name: row.name, known: row.address, claimed })
    }
    if (unproven !== undefined && this.#exchanges.mayProve(unproven.claim)) {
      this.#call(unproven.at, unproven.claim.node, unproven.claim, nowMs)
    }
    if (refused === true) this.stats.claimsRefused++
  }

  /** @param payload what came with the answer, if that led to the finding. */
  #follow({ suspect, streamPing, pinged }: Finding, nowMs: Millis, payload = NO_BYTES): void {
    if (pinged !== undefined && payload.length > 0) {
      this.#outbox.tell({ type: 'pinged', ...pinged, payload })
    }
    if (suspect !== undefined) this.#carry(this.#beliefs.suspect(suspect, nowMs), nowMs)
    if (streamPing === undefined) return
    const { target, seq } = streamPing
    const { replyTo } = this.#outbox
    const ping: Ping = { type: 'ping', seq, node: target.name, replyTo }
    this.#dial({ kind: 'ping', seq }, target.address, ping, nowMs)
  }

  #sampleOthers(count: number, accept: (row: MemberRow) => boolean): MemberRow[] {
    return this.#members.sample(count, (row) => row.name !== this.#name && accept(row))
  }
}
