/** What clients may take of the agent. */
export interface HttpLimits {
  /** Of a request. A body with state for a successor is larger by a third. @defaultValue 1,572,864 */
  readonly bodyBytesMax: number
  /** All headers of a request. @defaultValue 16,384 */
  readonly headerBytesMax: number
  /** Open at a time. @defaultValue 2,048 */
  readonly connectionsMax: number
  /** Event streams open at a time. @defaultValue 1,024 */
  readonly streamsMax: number
  /** Bytes that wait for a client of a stream before it is dropped. @defaultValue 4,194,304 */
  readonly streamBufferBytesMax: number
  /** Requests of one address in a second; twice as many at once. @defaultValue 1,000 */
  readonly requestsPerSecond: number
  /** For the headers to arrive. @defaultValue 5,000 */
  readonly headersTimeoutMs: number
  /** For the request to arrive. @defaultValue 15,000 */
  readonly requestTimeoutMs: number
  /** Events kept for clients that come back. @defaultValue 1,024 */
  readonly eventsKept: number
}

export const DEFAULT_LIMITS: HttpLimits = {
  bodyBytesMax: 1_572_864,
  headerBytesMax: 16_384,
  connectionsMax: 2_048,
  streamsMax: 1_024,
  streamBufferBytesMax: 4_194_304,
  requestsPerSecond: 1_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  eventsKept: 1_024,
}

/** At least and at most, of each. */
export const LIMIT_RANGES: Readonly<Record<keyof HttpLimits, readonly [min: number, max: number]>> =
  {
    bodyBytesMax: [1_024, 16_777_216],
    headerBytesMax: [1_024, 65_536],
    connectionsMax: [1, 65_535],
    streamsMax: [1, 65_535],
    streamBufferBytesMax: [65_536, 268_435_456],
    requestsPerSecond: [1, 1_000_000],
    headersTimeoutMs: [100, 600_000],
    requestTimeoutMs: [100, 600_000],
    eventsKept: [1, 65_536],
  }

/** Addresses whose requests are counted; the one heard of first is forgotten first. */
const ADDRESSES_MAX = 4_096

interface Bucket {
  tokens: number
  atMs: number
}

/** Requests of each address: so many a second, and a burst of twice as many. */
export class RequestRate {
  readonly #perSecond: number
  readonly #nowMs: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#perSecond = perSecond
    this.#nowMs = nowMs
  }

  /** Whether one more is allowed; it counts then. */
  allows(address: string): boolean {
    const burst = this.#perSecond * 2
    const nowMs = this.#nowMs()
    const bucket = this.#buckets.get(address) ?? { tokens: burst, atMs: nowMs }
    bucket.tokens += ((nowMs - bucket.atMs) / 1_000) * this.#perSecond
    bucket.tokens = Math.min(bucket.tokens, burst)
    bucket.atMs = nowMs
    if (!this.#buckets.has(address)) this.#makeRoom()
    this.#buckets.set(address, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  #makeRoom(): void {
    if (this.#buckets.size < ADDRESSES_MAX) return
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      return
    }
  }
}
