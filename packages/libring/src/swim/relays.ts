import { ipFromBytes, type Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import type { Millis } from '../base/time.ts'
import { encodeMessage } from '../wire/encode.ts'
import type { IndirectPing } from '../wire/messages.ts'
import { replyAddress, type Outbox } from './outbox.ts'

/** Indirect pings that can be under way for others at one time. Further requests are dropped. */
export const RELAYS_MAX = 1_024

interface Relay {
  /** Who asked, or says so. */
  readonly requester: Address
  readonly requesterName: string
  /** The requester's own number for the ping. */
  readonly requesterSeq: number
  /** Whether the requester wants to hear of silence. */
  readonly nack: boolean
}

/**
 * Pings that we make because another member asked us to, by our own number for each.
 *
 * @see SWIM section 3.1; Lifeguard section IV-A for nacks.
 */
export class Relays {
  readonly #outbox: Outbox
  readonly #bySeq = new Map<number, Relay>()

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Ping on behalf of `from`. The number to wait for, or `undefined` when there are too many. */
  begin(from: Address, request: IndirectPing, nowMs: Millis): number | undefined {
    const host = ipFromBytes(request.target)
    if (host === undefined || this.#bySeq.size >= RELAYS_MAX) return undefined
    const { replyTo } = this.#outbox
    const seq = this.#outbox.nextSeq()
    this.#bySeq.set(seq, {
      requester: replyAddress(request.replyTo, from),
      requesterName: request.replyTo?.node ?? '',
      requesterSeq: request.seq,
      nack: request.nack,
    })
    const to = { host, port: request.port === 0 ? replyTo.port : request.port }
    const ping = encodeMessage({ type: 'ping', seq, node: request.node, replyTo })
    this.#outbox.sendAsAsked(request.node, to, ping, nowMs)
    return seq
  }

  /** Pass an ack on to whoever asked for it. False when nobody did, or it is too late. */
  acked(seq: number, nowMs: Millis): boolean {
    const relay = this.#take(seq)
    if (relay === undefined) return false
    const ack = encodeMessage({ type: 'ack', seq: relay.requesterSeq, payload: NO_BYTES })
    this.#answer(relay, ack, nowMs)
    return true
  }

  /** The time for an ack is over. */
  timedOut(seq: number, nowMs: Millis): void {
    const relay = this.#take(seq)
    if (relay === undefined || !relay.nack) return
    const nack = encodeMessage({ type: 'nack', seq: relay.requesterSeq })
    this.#answer(relay, nack, nowMs)
  }

  #answer({ requester, requesterName }: Relay, message: Uint8Array, nowMs: Millis): void {
    this.#outbox.sendAsAsked(requesterName, requester, message, nowMs)
  }

  #take(seq: number): Relay | undefined {
    const relay = this.#bySeq.get(seq)
    this.#bySeq.delete(seq)
    return relay
  }
}
