import type { Address } from '../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import {
  resolveGossipOptions,
  type GossipOptions,
} from '../../packages/libring/src/gossip/options.ts'
import type { LogFields, Logger } from '../../packages/libring/src/ports/logger.ts'
import type { KeyStore } from '../../packages/libring/src/ports/key-store.ts'
import type { Resolver } from '../../packages/libring/src/ports/resolver.ts'
import type { Store } from '../../packages/libring/src/ports/store.ts'
import type { Receiver, Transport } from '../../packages/libring/src/ports/transport.ts'
import { SimCipher } from '../../packages/libring/src/sim/cipher.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { SimResolver, type Names } from '../../packages/libring/src/sim/names.ts'
import { SimNetwork } from '../../packages/libring/src/sim/network.ts'
import { Trace } from '../../packages/libring/src/sim/trace.ts'

/** A logger that keeps what it is told. */
export class LogBook implements Logger {
  readonly lines: {
    readonly level: string
    readonly message: string
    readonly fields: LogFields
  }[] = []

  messages(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message)
  }

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields })
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields })
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields })
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields })
  }
}

/** A network, a clock and a name service for nodes that a test makes one by one. */
export class Bench {
  readonly clock: SimClock = new SimClock()
  readonly names: Names = new Map()
  readonly network: SimNetwork = new SimNetwork(this.clock, new Trace(0), {
    latencyMs: [1, 5],
    lossRate: 0,
    duplicateRate: 0,
  })

  /** A node at 10.0.0.`last`, not started. */
  node(
    last: number,
    options: GossipOptions = {},
    replace: {
      readonly wrap?: (transport: Transport) => Transport
      readonly logger?: Logger
      readonly store?: Store
      readonly keyStore?: KeyStore
      readonly resolver?: (resolver: Resolver) => Resolver
    } = {},
  ): GossipNode {
    const resolved = resolveGossipOptions(
      { hostName: `node-${last}`, bind: `10.0.0.${last}:7946`, ...options },
      { hostName: () => 'machine', advertiseHost: () => `10.0.0.${last}` },
    )
    const transport = this.network.transport(resolved.bind, seededRandom(last, 'network'))
    const resolver = new SimResolver(this.names, this.clock, seededRandom(last, 'names'))
    return new GossipNode({
      options: resolved,
      transport: replace.wrap?.(transport) ?? transport,
      clock: this.clock,
      random: seededRandom(last),
      resolver: replace.resolver?.(resolver) ?? resolver,
      cipher: new SimCipher(seededRandom(last, 'cipher')),
      logger: replace.logger ?? new LogBook(),
      store: replace.store,
      keyStore: replace.keyStore,
    })
  }

  pass(durationMs: number): void {
    this.clock.runUntil(this.clock.nowMs() + durationMs)
  }

  /** What a promise comes to, while time passes as fast as it can. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const done = promise.finally(() => (isSettled = true))
    done.catch(() => {})
    for (let turn = 0; turn < 100_000 && !isSettled; turn++) {
      this.pass(10)
      await Promise.resolve()
    }
    return await done
  }
}

/** A transport that takes a turn of the event loop or more to open, as sockets do. */
export class SlowTransport implements Transport {
  readonly sendPacket: Transport['sendPacket']
  readonly dial: Transport['dial']
  readonly #inner: Transport
  readonly #turns: number
  #opening: Promise<void> | undefined

  constructor(inner: Transport, turns = 3) {
    this.#inner = inner
    this.#turns = turns
    this.sendPacket = (to, bytes) => inner.sendPacket(to, bytes)
    this.dial = (to, handler) => inner.dial(to, handler)
  }

  get address(): Address {
    return this.#inner.address
  }

  open(receiver: Receiver): Promise<void> {
    this.#opening = this.#open(receiver)
    return this.#opening
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => {})
    await this.#inner[Symbol.asyncDispose]()
  }

  async #open(receiver: Receiver): Promise<void> {
    for (let turn = 0; turn < this.#turns; turn++) await Promise.resolve()
    await this.#inner.open(receiver)
  }
}
