import { createServer, type Server, type Socket } from 'node:net'
import { addressText, canonicalIp, type Address } from '../base/address.ts'
import { BindError } from '../base/errors.ts'
import type { Listener, Visitor, VisitorHandler } from '../ports/listener.ts'
import { close, listen } from './listening.ts'
import { plainBytes } from './plain-bytes.ts'

/** Takes TCP connections at one address, a given number of them at a time. */
export class TcpListener implements Listener {
  readonly #address: Address
  readonly #connectionsMax: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(address: Address, connectionsMax: number) {
    this.#address = address
    this.#connectionsMax = connectionsMax
  }

  async open(onVisitor: (visitor: Visitor) => VisitorHandler): Promise<Address> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket, onVisitor))
    server.maxConnections = this.#connectionsMax
    const port = await listen(server, this.#address).catch((cause: unknown) => {
      throw new BindError(addressText(this.#address), cause)
    })
    this.#server = server
    return { host: this.#address.host, port }
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = close(server)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(socket: Socket, onVisitor: (visitor: Visitor) => VisitorHandler): void {
    const { remoteAddress, remotePort } = socket
    socket.on('error', () => {})
    // Gone before we got to it.
    if (remoteAddress === undefined || remotePort === undefined || this.#server === undefined) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    const host = canonicalIp(remoteAddress) ?? remoteAddress
    const handler = onVisitor(visitorOf(socket, { host, port: remotePort }))
    socket.on('data', (bytes) => handler.onBytes(plainBytes(bytes)))
    socket.on('drain', () => handler.onDrained())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      handler.onGone()
    })
  }
}

function visitorOf(socket: Socket, peer: Address): Visitor {
  return {
    peer,
    write: (bytes) => socket.destroyed || socket.writableEnded || socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(() => socket.destroySoon()),
    destroy: () => void socket.destroy(),
  }
}
