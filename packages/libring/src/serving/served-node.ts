import type { GossipNode } from '../gossip/gossip-node.ts'

/** What is asked of a node on behalf of whoever gives commands. */
export type ServedNode = Pick<
  GossipNode,
  | 'localName'
  | 'members'
  | 'join'
  | 'leave'
  | 'forceLeave'
  | 'setTags'
  | 'userEvent'
  | 'query'
  | 'keys'
  | 'coordinate'
  | 'on'
  | 'stats'
  | 'gauges'
  | 'awareness'
>
