import { createSocket, type Socket } from 'node:dgram'
import { canonicalIp, type Address } from '../base/address.ts'
import { plainBytes } from './plain-bytes.ts'

/** Asked of the system, which may grant less: room for a burst while the event loop is busy. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024
const RECEIVE_BUFFER_BYTES_MIN = 64 * 1024

/** The largest datagram that IPv4 can carry. */
const DATAGRAM_BYTES_MAX = 65_507

/** The datagram half of a transport. */
export class UdpEnd {
  readonly #onPacket: (from: Address, bytes: Uint8Array) => void
  #socket: Socket | undefined
  #isIpv6 = false

  constructor(onPacket: (from: Address, bytes: Uint8Array) => void) {
    this.#onPacket = onPacket
  }

  /** Rejects with the system's error; nothing stays open then. */
  async bind(address: Address): Promise<void> {
    this.#isIpv6 = address.host.includes(':')
    const socket = createSocket({
      type: this.#isIpv6 ? 'udp6' : 'udp4',
      reuseAddr: false,
      // Addresses are never names, so there is nothing to look up and no reason to wait.
      lookup: (host, _options, callback) => callback(null, host, this.#isIpv6 ? 6 : 4),
    })
    this.#socket = socket
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ address: address.host, port: address.port, exclusive: true }, resolve)
      })
    } catch (error) {
      await this.close()
      throw error
    }
    socket.removeAllListeners('error')
    // What goes wrong with one datagram is a lost datagram.
    socket.on('error', () => {})
    growReceiveBuffer(socket)
    socket.on('message', (bytes, from) => {
      // The system writes IPv4 as we do; in IPv6 the same place may be written otherwise.
      const isCanonical = from.family === 'IPv4'
      const host = isCanonical ? from.address : (canonicalIp(from.address) ?? from.address)
      this.#onPacket({ host, port: from.port }, plainBytes(bytes))
    })
  }

  send(to: Address, bytes: Uint8Array): void {
    if (this.#socket === undefined || bytes.length > DATAGRAM_BYTES_MAX) return
    const host = this.#isIpv6 && !to.host.includes(':') ? `::ffff:${to.host}` : to.host
    try {
      this.#socket.send(bytes, to.port, host, () => {})
    } catch {
      // A port or an address that the system refuses outright: lost, like any other.
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    await new Promise<void>((resolve) => {
      socket.close(resolve)
    })
  }
}

function growReceiveBuffer(socket: Socket): void {
  for (let bytes = RECEIVE_BUFFER_BYTES; bytes >= RECEIVE_BUFFER_BYTES_MIN; bytes /= 2) {
    try {
      socket.setRecvBufferSize(bytes)
      return
    } catch {
      // The system allows less; ask for half.
    }
  }
}
