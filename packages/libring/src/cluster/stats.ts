import type { SeatStats } from './ring-seat.ts'

/** Plain counters since the start; they only grow. */
export interface ClusterStats extends SeatStats {
  /** Views so far. */
  readonly views: number
  /** Handlers that threw or rejected. */
  readonly handlersFailed: number
  /** Partitions that counted as released before their handlers were done. */
  readonly handlersOverdue: number
  /** Times that the process was stopped for so long that others may have taken what it held. */
  readonly stalls: number
  /** Listeners that threw. */
  readonly listenersFailed: number
  /** Member events that a reader of `serfEvents` was too slow for. */
  readonly memberEventsDropped: number
}
