/** What a member of the bench is to be, as its first argument. */
export interface MemberTask {
  readonly host: string
  readonly join: readonly string[]
  /** How many members there are going to be. */
  readonly members: number
}

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
  /** Clients that its RPC has, and records it dropped since they were too slow. */
  readonly clients: number
  readonly recordsDropped: number
}

/** What the load is to do, as its first argument. */
export interface LoadTask {
  /** `host:port` of the agent's RPC, and the address of its metrics. */
  readonly rpc: string
  readonly metricsUrl: string
  /** Clients that hear of everything, each over a connection of its own. */
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
export const METRICS_PORT = 7380
