import { invariant } from '../base/errors.ts'
import { Reader } from '../codec/reader.ts'
import { openChecksum, wrapChecksum } from './checksum.ts'
import { decodeCompound, encodeCompound } from './compound.ts'
import { COMPRESSED, inflate, wrapCompressed } from './compress.ts'
import { decodeMessage } from './decode.ts'
import { MessageType } from './message-type.ts'
import { tallyMessage, type MessageTally } from './message-tally.ts'
import type { PacketMessage, WireFault } from './messages.ts'

// A datagram, from outside to inside. The protocol has these wrappers, in this order, each of
// them optional:
//
//   label        name of the cluster, in clear
//   encryption   everything inside it sealed with a key of the cluster
//   checksum     12 | CRC-32 of the rest              outermost of those below, and nowhere else
//   compression   9 | { Algo, Buf }                   where it makes the packet smaller
//   compound      7 | count | lengths | parts         where there are several messages
//   message      type | body
//
// Receivers take any nesting of the last three. A label and an encrypted packet are not told
// apart from messages by their first byte alone: whether they are there is a matter of
// configuration, and they come off before the bytes get here.

/** How many wrappers may stand around a message, the checksum not counted. Senders use two. */
export const WRAPPERS_MAX = 4

/**
 * How many bytes all the compressed parts of one datagram together may inflate to. One that
 * fails to inflate uses up the rest, so those after it are `too-large`; senders make but one.
 */
export const PACKET_INFLATED_BYTES_MAX = 65_536

/** How many messages and faults together one datagram may yield. */
export const PACKET_YIELD_MAX = 4_096

/**
 * How many pings, direct and indirect, one datagram may hold: each has us send something. Senders
 * put in one. Those after it are `too-large`.
 */
export const PACKET_PINGS_MAX = 2

/** What was in a datagram. */
export interface OpenedPacket {
  /** Those that could be read, in their order. */
  readonly messages: readonly PacketMessage[]
  /** One for each thing that was dropped. */
  readonly faults: readonly WireFault[]
}

/**
 * Take the wrappers off a datagram. Never throws: what cannot be read is named and the rest
 * still counts, as in memberlist.
 *
 * However it nests, a datagram costs at most {@link WRAPPERS_MAX} passes over its bytes and over
 * {@link PACKET_INFLATED_BYTES_MAX} inflated ones, and yields at most {@link PACKET_YIELD_MAX}
 * messages and faults; it is dropped from the point where it would pass either, as `too-large`.
 *
 * Payloads are views of `bytes` or of what it inflated to.
 *
 * @param tally counts the messages that could be read.
 */
export function openPacket(bytes: Uint8Array, tally?: MessageTally): OpenedPacket {
  const opening = new Opening(tally)
  if (bytes[0] !== MessageType.checksum) {
    opening.open(bytes, 0)
  } else {
    const inner = openChecksum(bytes)
    if (typeof inner === 'string') opening.drop(inner)
    else opening.open(inner, 0)
  }
  return { messages: opening.messages, faults: opening.faults }
}

/** The state of opening one datagram: what came out so far, and what it may still cost. */
class Opening {
  readonly messages: PacketMessage[] = []
  readonly faults: WireFault[] = []
  readonly #tally: MessageTally | undefined
  #inflatedLeft = PACKET_INFLATED_BYTES_MAX
  #pingsLeft = PACKET_PINGS_MAX

  constructor(tally: MessageTally | undefined) {
    this.#tally = tally
  }

  /** Recursion ends with the wrappers allowed. */
  open(bytes: Uint8Array, wrappers: number): void {
    if (this.#isFull()) return
    const type = bytes[0]
    if (type !== MessageType.compound && type !== MessageType.compress) {
      const message = decodeMessage(bytes)
      if (typeof message === 'string') return this.drop(message)
      if (message.type === 'ping' || message.type === 'indirect-ping') {
        if (this.#pingsLeft === 0) return this.drop('too-large')
        this.#pingsLeft--
      }
      this.messages.push(message)
      if (this.#tally !== undefined) tallyMessage(this.#tally, bytes)
    } else if (wrappers === WRAPPERS_MAX) {
      this.drop('too-deep')
    } else if (type === MessageType.compound) {
      this.#openCompound(bytes.subarray(1), wrappers + 1)
    } else {
      this.#openCompressed(bytes, wrappers + 1)
    }
  }

  drop(fault: WireFault): void {
    this.faults.push(fault)
  }

  #openCompound(bytes: Uint8Array, wrappers: number): void {
    const compound = decodeCompound(bytes)
    if (compound === undefined) return this.drop('truncated')
    const { parts, truncated } = compound
    if (parts.length + truncated === 0) this.drop('empty')
    for (const part of parts) {
      if (this.#isFull()) break
      this.open(part, wrappers)
    }
    if (truncated > 0 && !this.#isFull()) this.drop('truncated')
  }

  #openCompressed(bytes: Uint8Array, wrappers: number): void {
    const reader = new Reader(bytes, 1)
    const body = COMPRESSED.read(reader)
    if (reader.fault !== undefined) return this.drop(reader.fault)
    const inflated = inflate(body, this.#inflatedLeft)
    if (typeof inflated === 'string') {
      // How far it got is not known, so it may have cost all there was left to spend.
      this.#inflatedLeft = 0
      this.drop(inflated)
    } else {
      this.#inflatedLeft -= inflated.length
      this.open(inflated, wrappers)
    }
  }

  /** Whether the last thing that fits has come; the one after it is `too-large`. */
  #isFull(): boolean {
    const yielded = this.messages.length + this.faults.length
    if (yielded === PACKET_YIELD_MAX - 1) this.drop('too-large')
    return yielded >= PACKET_YIELD_MAX - 1
  }
}

/**
 * One datagram out of 1 to 255 messages with their type bytes, each of 1 to 65,535 bytes.
 *
 * One message stands bare, several in a compound. Compression is used where the result is
 * strictly smaller. The checksum goes around all. The caller minds the size of a datagram.
 */
export function packPacket(
  parts: readonly Uint8Array[],
  wrap: { readonly compression: boolean; readonly checksum: boolean },
): Uint8Array {
  const [first] = parts
  invariant(first !== undefined && first.length > 0, 'a packet is never empty')
  let packet = parts.length === 1 ? first : encodeCompound(parts)
  if (wrap.compression) {
    const compressed = wrapCompressed(packet)
    if (compressed.length < packet.length) packet = compressed
  }
  return wrap.checksum ? wrapChecksum(packet) : packet
}
