import { fixedMembers } from '../../packages/libring/src/cluster/fixed-members.ts'
import { createGossipNode } from '../../packages/libring/src/runtime/gossip.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { Directory } from '../../packages/libring/src/sim/directory.ts'
import { SimMembership } from '../../packages/libring/src/sim/membership.ts'
import { SimProcess } from '../../packages/libring/src/sim/process.ts'
import { AttachmentBench } from '../support/attachment-bench.ts'
import { memberBody } from '../support/fake-agent.ts'
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

const attachments = new AttachmentBench()

membershipContract('a serf agent attached to', {
  create: () => {
    attachments.agent.members = [memberBody('ann')]
    return attachments.attachment()
  },
  settled: (promise) => attachments.settled(promise),
  outlives: true,
})

membershipContract('a member of a simulated directory', {
  create: () => {
    const directory = new Directory({
      clock: bench.clock,
      network: bench.network,
      random: seededRandom(1),
      options: {
        newsMs: [10, 300],
        detectionMs: [3_000, 6_000],
      },
    })
    const local = { name: 'ann', host: '10.0.0.1', port: 1, tags: {} }
    return new SimMembership(directory, new SimProcess(bench.clock), local)
  },
  settled: (promise) => bench.settled(promise),
})
