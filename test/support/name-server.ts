import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from 'dns-packet'

/** Who offers a service, and how early to be asked. */
export interface ServiceRecord {
  readonly target: string
  readonly port: number
  readonly priority?: number
}

/** A name server that knows services only. */
export class NameServer implements AsyncDisposable {
  /** Names that were asked for. */
  readonly asked: string[] = []
  readonly #socket = createSocket('udp4')
  readonly #services: ReadonlyMap<string, readonly ServiceRecord[]>

  private constructor(services: Readonly<Record<string, readonly ServiceRecord[]>>) {
    this.#services = new Map(Object.entries(services))
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#socket.send(this.#answer(bytes), port, address)
    })
  }

  static async start(
    host: string,
    services: Readonly<Record<string, readonly ServiceRecord[]>>,
  ): Promise<NameServer> {
    const server = new NameServer(services)
    server.#socket.bind(0, host)
    await once(server.#socket, 'listening')
    return server
  }

  /** `host:port`. */
  get address(): string {
    const { address, port } = this.#socket.address()
    return `${address}:${port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  #answer(bytes: Buffer): Buffer {
    const { id = 0, questions = [] } = decode(bytes)
    const name = questions[0]?.name ?? ''
    this.asked.push(name)
    const records = this.#services.get(name.toLowerCase())
    const rcode = records === undefined ? 3 : 0
    return encode({
      type: 'response',
      id,
      flags: 0x8180 | rcode,
      questions,
      answers: (records ?? []).map(({ target, port, priority = 0 }) => ({
        type: 'SRV',
        name,
        data: { target, port, priority, weight: 0 },
      })),
    })
  }
}
