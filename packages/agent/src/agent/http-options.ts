import type { AgentConfig } from '../config/schema.ts'
import type { HttpLimits } from '../http-api/limits.ts'
import type { HttpApiOptions } from '../http-api/serve.ts'
import { hostAndPortOf, hostNamesOf } from './addresses.ts'
import { defined } from './cluster-options.ts'

const HTTP_PORT = 7_380

/** What the HTTP API is given of the configuration. @throws {ConfigError} where its address is none. */
export function httpOptionsOf({
  http_addr,
  http,
  consumer_timeout_ms: consumerTimeoutMs,
  ring: { partitions, redundancy, assignment },
}: AgentConfig): Pick<
  HttpApiOptions,
  'host' | 'port' | 'ring' | 'allowedHosts' | 'consumerTimeoutMs' | 'limits'
> {
  const limits = defined<Partial<HttpLimits>>({
    bodyBytesMax: http.body_bytes_max,
    headerBytesMax: http.header_bytes_max,
    connectionsMax: http.connections_max,
    streamsMax: http.streams_max,
    streamBufferBytesMax: http.stream_buffer_bytes_max,
    requestsPerSecond: http.requests_per_second,
    headersTimeoutMs: http.headers_timeout_ms,
    requestTimeoutMs: http.request_timeout_ms,
    eventsKept: http.events_kept,
  })
  const { host, port } = hostAndPortOf('http_addr', http_addr, HTTP_PORT)
  return {
    host,
    port,
    ring: defined({ partitions, redundancy, assignment }),
    allowedHosts: [...hostNamesOf(host), ...http.allowed_hosts],
    consumerTimeoutMs,
    limits,
  }
}
