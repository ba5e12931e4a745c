import type { Millis } from '../base/time.ts'
import { encodeMessage } from '../wire/encode.ts'
import type { IndirectPing, Suspect } from '../wire/messages.ts'
import { Awareness } from './awareness.ts'
import type { SwimMember } from './effects.ts'
import { EXCUSES_MAX } from './lateness.ts'
import { snapshotOf, type Members } from './members.ts'
import type { ResolvedSwimOptions } from './options.ts'
import type { Outbox } from './outbox.ts'
import { ProbeOrder } from './probe-order.ts'
import {
  advanceProbe,
  extendedProbe,
  probeDeadlineMs,
  type Probe,
  type ProbeInput,
} from './probe.ts'
import type { SwimStats } from './stats.ts'

/** From this memberlist protocol version on a member answers pings over streams. */
const STREAM_PING_VERSION = 3
/** From this one on it sends nacks. */
const NACK_VERSION = 4

/** What a step of the detector leads to. */
export interface Finding {
  /** The member that did not answer: suspect it. */
  readonly suspect?: Suspect
  /** Ping this member over a stream as well. */
  readonly streamPing?: { readonly target: SwimMember; readonly seq: number }
  /** The member that answered in person before others were asked, and how long that took. */
  readonly pinged?: { readonly name: string; readonly rttMs: Millis }
}

const NOTHING: Finding = {}

interface Round {
  readonly probe: Probe
  /** As it stood when the round began. */
  readonly target: SwimMember
  /** `undefined` where the answer may have lain unread, so that it tells nothing of the way. */
  readonly sentAtMs: Millis | undefined
}

/**
 * Probes one member after the other, one round at a time, and names those that stay silent.
 *
 * @see SWIM section 3.1; Lifeguard section IV-A; memberlist state.go `probe`, `probeNode`.
 */
export class FailureDetector {
  readonly awareness: Awareness
  readonly #name: string
  readonly #options: ResolvedSwimOptions
  readonly #members: Members
  readonly #outbox: Outbox
  readonly #stats: SwimStats
  readonly #order = new ProbeOrder()
  #round: Round | undefined
  /** A round fell due while another was still open. */
  #overdue = false
  /** How often we were late since the last round began. */
  #excuses = 0

  constructor(setup: {
    readonly name: string
    readonly options: ResolvedSwimOptions
    readonly members: Members
    readonly outbox: Outbox
    readonly stats: SwimStats
  }) {
    this.#name = setup.name
    this.#options = setup.options
    this.#members = setup.members
    this.#outbox = setup.outbox
    this.#stats = setup.stats
    this.awareness = new Awareness(setup.options.awarenessMaxMult)
  }

  /** When the open round next wants {@link tick}; `undefined` while there is none. */
  get deadlineMs(): Millis | undefined {
    return this.#round === undefined ? undefined : probeDeadlineMs(this.#round.probe)
  }

  /** A probe interval has passed: begin a round, or remember to when the open one ends. */
  probeNext(nowMs: Millis): void {
    if (this.#round === undefined) this.#begin(nowMs)
    else this.#overdue = true
  }

  /** The open round's deadline has come. */
  tick(nowMs: Millis): Finding {
    const round = this.#round
    if (round === undefined) return NOTHING
    const { probe, target } = round
    // Never without having asked others, however late it is, unless no time was set aside for it.
    const asksOthers = probe.phase === 'direct' && probe.relayAtMs < probe.failAtMs
    if (!asksOthers) return this.hear({ type: 'tick' }, nowMs)
    if (nowMs < probe.relayAtMs) return NOTHING

    const nacksExpected = this.#askOthers(target, probe.seq, nowMs)
    this.hear({ type: 'relayed', nacksExpected }, nowMs)
    const streams = target.versions[1] >= STREAM_PING_VERSION
    return streams ? { streamPing: { target, seq: probe.seq } } : NOTHING
  }

  /**
   * We did not run for a while: that is no fault of whoever we wait for, the first eight times of a
   * round, and they get so much more time. The first one says how we are.
   */
  wasLate(moreMs: Millis): void {
    if (this.#excuses === EXCUSES_MAX) return
    if (this.#excuses++ === 0) this.awareness.apply(1)
    if (this.#round === undefined) return
    const probe = extendedProbe(this.#round.probe, moreMs)
    this.#round = { ...this.#round, probe, sentAtMs: undefined }
  }

  /** An answer to the open round, or none. Answers to older rounds change nothing. */
  hear(input: ProbeInput, nowMs: Millis): Finding {
    const round = this.#round
    if (round === undefined) return NOTHING
    const probe = advanceProbe(round.probe, input, nowMs)
    if (probe === round.probe) return NOTHING
    this.#round = { ...round, probe }
    return probeDeadlineMs(probe) === undefined ? this.#end(round, probe, nowMs) : NOTHING
  }

  #begin(nowMs: Millis): void {
    const { probeTimeoutMs, probeIntervalMs, gossipToTheDeadMs } = this.#options
    const row = this.#order.next(this.#members, this.#name, gossipToTheDeadMs, nowMs)
    if (row === undefined) return
    this.#stats.probes++
    this.#excuses = 0
    const seq = this.#outbox.nextSeq()
    const relayAtMs = nowMs + probeTimeoutMs
    const failAtMs = nowMs + this.awareness.scale(probeIntervalMs)
    this.#round = {
      probe: { phase: 'direct', seq, relayAtMs, failAtMs },
      target: snapshotOf(row),
      sentAtMs: nowMs,
    }
    const { replyTo } = this.#outbox
    const ping = encodeMessage({ type: 'ping', seq, node: row.name, replyTo })
    if (row.state === 'alive') {
      this.#outbox.sendWithGossip(row.address, ping, nowMs)
    } else {
      // Accusation and question in one packet: a member that is well refutes at once.
      this.#outbox.send(row.address, [ping, encodeMessage(this.#accusation(row))], row)
    }
  }

  /** The direct ping went unanswered: ask others to ping. Returns how many nacks to expect. */
  #askOthers(target: SwimMember, seq: number, nowMs: Millis): number {
    const peers = this.#members.sample(this.#options.indirectChecks, ({ state, name }) => {
      return state === 'alive' && name !== target.name && name !== this.#name
    })
    let nacksExpected = 0
    for (const peer of peers) {
      const nack = peer.versions[1] >= NACK_VERSION
      if (nack) nacksExpected++
      const request: IndirectPing = {
        type: 'indirect-ping',
        seq,
        target: target.addr,
        port: target.port,
        node: target.name,
        nack,
        replyTo: this.#outbox.replyTo,
      }
      this.#outbox.sendWithGossip(peer.address, encodeMessage(request), nowMs)
    }
    return nacksExpected
  }

  #end(begun: Round, probe: Probe, nowMs: Millis): Finding {
    const { target, sentAtMs } = begun
    this.#round = undefined
    let finding = NOTHING
    if (probe.phase === 'failed') {
      this.#stats.probesFailed++
      this.awareness.apply(probe.awarenessDelta)
      finding = { suspect: this.#accusation(target) }
    } else {
      if (probe.phase === 'acked' && probe.by === 'stream') this.#stats.probesSavedByStream++
      this.awareness.apply(-1)
      const isPrompt = begun.probe.phase === 'direct' && nowMs < begun.probe.relayAtMs
      if (isPrompt && sentAtMs !== undefined) {
        finding = { pinged: { name: target.name, rttMs: nowMs - sentAtMs } }
      }
    }
    if (this.#overdue) {
      this.#overdue = false
      this.#begin(nowMs)
    }
    return finding
  }

  #accusation({ incarnation, name }: Pick<SwimMember, 'incarnation' | 'name'>): Suspect {
    return { type: 'suspect', incarnation, node: name, from: this.#name }
  }
}
