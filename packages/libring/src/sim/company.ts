import { ipToBytes } from '../base/address.ts'
import { invariant } from '../base/errors.ts'
import { DEFAULT_GOSSIP_PORT } from '../gossip/options.ts'
import { serfVersions } from '../serf/setup.ts'
import { encodeTags, type Tags } from '../serf/tags.ts'
import { firstIncarnation } from '../swim/incarnations.ts'
import type { NodeState } from '../wire/messages.ts'

/** A node as it presents itself when it begins. */
interface Beginner {
  readonly name: string
  readonly host: string
}

/**
 * The member table that nodes have in common who have been together for long.
 *
 * @param tags those of every node.
 * @param wallMs the time of the wall clock at which all of them begin, in ms since 1970.
 */
export function commonTable(
  nodes: readonly Beginner[],
  tags: Tags,
  wallMs: number,
): readonly NodeState[] {
  const shared = {
    port: DEFAULT_GOSSIP_PORT,
    meta: encodeTags(tags),
    incarnation: firstIncarnation(wallMs),
    state: 'alive',
    versions: serfVersions,
  } as const
  return nodes.map(({ name, host }) => {
    const addr = ipToBytes(host)
    invariant(addr !== undefined, 'a node of the world has an IP address')
    return { ...shared, name, addr }
  })
}
