import type { Millis } from '../../base/time.ts'
import type { ClusterEvents, ClusterEventType } from '../../cluster/cluster-events.ts'
import type { Handled } from '../../cluster/handlers.ts'
import type { Outcome } from '../../cluster/invoke.ts'
import type { OwnershipEvent } from '../../ownership/event.ts'
import type { Fault } from '../faults.ts'
import type { SimNode } from '../node.ts'
import type { World } from '../world.ts'
import type { Hearing } from './hearing.ts'
import type { Ledger } from './ledger.ts'

/** Something that a cluster told, other than a step. */
export type News = {
  [T in Exclude<ClusterEventType, OwnershipEvent['type'] | 'member'>]: {
    readonly type: T
    readonly event: ClusterEvents[T]
  }
}[Exclude<ClusterEventType, OwnershipEvent['type'] | 'member'>]

/** One promise, looked at from outside. */
export interface Check {
  onBegin?(node: SimNode): void
  onEnd?(node: SimNode): void
  /** A step was told. The ledger does not have it yet. */
  onStep?(node: SimNode, event: OwnershipEvent): void
  onNews?(node: SimNode, news: News): void
  onHandler?(node: SimNode, event: Handled<OwnershipEvent>): void
  onHandled?(node: SimNode, event: Handled<OwnershipEvent>, outcome: Outcome): void
  /** Something was made to go wrong, or right again; nothing has come of it yet. */
  onFault?(fault: Fault): void
  /** Every 250 ms of virtual time. */
  onLook?(): void
  /** Long after the last thing went wrong: all should be at rest. */
  onRest?(): void
}

/** What was agreed on by the options of the clusters. */
export interface Terms {
  readonly partitions: number
  readonly redundancy: number
  readonly settleMs: Millis
  readonly releaseTimeoutMs: Millis
  readonly handoffTimeoutMs: Millis
  readonly concurrentHandoffs: number
  readonly minMembers: number
  readonly graceMs: Millis
}

/** What every check sees. */
export interface Scene {
  readonly world: World
  readonly terms: Terms
  readonly ledger: Ledger
  readonly hearing: Hearing
  /** The promise is broken. @param names of the nodes concerned. */
  readonly report: (what: string, ...names: readonly string[]) => void
}

export type CheckFactory = (scene: Scene) => Check
