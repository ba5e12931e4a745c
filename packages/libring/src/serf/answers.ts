import { ipFromBytes, sameAddress, type Address } from '../base/address.ts'
import { Allowance } from '../base/allowance.ts'
import type { Millis } from '../base/time.ts'
import { decodeSerf, encodeSerf } from './message-codec.ts'
import { SerfMessageType, type Answerable, type QueryResponse, type Relay } from './messages.ts'
import type { Outlet } from './outlet.ts'
import type { Surroundings } from './surroundings.ts'

/** From this memberlist protocol version on a member passes relays on. */
const RELAY_VERSION = 5

/**
 * Answers in a second to who is not a member at the address it gives: one whose joining we have not
 * heard of yet, or one that would have us flood somebody else.
 */
const STRANGERS_PER_SECOND = 16

/** Answers of ours sent straight in a second, whoever asks. */
const ANSWERS_PER_SECOND = 1_024

/** Answers of ours sent through others in a second, each other one counted. */
const RELAYED_PER_SECOND = 1_024

/** Relays passed on in a second. */
const RELAYS_PER_SECOND = 1_024

/** Where and how far answers to queries go: straight to the asker, and through others. */
export class Answers {
  readonly #outlet: Outlet
  readonly #around: Surroundings
  readonly #bytesMax: number
  readonly #strangers = new Allowance(STRANGERS_PER_SECOND)
  readonly #straight = new Allowance(ANSWERS_PER_SECOND)
  readonly #relayed = new Allowance(RELAYED_PER_SECOND)
  readonly #relays = new Allowance(RELAYS_PER_SECOND)

  /** @param bytesMax of an answer as it is sent. */
  constructor(outlet: Outlet, around: Surroundings, bytesMax: number) {
    this.#outlet = outlet
    this.#around = around
    this.#bytesMax = bytesMax
  }

  /** Send an answer to another member, unless it is too long or there are too many. */
  send(query: Answerable, response: QueryResponse, nowMs: Millis): void {
    const payload = encodeSerf(response)
    const to = { host: ipFromBytes(query.addr) ?? '', port: query.port }
    const isMember = this.#isMemberAt(query.sourceNode, to)
    const isPlace = to.host !== '' && to.port !== 0
    const mayGo = isMember || (isPlace && this.#strangers.take(1, nowMs))
    if (mayGo && payload.length <= this.#bytesMax && this.#straight.take(1, nowMs)) {
      this.#outlet.order({ type: 'direct', to, payload })
      if (isMember) this.#relay(query, payload, nowMs)
    } else {
      this.#outlet.stats.answersRefused++
    }
  }

  /** Pass an answer on to whom it is for. Only to members, only answers, and not too many. */
  passOn(relay: Relay, nowMs: Millis): void {
    const host = ipFromBytes(relay.addr)
    const to = host === undefined ? undefined : { host, port: relay.port }
    const isAnswer =
      relay.inner[0] === SerfMessageType.queryResponse &&
      relay.inner.length <= this.#bytesMax &&
      decodeSerf(relay.inner).fault === undefined
    const isFine = to !== undefined && isAnswer && this.#isMemberAt(relay.node, to)
    if (to === undefined || !isFine || !this.#relays.take(1, nowMs)) {
      this.#outlet.stats.relaysRefused++
      return
    }
    this.#outlet.stats.relaysPassedOn++
    this.#outlet.order({ type: 'direct', to, payload: relay.inner.slice() })
  }

  #relay(query: Answerable, inner: Uint8Array, nowMs: Millis): void {
    const { addr, port, sourceNode, relayFactor } = query
    if (relayFactor === 0 || this.#around.memberCount() < relayFactor + 1) return
    const payload = encodeSerf({ type: 'relay', addr, port, zone: '', node: sourceNode, inner })
    if (payload.length > this.#bytesMax || !this.#relayed.take(relayFactor, nowMs)) {
      this.#outlet.stats.relaysRefused++
      return
    }
    const others = this.#around.sample(relayFactor, ({ state, versions }) => {
      return state === 'alive' && versions[1] >= RELAY_VERSION
    })
    for (const { address } of others) this.#outlet.order({ type: 'direct', to: address, payload })
  }

  #isMemberAt(name: string, place: Address): boolean {
    const member = this.#around.member(name)
    return member !== undefined && sameAddress(member, place)
  }
}
