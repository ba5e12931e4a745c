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

/**
 * Until when requests may fail for it: until the last one has heard of it, changes have settled and
 * a second has passed; for one that was stopped also while it is being waited for, so that whoever
 * waits may give up `upstreamTimeoutMs` after it went on at the latest.
 */
export function endOf({ kind, backAt, heardAt }: Trouble, allowance: Allowance): number {
  const { settleMs, upstreamTimeoutMs } = allowance
  const heard = heardAt.size === 0 ? -Infinity : Math.max(...heardAt.values())
  const settled = heard + settleMs + CATCH_UP_MS
  if (kind === 'kill') return heardAt.size === 0 ? Infinity : settled
  return Math.max(settled, backAt + upstreamTimeoutMs)
}
