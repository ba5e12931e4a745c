import type { Address } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES, toHex } from '../../../packages/libring/src/base/bytes.ts'
import type { SerfEffect, SerfInput } from '../../../packages/libring/src/serf/effects.ts'
import { decodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { PacketMessage, StreamMessage } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import {
  guardPacket,
  unguardPacket,
  type Security,
  type StreamEnd,
} from '../../../packages/libring/src/wire/security.ts'
import { StreamDecoder } from '../../../packages/libring/src/wire/stream.ts'
import { hex } from '../../support/vectors.ts'
import { newMachine, tell } from './world.ts'

/** What was recorded between agents. Times are in seconds. */
export interface Capture {
  readonly packets: readonly {
    readonly t: number
    readonly src: string
    readonly dst: string
    readonly hex: string
    /** What was sealed in it. */
    readonly plainHex?: string
  }[]
  readonly streams: readonly {
    readonly t: number
    readonly server: string
    readonly c2sHex: string
    readonly s2cHex: string
  }[]
}

/** Who stands in for whom, and what those around it did besides talking. */
export interface Part {
  readonly name: string
  readonly address: Address
  readonly security: Security
  /** What is answered to queries by name. */
  readonly answers: Readonly<Record<string, Uint8Array>>
  /** Until when somebody answers pings, by host, in seconds. */
  readonly diedAt: Readonly<Record<string, number>>
  /** When it was told to leave, in seconds. */
  readonly leavesAt: number
}

/**
 * A node of ours in the place of one of the agents that were recorded. It hears what that one was
 * sent, at the time at which it was sent. Its own pings are answered here: their numbers are its own.
 */
export class StandIn {
  readonly machine: SerfMachine
  /** What it told, in order. */
  readonly news: string[] = []
  /** The messages that it sent, each once, as {@link textOf} has them. */
  readonly sent: Set<string> = new Set()
  /** What it answered on streams. */
  readonly responses: StreamMessage[] = []
  readonly #part: Part
  #nowMs = 0

  constructor(part: Part) {
    this.#part = part
    const { name, security, address } = part
    this.machine = newMachine(name, { security })
    this.#feed({ type: 'start', advertise: address })
  }

  replay({ packets, streams }: Capture): void {
    const { address, security, leavesAt } = this.#part
    const { host, port } = address
    const inputs: { readonly t: number; readonly input: SerfInput }[] = [
      { t: leavesAt, input: { type: 'leave' } },
    ]
    for (const { t, src, dst, hex: form } of packets) {
      const input = { type: 'packet', from: { host: src, port }, bytes: hex(form) } as const
      if (dst === host) inputs.push({ t, input })
    }
    for (const [connection, { t, server, c2sHex }] of streams.entries()) {
      const message = streamMessage(hex(c2sHex), 'dialling', security)
      if (server === host) inputs.push({ t, input: { type: 'request', connection, message } })
    }
    for (const { t, input } of inputs.sort((a, b) => a.t - b.t)) {
      if (t === Infinity) continue
      this.#pass(t * 1_000)
      this.#feed(input)
    }
  }

  /** What the agent sent in its place. */
  recorded({ packets }: Capture): Set<string> {
    const sent = new Set<string>()
    for (const { src, dst, hex: form, plainHex = form } of packets) {
      if (src !== this.#part.address.host || src === dst) continue
      for (const message of openPacket(hex(plainHex)).messages) sent.add(textOf(message, dst))
    }
    return sent
  }

  #pass(untilMs: number): void {
    const next = (): number => this.machine.deadlineMs() ?? Infinity
    for (let dueMs = next(); dueMs <= untilMs; dueMs = next()) {
      this.#nowMs = Math.max(this.#nowMs, dueMs)
      this.machine.tick(this.#nowMs)
      this.#drain()
    }
    this.#nowMs = untilMs
  }

  #feed(input: SerfInput): void {
    this.machine.handle(input, this.#nowMs)
    this.#drain()
  }

  #drain(): void {
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      const told = tell(effect)
      if (told !== undefined) this.news.push(told)
      this.#perform(effect)
    }
  }

  #perform(effect: SerfEffect): void {
    const { security, answers } = this.#part
    if (effect.type === 'send') this.#send(effect.to, effect.bytes)
    if (effect.type === 'respond') {
      this.responses.push(streamMessage(effect.bytes!, 'accepting', security))
    }
    const payload = effect.type === 'query' ? answers[effect.name] : undefined
    if (effect.type === 'query' && payload !== undefined) {
      this.#feed({ type: 'respond-query', query: effect.query, payload })
    }
  }

  #send(to: Address, bytes: Uint8Array): void {
    const { security, diedAt } = this.#part
    const packet = unguardPacket(bytes, security)
    if (typeof packet === 'string') throw new Error(`it sent what nobody can open: ${packet}`)
    for (const message of openPacket(packet).messages) {
      this.sent.add(textOf(message, to.host))
      if (message.type !== 'ping' || this.#nowMs > 1_000 * (diedAt[to.host] ?? Infinity)) continue
      const ack = encodeMessage({ type: 'ack', seq: message.seq, payload: NO_BYTES })
      this.#feed({ type: 'packet', from: to, bytes: guardPacket(ack, security) })
    }
  }
}

/** What one end of a stream sent. */
export function streamMessage(
  bytes: Uint8Array,
  end: StreamEnd,
  security: Security,
): StreamMessage {
  const result = new StreamDecoder(end, security).push(bytes)
  if (result.status !== 'message') throw new Error(`no message in the stream: ${result.status}`)
  return result.message
}

/**
 * A message as text. What chance decides is left out: numbers of pings, which count those for others
 * too, where somebody is, and whom gossip and relays go through. Answers bear whom they went to.
 */
function textOf(message: PacketMessage, to: string): string {
  switch (message.type) {
    case 'ping':
    case 'indirect-ping':
      return json({ ...message, seq: undefined })
    case 'ack':
      return json({ to, ...message, payload: `${message.payload.length} bytes` })
    case 'nack':
      return json({ to, ...message })
    case 'user': {
      const { message: inner, fault } = decodeSerf(message.payload)
      if (inner === undefined) throw new Error(`not a message of Serf's: ${fault}`)
      return json(inner.type === 'query-response' ? { to, ...inner } : inner)
    }
    case 'alive':
    case 'suspect':
    case 'dead':
      return json(message)
  }
}

function json(message: object): string {
  return JSON.stringify(message, (_, value: unknown) => {
    if (value instanceof Uint8Array) return toHex(value)
    return typeof value === 'bigint' ? Number(value) : value
  })
}
