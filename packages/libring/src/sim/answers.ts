import type { Millis } from '../base/time.ts'
import type { Handled, OwnershipHandlers } from '../cluster/handlers.ts'
import type { Invoke, Outcome } from '../cluster/invoke.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * What a handler of a simulated program does: it is done, or has failed, so much later; or never
 * is. It minds an abort of its signal, if it does, by failing at once.
 */
export interface Answer {
  /** `undefined` when it never comes to an end. */
  readonly afterMs: Millis | undefined
  /** @defaultValue `'done'` */
  readonly outcome?: 'done' | 'failed'
  /** @defaultValue `'ignore'` */
  readonly onAbort?: 'ignore' | 'fail'
}

/** Says what the handler of a step does. */
export type Answers = (event: OwnershipEvent) => Answer

/** Handlers for all kinds of steps, to be called through {@link answering}. */
export const ANSWERED: OwnershipHandlers = {
  onAcquire: () => {},
  onRelease: () => {},
  onChange: () => {},
}

/** Handlers as machines: no promise settles in them, so they work in plain loops too. */
export function answering(answers: Answers, clock: Clock): Invoke {
  return (event, _handlers, done) => {
    const { afterMs, outcome = 'done', onAbort = 'ignore' } = answers(event)
    let isOver = false
    const end = (how: Outcome): void => {
      if (isOver) return
      isOver = true
      done(how)
    }
    const failed = (): Outcome => ({ type: 'failed', error: abortOf(event) ?? new Error('drawn') })
    if (onAbort === 'fail') event.signal.addEventListener('abort', () => end(failed()))
    if (afterMs === undefined) return
    clock.at(clock.nowMs() + afterMs, () => {
      end(outcome === 'done' ? { type: 'done', value: undefined } : failed())
    })
  }
}

function abortOf({ signal }: Handled<OwnershipEvent>): unknown {
  return signal.aborted ? signal.reason : undefined
}
