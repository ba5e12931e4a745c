import type { JoinWay, Part } from './rows.ts'
import type { Profile } from './side.ts'
import type { Trial } from './trial.ts'

/** What of a run was asked for. */
export interface Wishes {
  readonly parts: readonly Part[]
  readonly profiles: readonly Profile[]
  readonly sizes: readonly number[]
  readonly isWarm: boolean
  readonly trials: number
  /** Trials that have a window of idle traffic, which is long and varies little. */
  readonly idleTrials: number
}

/**
 * Every trial, those of one kind as far apart as can be: a run that is ended early has something of
 * everything, and what else the machine does falls on all alike.
 */
export function planOf(wishes: Wishes): Trial[] {
  return Array.from({ length: wishes.trials }, (_, round) => round).flatMap((round) =>
    wishes.profiles.flatMap((profile) =>
      wishes.sizes.flatMap((size) => [
        ...trialOf(wishes, { profile, size, way: 'one by one' }, round),
        ...trialOf(wishes, { profile, size, way: 'at once' }, round),
      ]),
    ),
  )
}

function trialOf(
  { parts, idleTrials, isWarm }: Wishes,
  kind: { profile: Profile; size: number; way: JoinWay },
  round: number,
): Trial[] {
  const wanted = parts.filter((part) => {
    if (part === 'joins') return true
    if (part === 'idle') return kind.way === 'one by one' && round < idleTrials
    return kind.way === 'at once'
  })
  return wanted.length === 0 ? [] : [{ ...kind, isWarm, parts: wanted }]
}

/** About how long a trial takes of both sides on two cores that do nothing else, in seconds. */
export function expectedSeconds({ size, way, parts, profile }: Trial): number {
  const start = 1 + 0.3 * size
  const tails = way === 'at once' && size >= 30 ? 15 : 0
  const rest = parts.map((part) => {
    if (part === 'idle') return (profile === 'lan' ? 180 : 120) * (size > 32 ? 2 : 1)
    if (part === 'kill') return profile === 'lan' ? 20 : 16
    return part === 'joins' ? 0.1 * size : 6
  })
  return rest.reduce((sum, seconds) => sum + seconds, start + tails)
}
