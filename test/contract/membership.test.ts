import { fixedMembers } from '../../packages/libring/src/cluster/fixed-members.ts'
import { createGossipNode } from '../../packages/libring/src/runtime/gossip.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { Bench } from '../support/simulated-node.ts'
import { membershipContract } from './membership.ts'

const loopback = loopbackAddresses()
const bench = new Bench()
let nodes = 0

membershipContract('a list of fixed members', {
  create: () =>
    fixedMembers({ self: 'ann', members: [{ name: 'ann', host: '10.0.0.1', port: 1 }] }),
  settled: (promise) => promise,
})

membershipContract('a gossip node over sockets', {
  create: () => {
    return createGossipNode({ hostName: 'ann', bind: `${loopback.next()}:0`, profile: 'local' })
  },
  settled: (promise) => promise,
})

membershipContract('a simulated gossip node', {
  create: () => bench.node(++nodes),
  settled: (promise) => bench.settled(promise),
})
