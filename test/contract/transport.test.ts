import { SocketTransport } from '../../packages/libring/src/runtime/transport.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { SimNetwork } from '../../packages/libring/src/sim/network.ts'
import { Trace } from '../../packages/libring/src/sim/trace.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { transportContract } from './transport.ts'

const loopback = loopbackAddresses()

transportContract('UDP and TCP', () => ({
  freshHost: () => loopback.next(),
  create: (bind) => new SocketTransport(bind),
  // The network of the machine works by itself.
  pass: () => {},
}))

transportContract('the simulated network', () => {
  const clock = new SimClock()
  const network = new SimNetwork(clock, new Trace(0), {
    latencyMs: [1, 40],
    lossRate: 0,
    duplicateRate: 0,
  })
  let hosts = 0
  return {
    freshHost: () => `10.0.0.${++hosts}`,
    create: (bind) => network.transport(bind, seededRandom(1, bind.host)),
    pass: () => clock.runUntil(clock.nowMs() + 100),
  }
})
