import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Passes on what comes to one address to another, as a router does for those behind it. */
export class Forwarder implements AsyncDisposable {
  /** Datagrams and streams that were passed on. */
  readonly passed = { datagrams: 0, streams: 0 }
  readonly #udp = createSocket('udp4')
  readonly #tcp = createServer()
  readonly #sockets = new Set<Socket>()

  private constructor(to: string, port: number) {
    // From a port of its own, as the far side of a router sees it.
    const out = createSocket('udp4')
    this.#udp.on('close', () => out.close())
    this.#udp.on('message', (bytes) => {
      this.passed.datagrams++
      out.send(bytes, port, to)
    })
    this.#tcp.on('connection', (near) => {
      this.passed.streams++
      const far = connect(port, to)
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => this.#sockets.delete(one))
        one.pipe(other)
      }
    })
  }

  /** @param at where it listens. @param to where that leads; both by IP address. */
  static async start(at: string, to: string, port: number): Promise<Forwarder> {
    const forwarder = new Forwarder(to, port)
    forwarder.#udp.bind(port, at)
    await once(forwarder.#udp, 'listening')
    forwarder.#tcp.listen(port, at)
    await once(forwarder.#tcp, 'listening')
    return forwarder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#udp.close()
    this.#tcp.close()
    await once(this.#tcp, 'close')
  }
}
