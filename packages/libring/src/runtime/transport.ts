import { addressText, type Address } from '../base/address.ts'
import { BindError, invariant, LibringError } from '../base/errors.ts'
import type { Receiver, Stream, StreamHandler, Transport } from '../ports/transport.ts'
import { TcpEnd, unreachable } from './tcp.ts'
import { UdpEnd } from './udp.ts'

/** A port that the system picked for streams may be taken for datagrams; so many picks are tried. */
const PORT_TRIES_MAX = 10

/** UDP and TCP sockets on one port. */
export class SocketTransport implements Transport {
  readonly #bind: Address
  #udp: UdpEnd | undefined
  #tcp: TcpEnd | undefined
  #address: Address | undefined
  #opening: Promise<void> | undefined
  #isDisposed = false

  /** @param bind an IP address; port 0 picks one that is free for both. */
  constructor(bind: Address) {
    this.#bind = bind
  }

  get address(): Address {
    invariant(this.#address !== undefined, 'a transport has an address once it is open')
    return this.#address
  }

  async open(receiver: Receiver): Promise<void> {
    invariant(this.#opening === undefined, 'a transport is opened once')
    if (this.#isDisposed) throw closedError()
    this.#opening = this.#open(receiver)
    try {
      await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  sendPacket(to: Address, bytes: Uint8Array): void {
    if (!this.#isDisposed) this.#udp?.send(to, bytes)
  }

  dial(to: Address, handler: StreamHandler): Stream {
    return this.#tcp?.dial(to, handler) ?? unreachable(to, handler)
  }

  /** Resolves once the port is free. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    // An opening under way sees the flag and closes what it opened itself.
    await this.#opening?.catch(() => {})
    await Promise.all([this.#tcp?.close(), this.#udp?.close()])
  }

  async #open(receiver: Receiver): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#bindBoth(receiver)
        return
      } catch (error) {
        if (error instanceof LibringError) throw error
        const mayRetry = this.#bind.port === 0 && tries < PORT_TRIES_MAX && isInUse(error)
        if (!mayRetry) throw new BindError(addressText(this.#bind), error)
      }
    }
  }

  async #bindBoth(receiver: Receiver): Promise<void> {
    const { host } = this.#bind
    const tcp = new TcpEnd((stream) => receiver.onStream(stream))
    const udp = new UdpEnd((from, bytes) => {
      if (!this.#isDisposed) receiver.onPacket(from, bytes)
    })
    const port = await tcp.listen(this.#bind)
    try {
      if (this.#isDisposed) throw closedError()
      await udp.bind({ host, port })
      if (this.#isDisposed) throw closedError()
    } catch (error) {
      await Promise.all([tcp.close(), udp.close()])
      throw error
    }
    this.#tcp = tcp
    this.#udp = udp
    this.#address = { host, port }
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the transport was closed before it was open')
}
