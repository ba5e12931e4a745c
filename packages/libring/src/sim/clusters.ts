import { InvariantError } from '../base/errors.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { ClusterOptions } from '../cluster/options.ts'
import type { ClusterPorts } from '../cluster/ports.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import type { TraceKind } from './trace.ts'

/** Options of a cluster in a world, whose membership is that of its node. */
export type SimClusterOptions = Omit<
  ClusterOptions,
  'membership' | 'serf' | 'bootstrapHosts' | 'hostName'
>

/** What the clusters of one process share. */
export interface ClusterSurroundings {
  readonly membership: Membership
  readonly clock: Clock
  readonly logger: Logger
  readonly record: (kind: TraceKind, rest: string) => void
}

/** No signal is ever sent to a process of the world. */
const SIGNALS: ClusterPorts['signals'] = { watch: () => () => {} }

/** The clusters of a process that is about to begin, not started. */
export function createClusters(
  list: readonly SimClusterOptions[],
  { membership, clock, logger, record }: ClusterSurroundings,
): readonly Cluster[] {
  const createGossip = (): never => {
    throw new InvariantError('a cluster of a world is given its membership')
  }
  return list.map((options) => {
    const cluster = new Cluster(
      { logger, ...options, membership },
      { clock, signals: SIGNALS, createGossip },
    )
    cluster.on('acquire', ({ partition, replica, token }) => {
      record('acquire', ` ${partition} ${replica}${suffix(token)}`)
    })
    cluster.on('change', ({ partition, replica, token }) => {
      record('change', ` ${partition} ${replica}${suffix(token)}`)
    })
    cluster.on('release', ({ partition, replica }) => record('release', ` ${partition} ${replica}`))
    return cluster
  })
}

function suffix(token: bigint | undefined): string {
  return token === undefined ? '' : ` ${token}`
}
