import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Cluster, Logger } from 'libring'
import type { RingOptions } from 'libring/ring'
import type { Consumers } from '../consumers/consumers.ts'
import { ConsumerSessions } from '../consumers/sessions.ts'
import { createApp } from './app.ts'
import type { MetricsSource } from './context.ts'
import { EventLog } from './event-log.ts'
import type { HttpLimits } from './limits.ts'
import { checkHttpOptions } from './options.ts'
import { requireToken } from './token.ts'

export interface HttpApiOptions {
  readonly cluster: Cluster
  /** The handlers of the cluster are this one's. */
  readonly consumers: Consumers
  /** As the cluster was given it: partitions, redundancy, assignment and so on. */
  readonly ring: RingOptions
  /** What changes state has to bear it: 16 to 512 printable characters. */
  readonly token: string
  /** An IP address. @defaultValue `127.0.0.1` */
  readonly host?: string
  /** 0 to 65,535; 0 for any that is free. @defaultValue 7380 */
  readonly port?: number
  /** At most 64 names besides those of loopback by which clients call the agent. @defaultValue none */
  readonly allowedHosts?: readonly string[]
  /**
   * How long a consumer may be without a connection, in milliseconds. 100 to 86,400,000.
   *
   * @defaultValue 10000
   */
  readonly consumerTimeoutMs?: number
  readonly limits?: Partial<HttpLimits>
  /** Served at `/v1/metrics`. */
  readonly metrics?: MetricsSource
  /** Replaces the tags of the local member. @defaultValue `cluster.setTags` */
  readonly setTags?: (tags: Readonly<Record<string, string>>) => Promise<void>
  /** Asked for by `POST /v1/drain`. @defaultValue `cluster.drain` */
  readonly drain?: () => Promise<void>
  readonly logger?: Pick<Logger, 'error'>
}

export interface HttpApi {
  readonly url: string
  readonly port: number
  /** Event streams open now. */
  readonly streamsOpen: number
  /** End every stream and connection, and the session of the consumer. */
  close(): Promise<void>
}

/**
 * Serve the HTTP API. Resolves once it listens.
 *
 * @throws {OptionError} naming the first option that is malformed or out of its range.
 * @throws {TypeError} for a token that is none; whatever listening throws (`EADDRINUSE`).
 */
export async function serveHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const { cluster, consumers, host = '127.0.0.1', port = 7_380, consumerTimeoutMs } = options
  const limits = checkHttpOptions(options)
  const token = requireToken('token', options.token)
  const sessions = new ConsumerSessions(
    consumers,
    consumerTimeoutMs === undefined ? {} : { consumerTimeoutMs },
  )
  const events = new EventLog(cluster, limits.eventsKept)
  const streams = { open: 0 }
  const app = createApp(
    {
      cluster,
      ring: options.ring,
      sessions,
      events,
      limits,
      token,
      streams,
      onFailure: (error) => options.logger?.error('a request failed', { error }),
      metrics: options.metrics,
      setTags: options.setTags ?? ((tags) => cluster.setTags(tags)),
      drain: options.drain ?? (() => cluster.drain()),
    },
    {
      allowedHosts: options.allowedHosts ?? [],
      requestsPerSecond: limits.requestsPerSecond,
    },
  )
  const server = createHttpServer(getRequestListener(app.fetch), limits)
  try {
    await listen(server, host, port)
  } catch (error) {
    events.close()
    throw error
  }
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    get streamsOpen() {
      return streams.open
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      sessions.close()
      events.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function createHttpServer(
  listener: ReturnType<typeof getRequestListener>,
  limits: HttpLimits,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void listener(request, response),
  )
  server.maxConnections = limits.connectionsMax
  return server
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const listening = once(server, 'listening')
  server.listen({ host, port })
  await listening
}
