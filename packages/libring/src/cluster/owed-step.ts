import { foldEvents, type OwnershipEvent } from '../ownership/event.ts'

/** A step that somebody has yet to deal with, or what several in a row fold to. */
export interface OwedStep {
  readonly event: OwnershipEvent
  /** Number of the first step in it that is owed; `Infinity` when none is. */
  readonly since: number
}

/** `owed` with the next step of the partition; `undefined` when nothing is left of them. */
export function foldOwed(owed: OwedStep | undefined, next: OwedStep): OwedStep | undefined {
  if (owed === undefined) return next
  const event = foldEvents(owed.event, next.event)
  return event && { event, since: Math.min(owed.since, next.since) }
}

/** The one that was owed earlier; `undefined` when neither is. */
export function earlier(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return Math.min(left, right)
}
