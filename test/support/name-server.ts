import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode, type Answer } from 'dns-packet'

/** Who offers a service, and how early to be asked. */
export interface ServiceRecord {
  readonly target: string
  readonly port: number
  readonly priority?: number
}

/** What a name server knows: who offers a service, and the addresses of hosts, IPv4 and IPv6. */
export interface Zone {
  readonly services?: Readonly<Record<string, readonly ServiceRecord[]>>
  readonly hosts?: Readonly<Record<string, readonly string[]>>
}

/** A name server that knows what it is told, and nobody else. */
export class NameServer implements AsyncDisposable {
  /** Names that were asked for. */
  readonly asked: string[] = []
  readonly #socket = createSocket('udp4')
  readonly #services: ReadonlyMap<string, readonly ServiceRecord[]>
  readonly #hosts: ReadonlyMap<string, readonly string[]>

  private constructor({ services = {}, hosts = {} }: Zone) {
    this.#services = new Map(Object.entries(services))
    this.#hosts = new Map(Object.entries(hosts))
    this.#socket.on('message', (bytes, { address, port }) => {
      this.#socket.send(this.#answer(bytes), port, address)
    })
  }

  /** @param port that of all name servers is 53, which takes a privilege; 0 takes any that is free. */
  static async start(host: string, zone: Zone, port = 0): Promise<NameServer> {
    const server = new NameServer(zone)
    server.#socket.bind(port, host)
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
    const { name = '', type = 'SRV' } = questions[0] ?? {}
    this.asked.push(name)
    const services = this.#services.get(name.toLowerCase())
    const hosts = this.#hosts.get(name.toLowerCase())
    const rcode = services === undefined && hosts === undefined ? 3 : 0
    const answers: Answer[] = [
      ...(services ?? []).map(({ target, port, priority = 0 }) => {
        return { type: 'SRV', name, data: { target, port, priority, weight: 0 } } as const
      }),
      ...(hosts ?? []).map((data) => {
        return { type: data.includes(':') ? 'AAAA' : 'A', name, data } as const
      }),
    ]
    return encode({
      type: 'response',
      id,
      flags: 0x8180 | rcode,
      questions,
      answers: answers.filter((answer) => answer.type === type),
    })
  }
}
