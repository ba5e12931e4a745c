import {
  createGossipNode,
  type AskedQuery,
  type GossipNode,
  type GossipOptions,
} from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { addressText } from '../../packages/libring/src/base/address.ts'
import { freePort } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { SETTINGS } from '../support/serf-settings.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }

async function agentAt(name: string, host: string, args: readonly string[]): Promise<SerfAgent> {
  const [port, rpcPort] = [await freePort(host), await freePort(host)]
  return await SerfAgent.start({ name, host, port, rpcPort, args })
}

function nodeAt(hostName: string, bind: string, options: GossipOptions): GossipNode {
  return createGossipNode({ ...options, hostName, bind })
}

type Seen = Record<string, string>

async function seenBy(agent: SerfAgent): Promise<Seen> {
  const members = await agent.members()
  return Object.fromEntries(members.map((each) => [each.name, `${each.status} ${each.address}`]))
}

function seenHere(ours: GossipNode): Seen {
  const members = ours.members()
  return Object.fromEntries(
    members.map((each) => [each.name, `${each.status} ${addressText(each)}`]),
  )
}

/** Wait until all see the same of all, which starts from everybody alive at its address. */
async function expectSeen(
  agents: readonly SerfAgent[],
  ours: readonly GossipNode[],
  changed: Seen = {},
): Promise<void> {
  const expected = {
    ...Object.fromEntries(agents.map(({ name, address }) => [name, `alive ${address}`])),
    ...Object.fromEntries(
      ours.map((node) => [node.localName, `alive ${addressText(node.advertised)}`]),
    ),
    ...changed,
  }
  const all = async (): Promise<Seen[]> => [
    ...(await Promise.all(agents.map(seenBy))),
    ...ours.map(seenHere),
  ]
  await expect.poll(all, PATIENCE).toEqual([...agents, ...ours].map(() => expected))
}

async function acksTo(query: AskedQuery): Promise<string[]> {
  const names: string[] = []
  for await (const { type, from } of query) if (type === 'ack') names.push(from)
  return names.toSorted()
}

describe.skipIf(serfMissing)(`serf agents and our nodes by IPv6 ${serfMissing ?? ''}`, () => {
  test.each(SETTINGS.slice(0, 2))(
    'meet, talk, part and miss each other at ::1; encrypted: $encrypted, compressing: they $they, we $we',
    async ({ args, options }) => {
      await using agent = await agentAt('agent', '::1', args)
      await using mortal = await agentAt('mortal', '::1', args)
      await using ours = nodeAt('ours', '[::1]:0', options)
      await using everywhere = nodeAt('everywhere', '[::]:0', { ...options, advertise: '::1' })
      await ours.start()
      await everywhere.start()
      expect(everywhere.advertised).toEqual({ host: '::1', port: everywhere.bound.port })
      await ours.join([agent.address])
      await everywhere.join([addressText(ours.advertised)])
      await mortal.join(addressText(everywhere.advertised))
      await expectSeen([agent, mortal], [ours, everywhere])

      const events: string[] = []
      ours.on('user-event', ({ name }) => events.push(name))
      await agent.userEvent('theirs')
      await everywhere.userEvent('of-ours')
      await expect.poll(() => events.toSorted(), PATIENCE).toEqual(['of-ours', 'theirs'])
      for (const each of [agent, mortal]) {
        const heard = () => ['theirs', 'of-ours'].filter((name) => each.heard(name))
        await expect.poll(heard, PATIENCE).toEqual(['theirs', 'of-ours'])
      }
      // Acks of probes bear coordinates.
      for (const name of ['ours', 'everywhere']) {
        await expect.poll(() => agent.rtt('agent', name), PATIENCE).toBeTypeOf('number')
      }

      const all = ['agent', 'everywhere', 'mortal', 'ours']
      const asked = everywhere.query('anybody', '', { requestAck: true, timeoutMs: 3_000 })
      const [theirs, here] = await Promise.all([agent.ask('anybody'), acksTo(asked)])
      expect([theirs.acks, here]).toEqual([all, all])

      const gone = addressText(everywhere.advertised)
      await everywhere.leave()
      await mortal.kill()
      await expectSeen([agent], [ours], {
        mortal: `failed ${mortal.address}`,
        everywhere: `left ${gone}`,
      })
    },
  )

  test('one of ours at [::] tells others an address that is no wildcard, and is met there', async () => {
    await using ours = nodeAt('ours', '[::]:0', {})
    await ours.start()
    const { host, port } = ours.advertised
    expect(['::', '0.0.0.0']).not.toContain(host)
    expect(port).toBe(ours.bound.port)
    await using agent = await agentAt('agent', host, [])
    await agent.join(addressText({ host, port }))
    await expectSeen([agent], [ours])
    await expect.poll(() => agent.rtt('agent', 'ours'), PATIENCE).toBeTypeOf('number')
  })
})
