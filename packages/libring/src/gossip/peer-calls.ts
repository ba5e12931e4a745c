import type { Address } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Transport } from '../ports/transport.ts'
import { PEER_VERSION } from '../wire/peer.ts'
import type { Security } from '../wire/security.ts'
import { isOwnTopic, Places } from './peer-places.ts'
import type { PeerStats } from './peer-stats.ts'
import { PeerStream, type PeerEnding, type PeerOwner } from './peer-stream.ts'

/** Requests of ours that wait for a place: libring's own, and as many of the application's. */
export const PEER_CALLS_WAITING_MAX = 4_096

/** What is asked of whom. */
export interface PeerCall {
  /** Name of the member. */
  readonly member: string
  readonly topic: string
  /** How long all of it may take, waiting for a place included. 1 to 3,600,000. */
  readonly deadlineMs: Millis
}

export interface PeerCallOwner extends PeerOwner {
  /** The time has come to say what there is to say. What is written at once goes in one go. */
  onOpen(stream: PeerStream): void
}

/** A request under way, or waiting. */
export interface OpenCall {
  /** Call it off. `onOver` follows from within this call, unless it came before. */
  cancel(): void
}

/** Where a member is reached. */
export type Route = { readonly address: Address } | { readonly reason: string }

export interface PeerCallsSetup {
  readonly clock: Clock
  readonly transport: Transport
  readonly security: Security
  readonly localName: string
  readonly stats: PeerStats
  readonly routeTo: (member: string) => Route
}

/** Requests that this node makes of its peers. */
export class PeerCalls {
  readonly #setup: PeerCallsSetup
  readonly #places = new Places()
  readonly #waiting = { own: new Set<Call>(), application: new Set<Call>() }
  readonly #open = new Set<Call>()
  #isClosed = false

  constructor(setup: PeerCallsSetup) {
    this.#setup = setup
  }

  /** Requests under way. */
  get size(): number {
    return this.#places.taken
  }

  /** Bytes of bodies under way or waiting to be read. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const { stream } of this.#open) bytes += stream?.bufferedBytes ?? 0
    return bytes
  }

  /**
   * Make a request, or let it wait for a place. May call `onOpen` from within this call, but
   * never anything else.
   */
  open(request: PeerCall, owner: PeerCallOwner): OpenCall {
    const { clock } = this.#setup
    const call = new Call(request, owner, clock.nowMs() + request.deadlineMs)
    const waiting = this.#waitingWith(request.topic)
    if (this.#isClosed) this.#failSoon(call, { type: 'closed' })
    else if (waiting.size >= PEER_CALLS_WAITING_MAX) this.#failSoon(call, { type: 'busy' })
    else {
      call.timer = clock.at(call.deadlineAtMs, () => this.#end(call, { type: 'timed-out' }))
      waiting.add(call)
      this.#advance()
    }
    return { cancel: () => this.#end(call, { type: 'cancelled' }) }
  }

  /** End all requests and take no more. */
  closeAll(): void {
    this.#isClosed = true
    const { own, application } = this.#waiting
    for (const call of [...this.#open, ...own, ...application]) this.#end(call, { type: 'closed' })
  }

  /** Give free places to those that wait; libring's own come first. */
  #advance(): void {
    const { own, application } = this.#waiting
    for (const waiting of [own, application]) {
      for (const call of waiting) {
        if (!this.#places.take(call.request.topic)) break
        waiting.delete(call)
        this.#open.add(call)
        this.#dial(call)
      }
    }
  }

  #dial(call: Call): void {
    const { clock, transport, security, localName, stats, routeTo } = this.#setup
    const { request, owner } = call
    const route = routeTo(request.member)
    if ('reason' in route) {
      return this.#failSoon(call, { type: 'unreachable', reason: route.reason })
    }
    stats.dialled++
    const stream = new PeerStream('dialling', security, {
      onHead: () => {},
      onReadable: () => owner.onReadable(),
      onDrained: () => owner.onDrained(),
      onOver: (ending) => this.#settle(call, ending),
      onGone: () => {},
    })
    call.stream = stream
    stream.attach(transport.dial(route.address, stream))
    const leftMs = Math.max(1, Math.ceil(call.deadlineAtMs - clock.nowMs()))
    const { member, topic } = request
    stream.open({ version: PEER_VERSION, topic, from: localName, to: member, deadlineMs: leftMs })
    owner.onOpen(stream)
    stream.flush()
  }

  /** Later, so that whoever asks knows its request by then. */
  #failSoon(call: Call, ending: PeerEnding): void {
    const { clock } = this.#setup
    call.timer?.cancel()
    call.timer = clock.at(clock.nowMs(), () => this.#end(call, ending))
  }

  #end(call: Call, ending: PeerEnding): void {
    if (call.stream === undefined) this.#settle(call, ending)
    else call.stream.destroy(ending)
  }

  #settle(call: Call, ending: PeerEnding): void {
    if (call.isOver) return
    call.isOver = true
    call.timer?.cancel()
    this.#waitingWith(call.request.topic).delete(call)
    if (this.#open.delete(call)) this.#places.free(call.request.topic)
    this.#count(ending)
    call.owner.onOver(ending)
    if (!this.#isClosed) this.#advance()
  }

  #count(ending: PeerEnding): void {
    const { stats } = this.#setup
    if (ending.type === 'done') stats.answered++
    else stats.failed++
    if (ending.type === 'timed-out') stats.timedOut++
    if (ending.type === 'fault') stats.faults[ending.fault]++
  }

  #waitingWith(topic: string): Set<Call> {
    return isOwnTopic(topic) ? this.#waiting.own : this.#waiting.application
  }
}

class Call {
  readonly request: PeerCall
  readonly owner: PeerCallOwner
  readonly deadlineAtMs: Millis
  timer: Timer | undefined
  stream: PeerStream | undefined
  isOver = false

  constructor(request: PeerCall, owner: PeerCallOwner, deadlineAtMs: Millis) {
    this.request = request
    this.owner = owner
    this.deadlineAtMs = deadlineAtMs
  }
}
