import type { Millis } from './time.ts'

/**
 * The one shape every protocol in libring has.
 *
 * A machine owns no socket, timer or promise: the caller hands in what happened and the
 * time, and carries out the effects it hands back. Any input may come in any order, late,
 * twice or never; promptness affects how soon a machine is right, never whether.
 *
 * @typeParam Input  what the outside world can tell the machine.
 * @typeParam Effect what the machine can ask of the outside world.
 */
export interface Machine<Input, Effect> {
  /** Take one input in. Never throws for anything a peer can send. */
  handle(input: Input, nowMs: Millis): void

  /** Fire everything that is due at or before `nowMs`. Early calls do nothing. */
  tick(nowMs: Millis): void

  /** When `tick` is next worth calling, or `undefined` while nothing is pending. */
  deadlineMs(): Millis | undefined

  /** The oldest effect not yet taken, or `undefined` once drained. */
  poll(): Effect | undefined
}
