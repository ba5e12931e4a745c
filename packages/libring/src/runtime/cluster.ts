import { Cluster as PortableCluster } from '../cluster/cluster.ts'
import type { ClusterOptions } from '../cluster/options.ts'
import { createGossipNode } from './gossip.ts'
import { unforeseenRandom } from './random.ts'
import { ProcessSignals } from './signals.ts'
import { SystemClock } from './system-clock.ts'

/** A cluster over real sockets, the clocks of this machine and the signals of this process. */
export class Cluster extends PortableCluster {
  /** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
  constructor(options: ClusterOptions = {}) {
    super(options, {
      clock: new SystemClock(),
      random: unforeseenRandom(),
      signals: new ProcessSignals(),
      createGossip: (gossip, logger) => createGossipNode(gossip, { logger }),
    })
  }
}
