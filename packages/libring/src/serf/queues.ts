import { Broadcasts } from '../swim/broadcasts.ts'
import { retransmitLimit } from '../swim/scaling.ts'
import { packetOverheadBytes, type Wrapping } from '../wire/security.ts'

/** What a message costs in a packet beyond its own bytes: compound head, length, type. */
const PACKET_OVERHEAD_BYTES = 5

/** How long a message may be that has a packet to itself. */
export function messageBytesMax(packetBytesMax: number, wrapping: Wrapping): number {
  return packetBytesMax - PACKET_OVERHEAD_BYTES - packetOverheadBytes(wrapping)
}

/** In the order in which they are given room in a packet. */
const KINDS = ['intents', 'queries', 'events'] as const

export type QueueKind = (typeof KINDS)[number]

export interface QueuesSetting {
  /** A broadcast is sent this times ceil(log10(members + 1)). */
  readonly retransmitMult: number
  /** Longer messages would never find room in a packet. */
  readonly messageBytesMax: number
  /** Most broadcasts in each queue after a cut. It is cut in time, and at twice as many. */
  readonly depthMax: number
}

/** Serf's messages waiting to ride along in SWIM's packets. */
export class Queues {
  readonly #setting: QueuesSetting
  readonly #queues = {
    intents: new Broadcasts(),
    queries: new Broadcasts(),
    events: new Broadcasts(),
  }

  constructor(setting: QueuesSetting) {
    this.#setting = setting
  }

  depth(kind: QueueKind): number {
    return this.#queues[kind].size
  }

  /**
   * False when the message is too long ever to be sent, and was dropped.
   *
   * @param ticket given back by {@link takeFinished} once the message was sent often enough.
   */
  queue(kind: QueueKind, bytes: Uint8Array, ticket?: number): boolean {
    const { messageBytesMax, depthMax } = this.#setting
    if (bytes.length > messageBytesMax) return false
    const queue = this.#queues[kind]
    queue.queue({ bytes, ...(ticket !== undefined && { ticket }) })
    // By half at once: what it takes to find whom to drop is shared by as many as are dropped.
    if (queue.size > 2 * depthMax) queue.prune(depthMax)
    return true
  }

  /**
   * Messages for one packet, each counted as sent once.
   *
   * @param bytesMax room in the packet; each message costs its length plus `overheadBytes`.
   * @param countMax most messages to give.
   * @param members how many there are, of any status.
   */
  take(bytesMax: number, overheadBytes: number, countMax: number, members: number): Uint8Array[] {
    const limit = retransmitLimit(this.#setting.retransmitMult, members)
    const taken: Uint8Array[] = []
    let room = bytesMax
    for (const kind of KINDS) {
      const left = countMax - taken.length
      for (const message of this.#queues[kind].take(room, overheadBytes, limit, left)) {
        taken.push(message)
        room -= message.length + overheadBytes
      }
    }
    return taken
  }

  /** Cut each queue to its size, dropping what was sent most. */
  cut(): void {
    for (const kind of KINDS) this.#queues[kind].prune(this.#setting.depthMax)
  }

  /** The ticket of one message that is over, or `undefined` when there is none to tell. */
  takeFinished(): number | undefined {
    for (const kind of KINDS) {
      const ticket = this.#queues[kind].takeFinished()
      if (ticket !== undefined) return ticket
    }
    return undefined
  }
}
