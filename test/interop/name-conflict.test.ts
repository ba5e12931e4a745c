import { createGossipNode, type GossipNode } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }

describe.skipIf(serfMissing).each(SETTINGS)(
  `two members of one name; ${SETTING} ${serfMissing ?? ''}`,
  ({ args, options }) => {
    const agentAt = (
      name: string,
      host: string,
      join: readonly string[] = [],
    ): Promise<SerfAgent> => SerfAgent.start({ name, host, join, args })
    const nodeAt = (hostName: string, host: string): GossipNode =>
      createGossipNode({ ...options, hostName, bind: `${host}:7946` })

    async function withWitnesses(
      body: (
        seed: string,
        next: () => string,
        knownAt: (address: string) => Promise<void>,
      ) => Promise<void>,
    ): Promise<void> {
      const addresses = loopbackAddresses()
      await using first = await agentAt('one', addresses.next())
      const join = [first.address]
      await using second = await agentAt('two', addresses.next(), join)
      await using third = nodeAt('three', addresses.next())
      await third.start()
      await third.join(join)
      const seen = async (): Promise<string[]> => {
        const agents = await Promise.all([first.members(), second.members()])
        const here = third.members().map((member) => {
          return { ...member, address: `${member.host}:${member.port}` }
        })
        const twins = [...agents.flat(), ...here].filter(({ name }) => name === 'twin')
        return twins.map(({ address, status }) => `${address} ${status}`)
      }
      await body(
        second.address,
        () => addresses.next(),
        async (address) => {
          const everywhere = Array.from({ length: 3 }, () => `${address} alive`)
          await expect.poll(seen, PATIENCE).toEqual(everywhere)
        },
      )
    }

    test('the one who comes later loses: ours, to an agent', async () => {
      await withWitnesses(async (seed, next, knownAt) => {
        await using agent = await agentAt('twin', next(), [seed])
        await knownAt(agent.address)
        await using ours = nodeAt('twin', next())
        const told: unknown[] = []
        ours.on('name-lost', (lost) => told.push(lost))
        await ours.start()
        await ours.join([seed])
        await expect.poll(() => ours.status, PATIENCE).toBe('stopped')
        expect(told).toEqual([{ votes: 3, forUs: 0 }])
        expect(agent.hasExited).toBe(false)
        await knownAt(agent.address)
      })
    })

    test('the one who comes later loses: an agent, to ours', async () => {
      await withWitnesses(async (seed, next, knownAt) => {
        await using ours = nodeAt('twin', next())
        const told: string[] = []
        ours.on('name-lost', () => told.push('lost'))
        await ours.start()
        await ours.join([seed])
        const address = `${ours.bound.host}:7946`
        await knownAt(address)
        // It goes by what it is told within seconds; starting may not outlast that.
        const agent = await agentAt('twin', next()).then(async (started) => {
          await started.run('join', seed)
          return started
        })
        await using _ = agent
        await expect.poll(() => agent.hasExited, PATIENCE).toBe(true)
        expect(ours.status).toBe('alive')
        expect(told).toEqual([])
        await knownAt(address)
      })
    })
  },
)
