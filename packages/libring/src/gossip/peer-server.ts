import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Stream, StreamHandler } from '../ports/transport.ts'
import { PEER_VERSION, type PeerHead } from '../wire/peer.ts'
import type { Security } from '../wire/security.ts'
import { Places } from './peer-places.ts'
import type { PeerStats } from './peer-stats.ts'
import { PeerStream, type PeerEnding, type PeerOwner } from './peer-stream.ts'

/**
 * Streams of others that are open at once, those included that have not said yet what they want
 * or have been answered. One more takes the place of one that has not said what it wants, which
 * is all that somebody without the key can open; where there is none, it is dropped.
 */
export const PEER_STREAMS_ACCEPTED_MAX = 256

/** What the error of a refusal says, for the other end to go by. */
export const Refusal = {
  /** Too many requests are under way here. Nobody got this one. */
  busy: 'busy',
  /** Nobody here serves the topic. */
  topic: 'topic',
  /** The member that is wanted has another name. */
  member: 'member',
  /** Of another version of the protocol. */
  version: 'version',
  /** The node here closes. The handler was called off, if it was called. */
  closed: 'closed',
  /** The handler failed. */
  failed: 'failed',
  /** The time was over before the handler had replied. */
  timeout: 'timeout',
} as const

/** A request of a peer, to whoever serves its topic. */
export interface ServedCall {
  /** The name by which the peer introduced itself. */
  readonly from: string
  readonly topic: string
  /** How long the peer waits, from now. */
  readonly deadlineMs: Millis
  readonly stream: PeerStream
}

/** Called for every request of a topic; returns who listens to its stream. */
export type Serve = (call: ServedCall) => PeerOwner

/** Requests that peers make of this node. */
export class PeerServer {
  readonly #clock: Clock
  readonly #security: Security
  readonly #localName: string
  readonly #timeoutMs: Millis
  readonly #stats: PeerStats
  readonly #places = new Places()
  readonly #topics = new Map<string, Serve>()
  readonly #accepted = new Set<Served>()
  #isClosed = false

  /** @param setup.timeoutMs how long a stream may take to say what it wants, and to close. */
  constructor(setup: {
    readonly clock: Clock
    readonly security: Security
    readonly localName: string
    readonly timeoutMs: Millis
    readonly stats: PeerStats
  }) {
    this.#clock = setup.clock
    this.#security = setup.security
    this.#localName = setup.localName
    this.#timeoutMs = setup.timeoutMs
    this.#stats = setup.stats
  }

  /** Requests being served. */
  get size(): number {
    return this.#places.taken
  }

  /** Bytes of bodies under way or waiting to be read. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const { stream } of this.#accepted) bytes += stream.bufferedBytes
    return bytes
  }

  /**
   * Have `serve` called for requests of a topic. Returns how to stop, which leaves requests alone
   * that are under way, or `undefined` when somebody serves the topic already.
   */
  serve(topic: string, serve: Serve): (() => void) | undefined {
    if (this.#topics.has(topic)) return undefined
    this.#topics.set(topic, serve)
    return () => {
      if (this.#topics.get(topic) === serve) this.#topics.delete(topic)
    }
  }

  /** A stream whose opening was read. */
  accept(stream: Stream): StreamHandler {
    if (this.#isClosed || (this.#accepted.size >= PEER_STREAMS_ACCEPTED_MAX && !this.#makeRoom())) {
      this.#stats.refused++
      stream.destroy()
      return IGNORE
    }
    const served: Served = new Served(
      new PeerStream('accepting', this.#security, {
        onHead: (head) => this.#onHead(served, head),
        onReadable: () => served.owner?.onReadable(),
        onDrained: () => served.owner?.onDrained(),
        onOver: (ending) => this.#onOver(served, ending),
        onGone: () => this.#forget(served),
      }),
    )
    served.stream.attach(stream)
    this.#accepted.add(served)
    this.#arm(served, this.#timeoutMs, () => {
      this.#stats.timedOut++
      served.stream.destroy({ type: 'timed-out' })
    })
    return served.stream
  }

  /** End all requests and serve no more. */
  closeAll(): void {
    this.#isClosed = true
    for (const served of [...this.#accepted]) {
      if (served.topic === undefined) served.stream.destroy({ type: 'closed' })
      else served.stream.refuse(Refusal.closed, 'the node closes')
    }
  }

  /** Drop what is left of streams that were answered. */
  dropAll(): void {
    this.closeAll()
    for (const served of [...this.#accepted]) this.#drop(served)
  }

  /** Drop the oldest stream that has not said what it wants, if there is one. */
  #makeRoom(): boolean {
    for (const served of this.#accepted) {
      if (served.topic !== undefined || served.stream.ending !== undefined) continue
      this.#stats.refused++
      this.#drop(served)
      return true
    }
    return false
  }

  #onHead(served: Served, { version, topic, from, to, deadlineMs }: PeerHead): void {
    const { stream } = served
    const refuse = (code: string, reason: string): void => {
      this.#stats.refused++
      stream.refuse(code, reason)
    }
    if (version !== PEER_VERSION) return refuse(Refusal.version, `version ${PEER_VERSION} here`)
    if (to !== this.#localName) return refuse(Refusal.member, `this is ${this.#localName}`)
    const serve = this.#topics.get(topic)
    if (serve === undefined) return refuse(Refusal.topic, 'nobody serves the topic')
    if (!this.#places.take(topic)) return refuse(Refusal.busy, 'too many requests are under way')
    served.topic = topic
    this.#stats.served++
    this.#arm(served, deadlineMs, () => {
      this.#stats.timedOut++
      stream.refuse(Refusal.timeout, `not answered within ${deadlineMs} ms`)
    })
    const owner = serve({ from, topic, deadlineMs, stream })
    served.owner = owner
    if (stream.ending !== undefined) owner.onOver(stream.ending)
  }

  #onOver(served: Served, ending: PeerEnding): void {
    if (ending.type === 'fault') this.#stats.faults[ending.fault]++
    if (served.topic !== undefined) this.#places.free(served.topic)
    served.topic = undefined
    served.timer?.cancel()
    // Whoever dialled closes first; one that does not must not hold our end open.
    this.#arm(served, this.#timeoutMs, () => this.#drop(served))
    served.owner?.onOver(ending)
  }

  #drop(served: Served): void {
    served.stream.drop()
    this.#forget(served)
  }

  #forget(served: Served): void {
    served.timer?.cancel()
    served.timer = undefined
    this.#accepted.delete(served)
  }

  #arm(served: Served, delayMs: Millis, callback: () => void): void {
    served.timer?.cancel()
    served.timer = this.#clock.at(this.#clock.nowMs() + delayMs, callback)
  }
}

class Served {
  readonly stream: PeerStream
  /** Set while it is being served. */
  topic: string | undefined
  owner: PeerOwner | undefined
  timer: Timer | undefined

  constructor(stream: PeerStream) {
    this.stream = stream
  }
}

const IGNORE: StreamHandler = { onBytes: () => {}, onEnd: () => {}, onClosed: () => {} }
