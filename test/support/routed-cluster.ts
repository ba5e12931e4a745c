import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Cluster, fixedMembers, type ClusterOptions, type FixedMember } from 'libring'
import { createRouter, type Router, type RouterOptions } from 'libring/http'
import { loopbackAddresses } from './loopback.ts'

/** A member with its server, in this process, at an address of its own. */
export interface RoutedMember {
  readonly name: string
  readonly cluster: Cluster
  readonly router: Router
  readonly server: Server
  readonly origin: string
}

export interface RoutedSetup {
  readonly names: readonly string[]
  readonly cluster?: ClusterOptions
  readonly router?: Partial<RouterOptions>
  /** How the servers speak TLS, each at its own address. By default they do not. */
  readonly tls?: (host: string) => ServerOptions
  /** What one member has otherwise. */
  readonly perMember?: (name: string) => {
    readonly cluster?: ClusterOptions
    readonly router?: Partial<RouterOptions>
    /** What its tag `http` says instead of the port of its server. */
    readonly httpTag?: string
  }
}

const loopback = loopbackAddresses()

/**
 * Members that never change, each with a server in front of a router. By default the path is the
 * key, and whoever serves it answers with its name.
 */
export async function routedMembers(setup: RoutedSetup): Promise<readonly RoutedMember[]> {
  const places = await Promise.all(
    setup.names.map(async (name) => {
      const host = loopback.next()
      const server = setup.tls === undefined ? createServer() : createTlsServer(setup.tls(host))
      server.listen(0, host)
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      return { name, host, server, port, own: setup.perMember?.(name) ?? {} }
    }),
  )
  const members: FixedMember[] = places.map(({ name, host, port, own }) => {
    const here = setup.tls === undefined ? String(port) : `https://${host}:${port}`
    return { name, host, port: 7946, tags: { http: own.httpTag ?? here } }
  })
  const scheme = setup.tls === undefined ? 'http' : 'https'
  return await Promise.all(
    places.map(async ({ name, host, server, port, own }) => {
      const cluster = new Cluster({
        membership: fixedMembers({ self: name, members }),
        partitions: 64,
        redundancy: 2,
        ...setup.cluster,
        ...own.cluster,
      })
      const router = createRouter(cluster, {
        keyOf: (request) => request.url!,
        serve: (_request, response) => void response.end(name),
        maxEventLoopDelayMs: 0,
        ...setup.router,
        ...own.router,
      })
      router.attach(server)
      await cluster.start()
      return { name, cluster, router, server, origin: `${scheme}://${host}:${port}` }
    }),
  )
}

/** Members of one test. Stop them after it. */
export class RoutedStage {
  readonly #members: RoutedMember[] = []

  readonly start = async (setup: RoutedSetup): Promise<readonly RoutedMember[]> => {
    const started = await routedMembers(setup)
    this.#members.push(...started)
    return started
  }

  async clear(): Promise<void> {
    await stopRouted(this.#members.splice(0))
  }
}

export async function stopRouted(members: readonly RoutedMember[]): Promise<void> {
  await Promise.all(
    members.map(async ({ cluster, router, server }) => {
      server.closeAllConnections()
      server.close()
      await router.close()
      await cluster.stop({ signal: AbortSignal.abort() })
    }),
  )
}

/** A path whose key the named member owns. */
export function pathOwnedBy({ cluster }: RoutedMember, name: string, prefix = '/k'): string {
  for (let index = 0; index < 10_000; index++) {
    const path = `${prefix}${index}`
    if (cluster.ownerForKey(path)?.name === name) return path
  }
  throw new Error(`${name} owns nothing`)
}
