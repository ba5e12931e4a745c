/** What a member of the bench is to be, as its first argument. */
export interface MemberTask {
  readonly host: string
  readonly join: readonly string[]
  /** How many members there are going to be. */
  readonly members: number
}

/** To report; or to collect garbage first, and begin anew to measure the event loop after. */
export type Asked = 'report' | 'settle'

/** What a member tells of itself when it is asked. */
export interface MemberReport {
  readonly name: string
  /** Deaths that it was told of. Nobody dies here. */
  readonly falselyFailed: number
  readonly probes: number
  readonly probesFailed: number
  readonly healthScore: number
  /** Estimated round trip to the farthest of the others, in milliseconds. */
  readonly rttMs: number
  /** Of the event loop since it was asked to begin anew, in milliseconds. */
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  readonly residentBytes: number
  /** In use of the heap; what is garbage by then counts, unless it was asked to settle. */
  readonly heapBytes: number
  /** Event streams of its HTTP API that are open. */
  readonly streams: number
  /** Records of RPC that were dropped since clients were too slow. */
  readonly recordsDropped: number
}

/** What the load is to do, as its first argument. */
export interface LoadTask {
  /** `host:port` of the agent's RPC, and the URL of its HTTP API. */
  readonly rpc: string
  readonly url: string
  /** Clients of server-sent events, each over a connection of its own. */
  readonly streams: number
  /** Requests of each kind that are under way at a time. */
  readonly parallel: number
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

export const RPC_PORT = 7373
export const HTTP_PORT = 7380
