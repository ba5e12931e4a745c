import type { BadAddresses } from '../routing/bad-addresses.ts'
import type { Reachable } from '../routing/itinerary.ts'
import type { RoutedCluster } from '../routing/routed-cluster.ts'
import type { Credentials } from './credentials.ts'
import type { InFlight } from './in-flight.ts'
import type { ResolvedRouterOptions } from './options.ts'
import type { Pools } from './pools.ts'
import type { RouterStats } from './stats.ts'

/** What all requests of one router share. */
export interface Means {
  readonly cluster: RoutedCluster
  readonly options: ResolvedRouterOptions
  readonly credentials: Credentials
  readonly pools: Pools
  readonly badAddresses: BadAddresses
  /** Whether a member could not be reached a moment ago. */
  readonly isBad: (member: Reachable) => boolean
  readonly inFlight: InFlight
  readonly stats: RouterStats
}
