import type { OwnershipEvent } from '../ownership/event.ts'
import { callHandler, type Handled, type OwnershipHandlers } from './handlers.ts'

/** How work that the user gave us ended. */
export type Outcome =
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * Has the handler of one step do its work, and says once how that ended, within the call or later.
 * Never throws. A handler may not be given up on here: `event.signal` says when it is.
 */
export type Invoke = (
  event: Handled<OwnershipEvent>,
  handlers: OwnershipHandlers,
  done: (outcome: Outcome) => void,
) => void

/** Calls the handler in a later turn, and waits for what it promises. */
export const invokeInLaterTurn: Invoke = (event, handlers, done) => {
  callInLaterTurn(() => callHandler(event, handlers), done)
}

/** The call starts in a later turn, so that it cannot hold up gossip. */
export function callInLaterTurn(call: () => unknown, done: (outcome: Outcome) => void): void {
  void Promise.resolve()
    .then(call)
    .then(
      (value) => done({ type: 'done', value }),
      (error: unknown) => done({ type: 'failed', error }),
    )
}

export function timeIsOver(): DOMException {
  return new DOMException('the time to let the partition go is over', 'TimeoutError')
}

/**
 * Whether work that was called off failed for no other reason. Code that heeds a signal throws the
 * signal's reason, or an error of that kind.
 */
export function hasGivenUp(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}
