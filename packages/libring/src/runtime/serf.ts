import type { GossipNode } from '../gossip/gossip-node.ts'
import type { GossipOptions } from '../gossip/options.ts'
import { createGossipNode, type GossipEnvironment } from './gossip.ts'

/** How one Serf node is set up. Every option has a default. */
export interface SerfNodeOptions extends GossipOptions, GossipEnvironment {}

/**
 * A Serf node over real sockets, clock and name service. Nothing is opened before `start`. Given to
 * a cluster as its `membership`, it is shared with it.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createSerf(options: SerfNodeOptions = {}): GossipNode {
  const { logger, ...gossip } = options
  return createGossipNode(gossip, logger === undefined ? {} : { logger })
}
