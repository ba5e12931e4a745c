/** Something that was done to a member, or happened to it, for which requests may fail. */
export interface Trouble {
  /** `mistake`: others took a member for dead that ran all the time. */
  readonly kind: 'kill' | 'stop' | 'mistake'
  readonly member: string
  readonly host: string
  readonly from: number
  /** When it ran again, or the next process of its name was started. */
  backAt: number
  /** When each other member heard of it, by name. */
  readonly heardAt: Map<string, number>
}

/** How long requests may fail, by what members are set to. */
export interface Allowance {
  readonly settleMs: number
  readonly upstreamTimeoutMs: number
}

/** Beyond detection and settling, how long routing may take to catch up. */
const CATCH_UP_MS = 1_000

/** Until when all have heard of it, changes have settled and a second has passed. */
function settledAt({ heardAt }: Trouble, { settleMs }: Allowance): number {
  const heard = heardAt.size === 0 ? -Infinity : Math.max(...heardAt.values())
  return heard + settleMs + CATCH_UP_MS
}

/**
 * Until when requests may fail for it: until it has settled; for one that was stopped also while it
 * is being waited for, so that whoever waits may give up `upstreamTimeoutMs` after it went on at the
 * latest.
 */
export function endOf(trouble: Trouble, allowance: Allowance): number {
  const { kind, backAt, heardAt } = trouble
  const settled = settledAt(trouble, allowance)
  if (kind === 'kill') return heardAt.size === 0 ? Infinity : settled
  return Math.max(settled, backAt + allowance.upstreamTimeoutMs)
}

/**
 * Until when requests may be sent to others and fail for it: nobody sends them on to one that was
 * stopped once that has settled. One that nobody has heard of may be waited for.
 */
export function lastSentAt(trouble: Trouble, allowance: Allowance): number {
  const isKnown = trouble.kind === 'stop' && trouble.heardAt.size > 0
  return isKnown ? settledAt(trouble, allowance) : endOf(trouble, allowance)
}
