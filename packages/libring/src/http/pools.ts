import type { Duplex } from 'node:stream'
import { Pool } from 'undici'
import type { MemberEvent } from '../base/member.ts'
import type { Reachable } from '../routing/itinerary.ts'
import type { MemberTls } from './options.ts'

/** How connections to members are made. */
export interface PoolOptions {
  readonly connectTimeoutMs: number
  /** How long a member may take to begin its answer. */
  readonly upstreamTimeoutMs: number
  /** How long a member may be silent within its answer; 0 for ever. */
  readonly idleTimeoutMs: number
  readonly headerBytesMax: number
  readonly tls: MemberTls | undefined
}

/** Connections to one member. */
export interface MemberPool {
  readonly pool: Pool
  readonly url: string
  readonly origin: string
  /** What paths begin with there; empty for nothing. */
  readonly basePath: string
  /** Whom the certificate is to be for; `undefined` without TLS. */
  readonly servername: string | undefined
  /** Connections to it that have changed their protocol, which the pool knows no more of. */
  readonly upgraded: Set<Duplex>
}

/** Connections to members, which close when those leave. */
export class Pools {
  readonly #options: PoolOptions
  readonly #byName = new Map<string, MemberPool>()

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#byName.size
  }

  of({ name, url }: Reachable): MemberPool {
    const known = this.#byName.get(name)
    if (known?.url === url) return known
    if (known !== undefined) void known.pool.close()
    const opened = this.#open(url)
    this.#byName.set(name, opened)
    return opened
  }

  /** Whoever has left finishes what it is at; nobody waits for whoever has failed. */
  hear({ members }: MemberEvent): void {
    for (const { name, status } of members) {
      const known = this.#byName.get(name)
      if (known === undefined || (status !== 'left' && status !== 'failed')) continue
      this.#byName.delete(name)
      void (status === 'left' ? known.pool.close() : breakOff(known))
    }
  }

  /** Connections that have changed their protocol break, which never end by themselves. */
  breakUpgraded(): void {
    for (const { upgraded } of this.#byName.values()) {
      for (const socket of upgraded) socket.destroy()
    }
  }

  /** Everything that is under way breaks. */
  async destroy(): Promise<void> {
    const pools = [...this.#byName.values()]
    this.#byName.clear()
    await Promise.all(pools.map(breakOff))
  }

  #open(url: string): MemberPool {
    const { connectTimeoutMs, upstreamTimeoutMs, idleTimeoutMs, headerBytesMax, tls } =
      this.#options
    const { origin, pathname, protocol, hostname } = new URL(url)
    const pool = new Pool(origin, {
      // A connection that changes its protocol may be half closed.
      connect: { ...tls, timeout: connectTimeoutMs, ...{ allowHalfOpen: true } },
      headersTimeout: upstreamTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      maxHeaderSize: headerBytesMax,
      pipelining: 1,
    })
    // Without a listener nothing is lost: every request is told of its own failure.
    pool.on('connectionError', () => {})
    const basePath = pathname.replace(/\/+$/, '')
    const servername = protocol === 'https:' ? (tls?.servername ?? hostname) : undefined
    return { pool, url, origin, basePath, servername, upgraded: new Set() }
  }
}

async function breakOff({ pool, upgraded }: MemberPool): Promise<void> {
  for (const socket of upgraded) socket.destroy()
  await pool.destroy()
}
