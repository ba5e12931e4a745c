import { ipFromBytes, ipToBytes, sameAddress, type Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import { invariant } from '../base/errors.ts'
import { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import { encodeMessage } from '../wire/encode.ts'
import { tallyMessage } from '../wire/message-tally.ts'
import { MessageType } from '../wire/message-type.ts'
import type { Ack, Ping, ReplyTo, StreamMessage, WireFault } from '../wire/messages.ts'
import { packPacket } from '../wire/packet.ts'
import {
  guardPacket,
  guardStream,
  packetOverheadBytes,
  type Security,
  type StreamEnd,
} from '../wire/security.ts'
import { encodeStream } from '../wire/stream.ts'
import type { Claim } from './beliefs.ts'
import { Broadcasts } from './broadcasts.ts'
import type { Passenger, SwimEffect, SwimMember } from './effects.ts'
import type { Members } from './members.ts'
import type { ResolvedSwimOptions } from './options.ts'
import { retransmitLimit } from './scaling.ts'
import { isPresent } from './standing.ts'
import type { SwimStats } from './stats.ts'

/** From this memberlist protocol version on a member understands checksums. */
const CHECKSUM_VERSION = 5

/** A compound's own bytes, and what it adds to each part. */
const COMPOUND_BYTES = 2
const PART_OVERHEAD_BYTES = 2
/** A part that is a user message has one byte more, its type. */
const USER_OVERHEAD_BYTES = PART_OVERHEAD_BYTES + 1
/** A compound holds 255 parts, one of them the message that gossip rides on. */
const GOSSIP_PARTS_MAX = 254

/** Packets sent for one announcement. */
const ANNOUNCED_TO_MAX = 64

/** A member as far as sending to it goes. */
type Receiver = Pick<SwimMember, 'address' | 'versions'>

/** All that leaves the node: packets filled up with gossip, streams, and what is told. */
export class Outbox {
  readonly #name: string
  readonly #options: ResolvedSwimOptions
  readonly #members: Members
  readonly #passenger: Passenger
  readonly #security: Security
  /** Most bytes that messages may take in one datagram, all wrappers but the checksum counted. */
  readonly #bytesMax: number
  readonly #stats: SwimStats
  readonly #effects = new Fifo<SwimEffect>()
  readonly #broadcasts = new Broadcasts()
  /** Messages to all, of the step that is being taken. */
  #announcements: Uint8Array[] = []
  #replyTo: ReplyTo | undefined
  #seq = 0

  constructor(setup: {
    readonly name: string
    readonly options: ResolvedSwimOptions
    readonly members: Members
    readonly passenger: Passenger
    readonly security: Security
    readonly stats: SwimStats
  }) {
    this.#name = setup.name
    this.#options = setup.options
    this.#members = setup.members
    this.#passenger = setup.passenger
    this.#security = setup.security
    this.#bytesMax = setup.options.packetBytesMax - packetOverheadBytes(setup.security)
    this.#stats = setup.stats
  }

  /** Claims waiting to be spread. */
  get size(): number {
    return this.#broadcasts.size
  }

  /** From now on answers are asked to come here. */
  answerTo({ host, port }: Address): void {
    const addr = ipToBytes(host)
    invariant(addr !== undefined, 'the advertised host is an IP address')
    this.#replyTo = { addr, port, node: this.#name }
  }

  /** Where answers go. Only a node that has started sends. */
  get replyTo(): ReplyTo {
    invariant(this.#replyTo !== undefined, 'a node that sends has started')
    return this.#replyTo
  }

  /** A number for a ping of ours, to know its answer by. Unsigned 32 bits, in a circle. */
  nextSeq(): number {
    this.#seq = (this.#seq + 1) >>> 0
    return this.#seq
  }

  /** The oldest effect not yet taken. Announcements come last, those of one step together. */
  poll(): SwimEffect | undefined {
    if (this.#effects.size === 0) this.#sendAnnouncements()
    return this.#effects.take()
  }

  tell(effect: SwimEffect): void {
    this.#effects.push(effect)
  }

  /** Spread a claim by gossip, in place of any older one about the same member. */
  spread(claim: Claim, ticket: number | undefined): void {
    const bytes = encodeMessage(claim)
    this.#broadcasts.queue({ key: claim.node, bytes, ...(ticket !== undefined && { ticket }) })
  }

  /** The ticket of one claim that has been spread or replaced. */
  takeFinished(): number | undefined {
    return this.#broadcasts.takeFinished()
  }

  /** Send nothing but gossip. False when there is none. */
  sendGossip(peer: Receiver, nowMs: Millis): boolean {
    const parts = this.#takeGossip(this.#bytesMax - COMPOUND_BYTES, nowMs)
    if (parts.length > 0) this.send(peer.address, parts, peer)
    return parts.length > 0
  }

  /** Send a message of the layer above to everybody present, or to so many of them at random. */
  announce(payload: Uint8Array): void {
    this.#announcements.push(encodeMessage({ type: 'user', payload }))
  }

  /**
   * Show ourselves as we are to everybody present, or to so many of them at random, besides what
   * gossip does: that reaches somebody not at all now and then, who then waits for a push/pull.
   */
  announceSelf(): void {
    const own = this.#members.get(this.#name)
    if (own?.state !== 'alive') return
    const { name: node, incarnation, addr, port, meta, versions } = own
    this.announceClaim({ type: 'alive', node, incarnation, addr, port, meta, versions })
  }

  /** The same with a claim of ours that gossip has as well. */
  announceClaim(claim: Claim): void {
    this.#announcements.push(encodeMessage(claim))
  }

  #sendAnnouncements(): void {
    if (this.#announcements.length === 0) return
    const packets = this.#inPackets(this.#announcements)
    this.#announcements = []
    const peers = this.#members.sample(ANNOUNCED_TO_MAX, ({ name, state }) => {
      return name !== this.#name && isPresent(state)
    })
    for (const parts of packets) this.#sendToAll(peers, parts)
  }

  /** In as few packets as they fit into in their order. */
  #inPackets(messages: readonly Uint8Array[]): readonly Uint8Array[][] {
    const packets: Uint8Array[][] = []
    let room = 0
    for (const message of messages) {
      const bytes = message.length + PART_OVERHEAD_BYTES
      if (packets.length === 0 || bytes > room) {
        packets.push([])
        room = this.#bytesMax - COMPOUND_BYTES
      }
      packets.at(-1)!.push(message)
      room -= bytes
    }
    return packets
  }

  #sendToAll(peers: readonly Receiver[], parts: readonly Uint8Array[]): void {
    // One packet for those that know checksums and one for the others, however many there are.
    const packets = new Map<boolean, Uint8Array>()
    for (const peer of peers) {
      const checksum = knowsChecksums(peer)
      const packet = packets.get(checksum) ?? this.#pack(parts, checksum)
      packets.set(checksum, packet)
      this.#sendPacket(peer.address, packet, parts)
    }
  }

  /** Send a message of the layer above to one address. */
  direct(to: Address, payload: Uint8Array): void {
    this.send(to, [encodeMessage({ type: 'user', payload })])
  }

  /**
   * Say that we are there. Who is no member gets the bare ack, so that nobody can be flooded with
   * more. A member may well be behind an address that is not the one it advertises; gossip goes to
   * those that are not.
   */
  answerPing({ seq, node, replyTo }: Ping, from: Address, nowMs: Millis): void {
    if (!this.#isFor(node)) return
    const to = replyAddress(replyTo, from)
    const isMember = this.#isAt(replyTo?.node ?? '', to)
    const payload = isMember ? this.#passenger.ackPayload() : NO_BYTES
    const ack = encodeMessage({ type: 'ack', seq, payload })
    if (isMember && sameAddress(to, from)) this.sendWithGossip(to, ack, nowMs)
    else this.send(to, [ack])
  }

  /** The same over a stream. */
  respondToPing(connection: number, { seq, node }: Ping): void {
    const ack: Ack = { type: 'ack', seq, payload: NO_BYTES }
    this.respond(connection, this.#isFor(node) ? ack : undefined)
  }

  /**
   * Send what somebody asked us to send. Gossip goes along only where `name` is a member at that
   * address, so that nobody else can be flooded with more than was sent to us.
   */
  sendAsAsked(name: string, to: Address, message: Uint8Array, nowMs: Millis): void {
    if (this.#isAt(name, to)) this.sendWithGossip(to, message, nowMs)
    else this.send(to, [message])
  }

  /** Send one message and as much gossip as still fits. */
  sendWithGossip(to: Address, message: Uint8Array, nowMs: Millis): void {
    const room = this.#bytesMax - message.length - COMPOUND_BYTES
    this.send(to, [message, ...this.#takeGossip(room, nowMs)])
  }

  /** @param peer the receiver, where its row is at hand: a checksum is added if it knows them. */
  send(to: Address, parts: readonly Uint8Array[], peer?: Receiver): void {
    const packet = this.#pack(parts, peer !== undefined && knowsChecksums(peer))
    this.#sendPacket(to, packet, parts)
  }

  #pack(parts: readonly Uint8Array[], checksum: boolean): Uint8Array {
    return packPacket(parts, { compression: this.#options.compression, checksum })
  }

  /** @param parts what is in the packet. */
  #sendPacket(to: Address, packet: Uint8Array, parts: readonly Uint8Array[]): void {
    const bytes = guardPacket(packet, this.#security)
    this.#stats.packetsSent++
    this.#stats.bytesSent += bytes.length
    for (const part of parts) tallyMessage(this.#stats.messagesSent, part)
    this.tell({ type: 'send', to, bytes })
  }

  dial(dial: number, to: Address, message: StreamMessage): void {
    this.tell({ type: 'dial', dial, to, bytes: this.#streamBytes(message, 'dialling') })
  }

  /** Say why a request was dropped; to who bears another label, which is of another cluster, nothing. */
  refuse(connection: number, fault: WireFault): void {
    const error = { type: 'error', reason: `dropped: ${fault}` } as const
    this.respond(connection, fault === 'label' ? undefined : error)
  }

  /** Answer a request, or close without a word. */
  respond(connection: number, message: StreamMessage | undefined): void {
    const bytes = message && this.#streamBytes(message, 'accepting')
    this.tell({ type: 'respond', connection, bytes })
  }

  #isAt(name: string, address: Address): boolean {
    const known = this.#members.get(name)
    return known !== undefined && sameAddress(known.address, address)
  }

  /** Whether a ping is meant for us; one that names nobody is for anyone. */
  #isFor(node: string): boolean {
    return node === '' || node === this.#name
  }

  #streamBytes(message: StreamMessage, end: StreamEnd): Uint8Array {
    const { compression } = this.#options
    return guardStream(encodeStream(message, { compression }), this.#security, end)
  }

  /** Claims, and behind them what the layer above wants carried. */
  #takeGossip(bytesMax: number, nowMs: Millis): Uint8Array[] {
    const limit = retransmitLimit(this.#options.retransmitMult, this.#members.size)
    const parts = this.#broadcasts.take(bytesMax, PART_OVERHEAD_BYTES, limit, GOSSIP_PARTS_MAX)
    let room = bytesMax
    for (const part of parts) room -= part.length + PART_OVERHEAD_BYTES
    if (room <= USER_OVERHEAD_BYTES) return parts
    const countMax = GOSSIP_PARTS_MAX - parts.length
    const payloads = this.#passenger.takePayloads(room, USER_OVERHEAD_BYTES, countMax, nowMs)
    return [...parts, ...payloads.map(userMessage)]
  }
}

function knowsChecksums({ versions }: Receiver): boolean {
  return versions[1] >= CHECKSUM_VERSION
}

function userMessage(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + payload.length)
  bytes[0] = MessageType.user
  bytes.set(payload, 1)
  return bytes
}

/** Where to answer: the address a message names, or else where it came from. */
export function replyAddress(replyTo: ReplyTo | undefined, from: Address): Address {
  const host = replyTo === undefined ? undefined : ipFromBytes(replyTo.addr)
  return host === undefined || replyTo === undefined || replyTo.port === 0
    ? from
    : { host, port: replyTo.port }
}
