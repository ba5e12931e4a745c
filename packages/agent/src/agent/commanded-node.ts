import type { GossipNode, ServedNode } from 'libring/serf'

/** A node whose tags are set by `setTags`, for whoever gives it commands. */
export function commandedNode(node: GossipNode, setTags: ServedNode['setTags']): ServedNode {
  return {
    setTags,
    localName: node.localName,
    keys: node.keys,
    members: () => node.members(),
    join: (hosts, options) => node.join(hosts, options),
    leave: () => node.leave(),
    forceLeave: (name, options) => node.forceLeave(name, options),
    userEvent: (name, payload, options) => node.userEvent(name, payload, options),
    query: (name, payload, options) => node.query(name, payload, options),
    coordinate: (name) => node.coordinate(name),
    on: (type, listener) => node.on(type, listener),
    get stats() {
      return node.stats
    },
    get gauges() {
      return node.gauges
    },
    get awareness() {
      return node.awareness
    },
  }
}
