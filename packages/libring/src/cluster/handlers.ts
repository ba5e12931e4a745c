import type { Token } from '../ownership/token.ts'
import type { Held } from './held.ts'
import type { AcquireEvent, ChangeEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'

/** What a handler gets of the holding of index 0 that it is to begin. */
export interface Beginning {
  /**
   * The holding that begins with this step; `undefined` for a step to any other index, and where
   * it has ended by now.
   */
  readonly held?: Held | undefined
  /**
   * Draw a new token for the holding, above `seen`: for when a store already knows a higher one,
   * of a holder whose clock ran ahead. `held.token` is the new one from then on. Until the handler
   * is done, and no longer: a late writer could lift itself otherwise.
   *
   * @param seen 0 to 2^62 less one.
   * @throws {OptionError} for what is no such number. {LibringError} `LIBRING_TOKEN_FINAL` once
   *   the partition is served, or not held.
   */
  readonly tokenAbove?: ((seen: Token) => Token) | undefined
}

/** A step as its handler gets it. */
export type Handled<E extends OwnershipEvent> = E &
  Beginning & {
    /**
     * Aborts when the work is called off: a later step takes the partition away again, or the time
     * to let it go is over.
     */
    readonly signal: AbortSignal
  }

/**
 * Called for every step of the local member, for one partition one after the other. A promise is
 * waited for. A hand-off waits for the handler of the step that gives up index 0; and for none where
 * whatever was to take the index has failed, or was never called, and another index is left.
 *
 * Steps that come while a handler is at work wait and fold. Over all partitions at most 64 handlers
 * take or change at once, and 64 more let go. What a handler throws is logged and told.
 *
 * An `onAcquire` that fails, and an `onChange` that takes index 0, is called again until it
 * succeeds or a later step calls it off, after 500 ms, then twice as long each time up to 30 s.
 * Any other handler that fails counts as done.
 */
export interface OwnershipHandlers {
  /**
   * The local member takes a partition it held nothing of. Where it fails and a change follows, the
   * two are told as one acquire; a release that follows is of the index that this was to take.
   */
  readonly onAcquire?: (event: Handled<AcquireEvent>) => unknown
  /**
   * The local member lets a partition go. Has `releaseTimeoutMs`, from the decision.
   *
   * From index 0 it may return a Uint8Array of at most 1 MiB, which the successor gets as
   * `event.state`.
   */
  readonly onRelease?: (event: Handled<ReleaseEvent>) => unknown
  /**
   * The local member keeps a partition under another replica index. From index 0 it is like
   * `onRelease`: it has `releaseTimeoutMs`, and may return what the successor gets.
   */
  readonly onChange?: (event: Handled<ChangeEvent>) => unknown
}

/** The name of the handler that a step is for. */
export function handlerNameOf({ type }: OwnershipEvent): keyof OwnershipHandlers {
  switch (type) {
    case 'acquire':
      return 'onAcquire'
    case 'release':
      return 'onRelease'
    case 'change':
      return 'onChange'
  }
}

/** Whether there is a handler for the step. */
export function isHandled(event: OwnershipEvent, handlers: OwnershipHandlers): boolean {
  return handlers[handlerNameOf(event)] !== undefined
}

/** What the handler of the step returns. @throws whatever it throws. */
export function callHandler(event: Handled<OwnershipEvent>, handlers: OwnershipHandlers): unknown {
  switch (event.type) {
    case 'acquire':
      return handlers.onAcquire?.(event)
    case 'release':
      return handlers.onRelease?.(event)
    case 'change':
      return handlers.onChange?.(event)
  }
}
