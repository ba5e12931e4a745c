import type { Fault } from './faults.ts'
import type { NodeObserver } from './node.ts'

/**
 * Watches a world from outside. Everything is told in line, before anything else happens: nothing
 * may be done to the world within these calls.
 */
export interface Observer extends NodeObserver {
  /** Something was made to go wrong, or right again. Told afterwards. */
  onFault?(fault: Fault): void
  /** Every 250 ms of virtual time. */
  onLook?(): void
}
