import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from '../ownership/messages.ts'
import type { RingChannel } from '../ports/ring-channel.ts'

/** How long one message may take. What it says is said again before long. */
const MESSAGE_MS: Millis = 5_000

/** Most messages that wait for one member; the oldest goes first. */
const WAITING_MAX = 64

/** Most exchanges of members under way at once. */
const EXCHANGES_MAX = 8

/** Plain counters; they only grow. */
export interface PostStats {
  /** Messages about partitions sent to other members. */
  readonly messagesSent: number
  /** Of these, the ones that may not have arrived. */
  readonly messagesFailed: number
  /** Messages of other members that could not be read. */
  readonly messagesMalformed: number
}

/** What the post has to hand over. */
export interface Recipient {
  onMessage(from: string, message: PeerMessage): void
  onExchanged(member: string, outcome: 'done' | 'failed'): void
}

/**
 * Carries what ownership has to say to other members: to each of them one message at a time, so
 * that none overtakes another. What cannot be delivered is dropped; nothing is lost by that.
 */
export class RingPost {
  readonly #channel: RingChannel
  readonly #topic: string
  readonly #recipient: Recipient
  /** What waits for each member that a message is under way to. */
  readonly #waiting = new Map<string, PeerMessage[]>()
  readonly #exchanges = { wanted: new Set<string>(), open: new Set<string>() }
  readonly #counts = { messagesSent: 0, messagesFailed: 0, messagesMalformed: 0 }
  #idle = new Deferred<void>()
  #close: (() => void) | undefined

  constructor(channel: RingChannel, ring: string, recipient: Recipient) {
    this.#channel = channel
    this.#topic = `libring/ring/${ring}`
    this.#recipient = recipient
  }

  get stats(): PostStats {
    return { ...this.#counts }
  }

  open(): void {
    this.#close = this.#channel.receive(this.#topic, (from, bytes) => {
      const decoded = decodePeerMessage(bytes)
      if (decoded.fault !== undefined) this.#counts.messagesMalformed++
      else this.#recipient.onMessage(from, decoded.message)
    })
  }

  /** Hear nothing more and send nothing more. */
  close(): void {
    this.#close?.()
    this.#close = undefined
    this.#waiting.clear()
    this.#exchanges.wanted.clear()
    this.#tellIdle()
  }

  /** Resolves once nothing is under way or waits, or will be any more. */
  async whenIdle(): Promise<void> {
    if (this.#waiting.size > 0) await this.#idle.promise
  }

  send(to: string, message: PeerMessage): void {
    if (this.#close === undefined) return
    const waiting = this.#waiting.get(to)
    if (waiting === undefined) {
      this.#waiting.set(to, [])
      this.#carry(to, message)
      return
    }
    const standsForAll = message.type === 'ask' || message.type === 'parting'
    const older = standsForAll ? waiting.findIndex(({ type }) => type === message.type) : -1
    if (older >= 0) waiting.splice(older, 1)
    else if (waiting.length >= WAITING_MAX) waiting.shift()
    waiting.push(message)
  }

  /**
   * Exchange members with `member`, from now on: one that is under way may tell of less than is
   * asked for. Told how it ended, unless the post is closed before.
   */
  exchange(member: string): void {
    if (this.#close === undefined) return
    this.#exchanges.wanted.add(member)
    this.#beginExchanges()
  }

  #carry(to: string, message: PeerMessage): void {
    this.#counts.messagesSent++
    this.#channel.send(to, this.#topic, encodePeerMessage(message), {
      deadlineMs: MESSAGE_MS,
      onOver: (isDelivered) => {
        if (!isDelivered) this.#counts.messagesFailed++
        const next = this.#waiting.get(to)?.shift()
        if (next === undefined) this.#forget(to)
        else this.#carry(to, next)
      },
    })
  }

  /** Nothing waits for the member any more. */
  #forget(to: string): void {
    this.#waiting.delete(to)
    if (this.#waiting.size === 0) this.#tellIdle()
  }

  #tellIdle(): void {
    this.#idle.resolve()
    this.#idle = new Deferred<void>()
  }

  #beginExchanges(): void {
    const { open, wanted } = this.#exchanges
    for (const member of wanted) {
      if (open.size >= EXCHANGES_MAX) return
      if (open.has(member)) continue
      wanted.delete(member)
      open.add(member)
      let hasBegun = false
      this.#channel.exchange(member, (isDone) => {
        open.delete(member)
        if (this.#close === undefined) return
        this.#recipient.onExchanged(member, isDone ? 'done' : 'failed')
        // One that fails at once leaves its place to the next of the loop.
        if (hasBegun) this.#beginExchanges()
      })
      hasBegun = true
    }
  }
}
