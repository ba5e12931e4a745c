/** What the load is to do, as its first argument. */
export interface LoadTask {
  /** `host:port` of the agent's RPC, and the URL of its HTTP API. */
  readonly rpc: string
  readonly url: string
  /** Clients of server-sent events, each over a connection of its own. */
  readonly streams: number
  /**
   * Addresses of this machine to ask from, as an agent takes only so many requests a second from one.
   * From each there is one request of each kind under way at a time.
   */
  readonly from: readonly string[]
  readonly seconds: number
}

export interface LoadReport {
  readonly seconds: number
  readonly rpcRequests: number
  readonly httpRequests: number
  readonly userEvents: number
  /** Events that all streams together have got. */
  readonly eventsHeard: number
  /** Streams that ended before the load did. */
  readonly streamsLost: number
  readonly errors: number
  /** The first of them. */
  readonly firstError: string | undefined
  readonly rpcMs: Percentiles
  readonly httpMs: Percentiles
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}
