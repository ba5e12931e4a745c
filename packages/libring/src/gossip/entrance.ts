import type { Address } from '../base/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Receiver, Stream, StreamHandler, Transport } from '../ports/transport.ts'

/**
 * Whatever a node does, it does because time has passed or something has come. Those who want to
 * know are told first.
 */
export class Entrance {
  /** The clock, as the node is to see it. */
  readonly clock: Clock
  /** The transport, as the node is to see it. */
  readonly transport: Transport
  /** The resolver, as the node is to see it. */
  readonly resolver: Resolver
  readonly #watchers = new Set<{ readonly watcher: () => void }>()

  constructor(clock: Clock, transport: Transport, resolver: Resolver) {
    const enter = (): void => {
      for (const { watcher } of this.#watchers) watcher()
    }
    this.clock = {
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      at: (atMs, callback) => {
        return clock.at(atMs, () => {
          enter()
          callback()
        })
      },
    }
    this.transport = new WatchedTransport(transport, enter)
    this.resolver = {
      resolve: (name, onResult) => {
        resolver.resolve(name, (resolution) => {
          enter()
          onResult(resolution)
        })
      },
    }
  }

  /** Returns how to stop. */
  watch(watcher: () => void): () => void {
    const watching = { watcher }
    this.#watchers.add(watching)
    return () => void this.#watchers.delete(watching)
  }
}

class WatchedTransport implements Transport {
  readonly #inner: Transport
  readonly #enter: () => void

  constructor(inner: Transport, enter: () => void) {
    this.#inner = inner
    this.#enter = enter
  }

  get address(): Address {
    return this.#inner.address
  }

  open(receiver: Receiver): Promise<void> | void {
    return this.#inner.open({
      onPacket: (from, bytes) => {
        this.#enter()
        receiver.onPacket(from, bytes)
      },
      onStream: (stream) => {
        this.#enter()
        return this.#watched(receiver.onStream(stream))
      },
    })
  }

  sendPacket(to: Address, bytes: Uint8Array): void {
    this.#inner.sendPacket(to, bytes)
  }

  dial(to: Address, handler: StreamHandler): Stream {
    return this.#inner.dial(to, this.#watched(handler))
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]()
  }

  #watched(handler: StreamHandler): StreamHandler {
    return {
      onConnected: () => {
        this.#enter()
        handler.onConnected?.()
      },
      onBytes: (bytes) => {
        this.#enter()
        handler.onBytes(bytes)
      },
      onEnd: () => {
        this.#enter()
        handler.onEnd()
      },
      onClosed: (error) => {
        this.#enter()
        handler.onClosed(error)
      },
    }
  }
}
