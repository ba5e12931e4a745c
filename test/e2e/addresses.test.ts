import { expect, onTestFinished, test } from 'vitest'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'
import { localAddresses } from '../../packages/libring/src/runtime/addresses.ts'
import { createGossipNode } from '../../packages/libring/src/runtime/gossip.ts'
import { Forwarder } from '../support/forwarder.ts'
import { loopbackAddresses } from '../support/loopback.ts'

const loopback = loopbackAddresses()

async function started(hostName: string, options: GossipOptions): Promise<GossipNode> {
  const node = createGossipNode({ hostName, profile: 'local', probeIntervalMs: 200, ...options })
  onTestFinished(() => node.stop())
  await node.start()
  return node
}

/** Both alive for each other, and probed in person from both sides. */
async function expectInTouch(ann: GossipNode, bob: GossipNode): Promise<void> {
  for (const [node, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    await expect
      .poll(() => node.rtt(other.localName), { interval: 50, timeout: 60_000 })
      .toBeGreaterThan(0)
    const statuses = node.members().map(({ name, status }) => `${name} ${status}`)
    expect(statuses.sort()).toEqual(['ann alive', 'bob alive'])
  }
}

test('a node behind a router is reached at the address that it advertises', async () => {
  const [inside, outside] = [loopback.next(), loopback.next()]
  await using router = await Forwarder.start(outside, inside, 7_946)
  const ann = await started('ann', { bind: `${inside}:7946`, advertise: outside })
  const bob = await started('bob', { bind: `${loopback.next()}:7946` })
  expect(await bob.join([outside])).toBe(1)
  await expectInTouch(ann, bob)
  expect(bob.members().find(({ name }) => name === 'ann')).toMatchObject({
    host: outside,
    port: 7_946,
  })
  expect(router.passed.streams).toBeGreaterThan(0)
  expect(router.passed.datagrams).toBeGreaterThan(0)
})

test('a node bound to a wildcard advertises an address of its interface, never the wildcard', async () => {
  const own = localAddresses().find(({ address }) => address === '127.0.0.1')
  const ann = await started('ann', { bind: '0.0.0.0:0', advertiseInterface: own!.interface })
  const bob = await started('bob', { bind: '0.0.0.0:0' })
  expect(ann.advertised.host).toBe('127.0.0.1')
  expect(bob.advertised.host).not.toBe('0.0.0.0')
  await bob.join([`127.0.0.1:${ann.bound.port}`])
  await expectInTouch(ann, bob)
})

const hasIpv6 = localAddresses().some(({ address }) => address === '::1')
test.skipIf(!hasIpv6)(
  `IPv6 alone will do${hasIpv6 ? '' : ' (this machine has no ::1)'}`,
  async () => {
    const ann = await started('ann', { bind: '[::1]:0' })
    const bob = await started('bob', { bind: '[::1]:0' })
    await bob.join([`[::1]:${ann.bound.port}`])
    await expectInTouch(ann, bob)
    expect(ann.members().map(({ host }) => host)).toEqual(['::1', '::1'])
  },
)
