import { connect, createServer, type Server, type Socket } from 'node:net'
import { canonicalIp, type Address } from '../base/address.ts'
import type { Stream, StreamHandler } from '../ports/transport.ts'
import { close, listen } from './listening.ts'
import { plainBytes } from './plain-bytes.ts'

/** The stream half of a transport. */
export class TcpEnd {
  readonly #onStream: (stream: Stream) => StreamHandler
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #isClosed = false

  constructor(onStream: (stream: Stream) => StreamHandler) {
    this.#onStream = onStream
  }

  /** The port in use. Rejects with the system's error; nothing stays open then. */
  async listen(address: Address): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket)
    })
    this.#server = server
    try {
      return await listen(server, address)
    } catch (error) {
      this.#server = undefined
      throw error
    }
  }

  dial(to: Address, handler: StreamHandler): Stream {
    if (this.#isClosed || to.port < 1 || to.port > 65_535) return unreachable(to, handler)
    const socket = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true })
    const stream = new SocketStream(socket, to)
    this.#track(socket)
    if (handler.onConnected !== undefined) socket.once('connect', () => handler.onConnected?.())
    stream.listen(handler)
    return stream
  }

  /** Destroys every stream and stops listening; resolves once the port is free. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
    await this.stopListening()
  }

  async stopListening(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    await close(server)
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    // Gone before we got to it.
    if (remoteAddress === undefined || remotePort === undefined || this.#isClosed) {
      socket.destroy()
      return
    }
    this.#track(socket)
    const host = canonicalIp(remoteAddress) ?? remoteAddress
    const stream = new SocketStream(socket, { host, port: remotePort })
    stream.listen(this.#onStream(stream))
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

class SocketStream implements Stream {
  readonly peer: Address
  readonly #socket: Socket
  #error: Error | undefined
  #peerEnded = false

  constructor(socket: Socket, peer: Address) {
    this.#socket = socket
    this.peer = peer
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.writableEnded && !this.#socket.destroyed) this.#socket.write(bytes)
  }

  end(): void {
    if (!this.#socket.writableEnded && !this.#socket.destroyed) this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  listen(handler: StreamHandler): void {
    const socket = this.#socket
    socket.on('data', (bytes) => handler.onBytes(plainBytes(bytes)))
    socket.on('end', () => {
      this.#peerEnded = true
      handler.onEnd()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      const isClean = this.#peerEnded && socket.writableFinished
      handler.onClosed(
        isClean ? undefined : (this.#error ?? new Error('the stream was broken off')),
      )
    })
  }
}

/** A stream that never opens. */
export function unreachable(peer: Address, handler: StreamHandler): Stream {
  setImmediate(() => handler.onClosed(new Error('there is no way to that address')))
  return { peer, write: () => {}, end: () => {}, destroy: () => {} }
}
