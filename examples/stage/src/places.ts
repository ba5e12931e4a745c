import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Where one process of an example listens. */
export interface Place {
  /** Gossip, `host:port`. */
  readonly gossip: string
  readonly host: string
  readonly httpPort: number
  /** Serf's RPC, `host:port`. */
  readonly rpc: string
}

/**
 * Hands out places on this machine. On Linux each is an address of its own below 127.77, so that
 * ports are the usual ones and examples do not meet; elsewhere free ports on 127.0.0.1.
 */
export class Places {
  readonly #network = `127.77.${randomInt(0, 256)}`
  #last = randomInt(1, 200)

  async next(): Promise<Place> {
    if (process.platform !== 'linux') return await onFreePorts()
    const host = `${this.#network}.${++this.#last}`
    return { host, gossip: `${host}:7946`, httpPort: 8080, rpc: `${host}:7373` }
  }
}

async function onFreePorts(): Promise<Place> {
  const host = '127.0.0.1'
  const [gossip, http, rpc] = await Promise.all([freePort(host), freePort(host), freePort(host)])
  return { host, gossip: `${host}:${gossip}`, httpPort: http, rpc: `${host}:${rpc}` }
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
