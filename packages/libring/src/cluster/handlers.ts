import type { AcquireEvent, ChangeEvent, OwnershipEvent, ReleaseEvent } from '../ownership/event.ts'

/** A step as its handler gets it. */
export type Handled<E extends OwnershipEvent> = E & {
  /**
   * Aborts when the work is called off: a later step takes the partition away again, or the time
   * to let it go is over.
   */
  readonly signal: AbortSignal
}

/**
 * Called for every step of the local member, for one partition one after the other. A promise is
 * waited for; what it holds is ignored.
 *
 * Steps that come while a handler is at work wait and fold. A handler that throws or rejects is
 * logged and told, and counts as done. Over all partitions at most 64 handlers take or change at
 * once, and 64 more let go.
 */
export interface OwnershipHandlers {
  /** The local member takes a partition it held nothing of. */
  readonly onAcquire?: (event: Handled<AcquireEvent>) => unknown
  /** The local member lets a partition go. Has `releaseTimeoutMs`, from the decision. */
  readonly onRelease?: (event: Handled<ReleaseEvent>) => unknown
  /** The local member keeps a partition under another replica index. */
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
