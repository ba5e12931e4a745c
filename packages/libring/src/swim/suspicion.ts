import type { Millis } from '../base/time.ts'
import { EXCUSES_MAX } from './lateness.ts'

export interface SuspicionBounds {
  /** Peers that have to agree before the wait shrinks to `minMs`. Zero fixes it there. */
  readonly confirmationsWanted: number
  readonly minMs: Millis
  readonly maxMs: Millis
}

export interface SuspicionSetting {
  readonly suspicionMult: number
  readonly suspicionMaxTimeoutMult: number
  readonly probeIntervalMs: Millis
}

/**
 * How long a member may stay suspect in a table of this size, the local member and the dead
 * counted.
 *
 * @see Lifeguard section IV-B; memberlist util.go `suspicionTimeout`, whose logarithm is cut to
 *   three decimals.
 */
export function suspicionBounds(setting: SuspicionSetting, members: number): SuspicionBounds {
  const { suspicionMult, suspicionMaxTimeoutMult, probeIntervalMs } = setting
  const scale = Math.max(1, Math.log10(Math.max(1, members)))
  const minMs = (suspicionMult * Math.floor(scale * 1_000) * probeIntervalMs) / 1_000
  const wanted = Math.max(0, suspicionMult - 2)
  return {
    // With fewer peers than that there is nobody left to confirm.
    confirmationsWanted: members - 2 < wanted ? 0 : wanted,
    minMs,
    maxMs: suspicionMaxTimeoutMult * minMs,
  }
}

/**
 * The least time from the moment at which a member falls silent until another one declares it
 * dead: one probe that goes unanswered, and the shortest suspicion. However many confirm it, and
 * whatever the health of the prober, neither is ever shorter.
 *
 * Three things can take from it. The ping may have been on its way when the member fell silent,
 * which is a matter of milliseconds. The member may have been suspected already, since packets had
 * been lost, and fallen silent before it could refute. And the others may have other settings.
 *
 * @param members as many as the others are sure to know of: a smaller table is quicker.
 */
export function leastDeathMs(setting: SuspicionSetting, members: number): Millis {
  return setting.probeIntervalMs + suspicionBounds(setting, members).minMs
}

/**
 * How long a suspected member has, from the first suspicion, to refute before it is declared dead.
 *
 * Starts at `maxMs` and falls with the logarithm of the independent confirmations, so
 * the first few peers to agree count most:
 *
 *     max - (max - min) * log(confirmations + 1) / log(confirmationsWanted + 1)
 *
 * @param confirmations distinct peers, beyond the first accuser, that reported the same. 0 or more.
 * @returns whole milliseconds, rounded down, never below `bounds.minMs`.
 * @see Lifeguard (Dadgar, Phillips, Currey 2018), LHA-Suspicion; memberlist suspicion.go
 *   `remainingSuspicionTime`.
 */
export function suspicionTimeoutMs(confirmations: number, bounds: SuspicionBounds): Millis {
  const { confirmationsWanted, minMs, maxMs } = bounds
  if (confirmationsWanted === 0) return minMs
  const agreement = Math.log(confirmations + 1) / Math.log(confirmationsWanted + 1)
  return Math.max(minMs, Math.floor(maxMs - (maxMs - minMs) * agreement))
}

/** One member under suspicion: since when, and who agrees. */
export class Suspicion {
  #startedAtMs: Millis
  #extensions = 0
  readonly #bounds: SuspicionBounds
  readonly #accusers: Set<string>

  /** @param accuser whoever raised it; agreeing with oneself does not count. */
  constructor(accuser: string, bounds: SuspicionBounds, nowMs: Millis) {
    this.#startedAtMs = nowMs
    this.#bounds = bounds
    this.#accusers = new Set([accuser])
  }

  /** When the member is to be declared dead unless it has refuted. */
  get deadlineMs(): Millis {
    return this.#startedAtMs + suspicionTimeoutMs(this.#accusers.size - 1, this.#bounds)
  }

  /** So much of the time does not count. The first eight times; after that it does. */
  extend(byMs: Millis): void {
    if (this.#extensions === EXCUSES_MAX) return
    this.#extensions++
    this.#startedAtMs += byMs
  }

  /** Count one more accuser. False when it is not new, or enough have agreed already. */
  confirm(accuser: string): boolean {
    if (this.#accusers.size > this.#bounds.confirmationsWanted || this.#accusers.has(accuser)) {
      return false
    }
    this.#accusers.add(accuser)
    return true
  }
}
