import { InvariantError, OptionError } from '../base/errors.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { Handled, OwnershipHandlers } from '../cluster/handlers.ts'
import { invokeInLaterTurn, type Invoke, type Outcome } from '../cluster/invoke.ts'
import type { ClusterOptions } from '../cluster/options.ts'
import type { ClusterPorts, Sharing } from '../cluster/ports.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { ANSWERED, answering, type Answers } from './answers.ts'
import type { TraceKind } from './trace.ts'

/** Options of a cluster in a world, whose membership is that of its node. */
export interface SimClusterOptions extends Omit<
  ClusterOptions,
  'membership' | 'serf' | 'bootstrapHosts' | 'hostName'
> {
  /** What handlers do, as machines. Not together with handlers. */
  readonly answers?: Answers
}

/** What the clusters of one process share. */
export interface ClusterSurroundings {
  readonly membership: Membership
  readonly clock: Clock
  readonly logger: Logger
  readonly sharing: Sharing
  readonly record: (kind: TraceKind, rest: string) => void
  readonly onHandler: (event: Handled<OwnershipEvent>) => void
  readonly onHandled: (event: Handled<OwnershipEvent>, outcome: Outcome) => void
}

/** No signal is ever sent to a process of the world. */
const SIGNALS: ClusterPorts['signals'] = { watch: () => () => {} }

/**
 * The clusters of a process that is about to begin, not started.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createClusters(
  list: readonly SimClusterOptions[],
  surroundings: ClusterSurroundings,
): readonly Cluster[] {
  return list.map((options) => createCluster(options, surroundings))
}

function createCluster(
  { answers, ...options }: SimClusterOptions,
  { membership, clock, logger, sharing, record, onHandler, onHandled }: ClusterSurroundings,
): Cluster {
  if (answers !== undefined) requireNoHandlers(options)
  const call = answers === undefined ? invokeInLaterTurn : answering(answers, clock)
  const invoke: Invoke = (event, handlers, done) => {
    onHandler(event)
    call(event, handlers, (outcome) => {
      onHandled(event, outcome)
      done(outcome)
    })
  }
  const createGossip = (): never => {
    throw new InvariantError('a cluster of a world is given its membership')
  }
  const cluster = new Cluster(
    { logger, ...options, ...(answers && ANSWERED), membership },
    { clock, signals: SIGNALS, createGossip, invoke, sharing },
  )
  cluster.on('acquire', ({ partition, replica, token }) => {
    record('acquire', ` ${partition} ${replica}${suffix(token)}`)
  })
  cluster.on('change', ({ partition, replica, token }) => {
    record('change', ` ${partition} ${replica}${suffix(token)}`)
  })
  cluster.on('release', ({ partition, replica }) => record('release', ` ${partition} ${replica}`))
  return cluster
}

function requireNoHandlers(options: OwnershipHandlers): void {
  for (const name of ['onAcquire', 'onRelease', 'onChange'] as const) {
    if (options[name] === undefined) continue
    throw new OptionError('answers', `left out when ${name} is given`, options[name])
  }
}

function suffix(token: bigint | undefined): string {
  return token === undefined ? '' : ` ${token}`
}
