import { addressText, type Address } from '../../../packages/libring/src/base/address.ts'
import { utf8Decode } from '../../../packages/libring/src/base/bytes.ts'
import { Fifo } from '../../../packages/libring/src/base/fifo.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { SerfEffect, SerfInput } from '../../../packages/libring/src/serf/effects.ts'
import { decodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { resolveSerfOptions, type SerfOptions } from '../../../packages/libring/src/serf/options.ts'
import { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import {
  resolveSwimOptions,
  type Profile,
  type SwimOptions,
} from '../../../packages/libring/src/swim/options.ts'
import type { StreamMessage } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import type { Security } from '../../../packages/libring/src/wire/security.ts'
import { StreamDecoder } from '../../../packages/libring/src/wire/stream.ts'

/** Everything that one node's machine was made from, as far as tests vary it. */
export interface NodeSetup {
  readonly tags?: Record<string, string>
  readonly swim?: SwimOptions
  readonly serf?: SerfOptions
  readonly profile?: Profile
  readonly seed?: number
  readonly coordinates?: boolean
  readonly security?: Security
}

export function newMachine(name: string, setup: NodeSetup = {}): SerfMachine {
  const { tags = {}, swim = {}, serf = {}, profile = 'local', seed = 1 } = setup
  const { coordinates, security } = setup
  return new SerfMachine({
    name,
    tags,
    swim: resolveSwimOptions(profile, { compression: false, ...swim }),
    serf: resolveSerfOptions(serf),
    random: seededRandom(seed, name),
    ...(coordinates !== undefined && { coordinates }),
    ...(security !== undefined && { security }),
  })
}

/** Member events as `member-join ann`, other news of the node's own by their type. */
export function tell(effect: SerfEffect): string | undefined {
  switch (effect.type) {
    case 'members':
      return `${effect.event.type} ${effect.event.members.map(({ name }) => name).join(' ')}`
    case 'joined':
      return `joined ${effect.join}: ${effect.contacted}`
    case 'user-event':
      return `user-event ${effect.name} ${utf8Decode(effect.payload)}`
    case 'query':
      return `query ${effect.query} ${effect.name} ${utf8Decode(effect.payload)} from ${effect.from}`
    case 'query-answer':
      return `${effect.kind} ${effect.query} from ${effect.from} ${utf8Decode(effect.payload)}`.trim()
    case 'query-over':
      return `query-over ${effect.query}`
    case 'name-lost':
      return `name-lost ${effect.forUs} of ${effect.votes}`
    case 'tags-spread':
    case 'left':
      return `${effect.type} ${effect.spread}`
    case 'force-left':
      return `force-left ${effect.name} ${effect.spread}`
    case 'send':
    case 'dial':
    case 'abandon':
    case 'respond':
    case 'conflict':
    case 'user-event-sent':
    case 'query-sent':
    case 'keys-changed':
      return undefined
  }
}

/** What stands in a stream that holds one whole message. */
export function streamMessage(bytes: Uint8Array): StreamMessage {
  const result = new StreamDecoder('dialling').push(bytes)
  if (result.status !== 'message') throw new Error(`no message in the stream: ${result.status}`)
  return result.message
}

/** The Serf messages in a datagram. */
export function serfMessages(bytes: Uint8Array): SerfMessage[] {
  return openPacket(bytes).messages.flatMap((message) => {
    if (message.type !== 'user') return []
    const decoded = decodeSerf(message.payload)
    return decoded.message === undefined ? [] : [decoded.message]
  })
}

interface Node {
  readonly name: string
  readonly address: Address
  readonly machine: SerfMachine
  readonly news: string[]
  /** Serf messages it sent, each time it sent them. */
  readonly sent: SerfMessage[]
}

/**
 * A few nodes wired back to back. What one sends arrives at once and in order; time is a number
 * that jumps from one deadline to the next.
 */
export class World {
  nowMs = 0
  readonly #nodes = new Map<string, Node>()
  readonly #deliveries = new Fifo<() => void>()
  #connection = 0

  /** Start a node; the first is at 127.0.0.1, the next at 127.0.0.2, unless it says where. */
  start(name: string, setup: NodeSetup = {}, last: number = this.#nodes.size + 1): SerfMachine {
    const machine = newMachine(name, setup)
    const address = { host: `127.0.0.${last}`, port: 7946 }
    this.#nodes.set(name, { name, address, machine, news: [], sent: [] })
    this.feed(name, { type: 'start', advertise: address })
    return machine
  }

  /** End a node without a word. */
  kill(name: string): void {
    this.#nodes.delete(name)
  }

  /** Tell a node something and let everything that follows at once happen. */
  feed(name: string, input: SerfInput): void {
    this.#feed(this.#node(name), input)
    this.#deliver()
  }

  join(name: string, seed: string): void {
    this.feed(name, { type: 'join', join: 1, seeds: [this.#node(seed).address] })
  }

  /** Let so many milliseconds pass. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (;;) {
      const nodes = [...this.#nodes.values()]
      const nextMs = Math.min(...nodes.map(({ machine }) => machine.deadlineMs() ?? Infinity))
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      for (const node of nodes) {
        node.machine.tick(this.nowMs)
        this.#drain(node)
      }
      this.#deliver()
    }
    this.nowMs = endMs
  }

  /** What a node told since it was last asked. */
  news(name: string): string[] {
    return this.#node(name).news.splice(0)
  }

  /** The Serf messages a node sent since it was last asked. */
  sent(name: string): SerfMessage[] {
    return this.#node(name).sent.splice(0)
  }

  /** Members as one sees them, `ann:alive bob:failed`, by name. */
  view(name: string): string {
    const members = this.#node(name).machine.members()
    return members
      .map((member) => `${member.name}:${member.status}`)
      .sort()
      .join(' ')
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }

  #at(address: Address): Node | undefined {
    const text = addressText(address)
    return [...this.#nodes.values()].find((node) => addressText(node.address) === text)
  }

  #feed(node: Node, input: SerfInput): void {
    if (this.#nodes.get(node.name) !== node) return
    node.machine.handle(input, this.nowMs)
    this.#drain(node)
  }

  #deliver(): void {
    for (let deliver = this.#deliveries.take(); deliver !== undefined;) {
      deliver()
      deliver = this.#deliveries.take()
    }
  }

  #drain(node: Node): void {
    for (let effect = node.machine.poll(); effect !== undefined; effect = node.machine.poll()) {
      const told = tell(effect)
      if (told !== undefined) node.news.push(told)
      this.#perform(node, effect)
    }
  }

  #perform(node: Node, effect: SerfEffect): void {
    if (effect.type === 'send') {
      const { to, bytes } = effect
      node.sent.push(...serfMessages(bytes))
      this.#deliveries.push(() => {
        const peer = this.#at(to)
        if (peer !== undefined) this.#feed(peer, { type: 'packet', from: node.address, bytes })
      })
    } else if (effect.type === 'dial') {
      this.#deliveries.push(() => this.#dial(node, effect))
    } else if (effect.type === 'respond') {
      this.#respond.get(effect.connection)?.(effect.bytes)
      this.#respond.delete(effect.connection)
    }
  }

  readonly #respond = new Map<number, (bytes: Uint8Array | undefined) => void>()

  #dial(node: Node, { dial, to, bytes }: Extract<SerfEffect, { type: 'dial' }>): void {
    const fail = (reason: string) => this.#feed(node, { type: 'dial-failed', dial, reason })
    const peer = this.#at(to)
    if (peer === undefined) return fail('connection refused')
    const connection = ++this.#connection
    this.#respond.set(connection, (answer) => {
      this.#deliveries.push(() => {
        if (answer === undefined) fail('closed')
        else this.#feed(node, { type: 'reply', dial, message: streamMessage(answer) })
      })
    })
    this.#feed(peer, { type: 'request', connection, message: streamMessage(bytes) })
  }
}
