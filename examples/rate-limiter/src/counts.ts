/** How often somebody came, and until when that counts. */
interface Count {
  used: number
  readonly until: number
}

/** What a count says of a request. */
export interface Verdict {
  readonly isAllowed: boolean
  readonly left: number
  readonly resetAt: Date
}

/** The counts of one partition. They can be packed, and unpacked by somebody else. */
export class Counts {
  readonly #byKey: Map<string, Count>

  /** @param packed what `pack` of the last owner has made, if there was one. */
  constructor(packed?: Uint8Array) {
    const entries = packed === undefined ? [] : JSON.parse(new TextDecoder().decode(packed))
    this.#byKey = new Map(entries as [string, Count][])
  }

  /** Count one request of `key` against `limit` in each `windowMs`. */
  take(key: string, limit: number, windowMs: number): Verdict {
    const now = Date.now()
    let count = this.#byKey.get(key)
    if (count === undefined || count.until <= now) {
      count = { used: 0, until: now + windowMs }
      this.#byKey.set(key, count)
    }
    const isAllowed = count.used < limit
    if (isAllowed) count.used++
    return { isAllowed, left: limit - count.used, resetAt: new Date(count.until) }
  }

  pack(): Uint8Array {
    const now = Date.now()
    const current = [...this.#byKey].filter(([, { until }]) => until > now)
    return new TextEncoder().encode(JSON.stringify(current))
  }
}
