import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Addresses of this machine that no other test uses: Linux answers on all of 127.0.0.0/8. Drawn
 * per process, so that two runs at once keep out of each other's way.
 */
export interface LoopbackAddresses {
  /** A fresh one. */
  next(): string
}

/** Up to 250 addresses in a /24 of their own. */
export function loopbackAddresses(): LoopbackAddresses {
  const prefix = `127.${randomInt(100, 250)}.${randomInt(0, 256)}`
  let last = 0
  return {
    next() {
      last++
      if (last > 250) throw new Error('250 loopback addresses were not enough')
      return `${prefix}.${last}`
    },
  }
}

/** None of the ports from here on is given to whoever takes any, such as the caller of a connection. */
const PORTS = { from: 10_000, to: 32_768 } as const

/** A port of this address that nobody listens at, for whoever cannot take any that is free. */
export async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(PORTS.from, PORTS.to)
    const server = createServer().listen(port, host)
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error(`of 100 ports of ${host} none was free`)
}
