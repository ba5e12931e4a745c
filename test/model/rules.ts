/**
 * What the model's members do to keep a partition from having two primaries, one switch a rule.
 * Taking a rule out must be seen to break a promise: `handoff.test.ts` does that for each.
 */
export const RULES = {
  askEverybody: 'the taker asks every ring member it sees, not only the holder it expects',
  askNewcomers: 'members it learns of while waiting are asked too',
  askAskers: 'so is whoever asks for the partition, though it is not seen as a member',
  exchange: 'an answer from another view counts once the two have exchanged members',
  matchAttempts: 'an answer counts for the attempt that asked, and no other',
  takersWithhold: 'a taker does not say "not I"',
  holdersWithhold: 'a holder that is not yet done letting go does not say "not I"',
  holdersStay: 'a holder that answers is not overridden, however long it takes',
  releaseTimeout: 'a release counts as done after a time, whether its handler is or not',
  namedOnly: 'a holder lets go only for the member that its own plan names',
  repeat: 'questions without an answer that counts are asked again',
  dropGone: 'members that are gone from view are not waited for',
  silence: 'a member that says nothing for long enough counts as having answered',
  smallerFirst: 'of two that wait for each other, the smaller name goes first',
  giveBack: 'a taker that is stuck gives back the answers of those that are taking too',
  inOrder: 'a message older than the last one of its sender is not read',
  yield: 'of two holders that hear of each other, the lower (token, name) lets go',
  offer: 'a holder whose plan names another tells it',
  offerToAll: 'and everybody, when that one does not ask',
  clock: 'a token is above every clock and token heard of',
} as const

export type Rule = keyof typeof RULES

export const ALL_RULES = Object.keys(RULES) as readonly Rule[]

/** Durations of the model, in milliseconds. */
export const TIMES = {
  settle: 1_000,
  repeat: 1_000,
  offer: 2_000,
  releaseTimeout: 10_000,
  handoffTimeout: 15_000,
  /** A process that was stopped for less goes on as if it had not been: nobody minds so soon. */
  stall: 1_000,
  /** Longest time from a crash or a cut until somebody declares the other dead. */
  detection: 6_000,
} as const
