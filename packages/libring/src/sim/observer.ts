import type { Handled } from '../cluster/handlers.ts'
import type { Outcome } from '../cluster/invoke.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Fault } from './faults.ts'
import type { SimNode } from './node.ts'

/**
 * Watches a world from outside. Everything is told in line, before anything else happens: nothing
 * may be done to the world within these calls.
 */
export interface Observer {
  /** A process of the node begins. Its clusters are there and have done nothing yet. */
  onBegin?(node: SimNode): void
  /** The process is over: crashed, or stopped in order. */
  onEnd?(node: SimNode): void
  /** Something was made to go wrong, or right again. Told afterwards. */
  onFault?(fault: Fault): void
  /** Every 250 ms of virtual time. */
  onLook?(): void
  /** A handler begins to deal with a step. */
  onHandler?(node: SimNode, event: Handled<OwnershipEvent>): void
  /** It is done. */
  onHandled?(node: SimNode, event: Handled<OwnershipEvent>, outcome: Outcome): void
}
