import { requireMethods, requirePlainObject } from '../base/require.ts'
import type { GossipNode } from '../gossip/gossip-node.ts'
import { LOGGER_METHODS } from '../gossip/guarded-logger.ts'
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
  requirePlainObject('options', options)
  const { logger, ...gossip } = options
  if (logger === undefined) return createGossipNode(gossip)
  requireMethods('logger', logger, LOGGER_METHODS)
  return createGossipNode(gossip, { logger })
}
