import { createGossipNode, type GossipOptions } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const PATIENCE = { timeout: 90_000 }
const KEYS = {
  16: Buffer.alloc(16, 'a').toString('base64'),
  24: Buffer.alloc(24, 'b').toString('base64'),
  32: Buffer.alloc(32, 'c').toString('base64'),
}

const statuses = (members: readonly { name: string; status: string }[]) =>
  Object.fromEntries(members.map(({ name, status }) => [name, status]))

describe.skipIf(serfMissing)(`with encrypting serf agents ${serfMissing ?? ''}`, () => {
  const nodeAt = (host: string, options: GossipOptions) => {
    const name = options.hostName ?? 'ours'
    return createGossipNode({
      bind: `${host}:7946`,
      tags: { by: name },
      ...options,
      hostName: name,
    })
  }

  test.each([
    [16, true, []],
    [24, false, []],
    [32, true, ['-disable-compression']],
  ] as const)(
    'a key of %i bytes, we compressing: %s, they: %s',
    async (bytes, compression, args) => {
      const addresses = loopbackAddresses()
      const key = KEYS[bytes]
      await using agent = await SerfAgent.start({
        name: 'agent',
        host: addresses.next(),
        tags: { role: 'db' },
        args: [`-encrypt=${key}`, ...args],
      })
      await using ours = nodeAt(addresses.next(), { keyring: [key], compression })
      await ours.start()
      await ours.join([agent.address])
      const alive = { agent: 'alive', ours: 'alive' }
      await expect.poll(async () => statuses(await agent.members()), PATIENCE).toEqual(alive)
      expect(statuses(ours.members())).toEqual(alive)

      await agent.setTag('role', 'cache')
      await ours.setTags({ by: 'hand' })
      const tagsAt = async () => (await agent.members()).map(({ tags }) => tags)
      await expect.poll(tagsAt, PATIENCE).toEqual([{ role: 'cache' }, { by: 'hand' }])
      await expect
        .poll(() => ours.members().find(({ name }) => name === 'agent')?.tags, PATIENCE)
        .toEqual({ role: 'cache' })

      await ours.leave()
      await expect
        .poll(async () => statuses(await agent.members()), PATIENCE)
        .toEqual({ agent: 'alive', ours: 'left' })
      expect(agent.sawFail('ours')).toBe(false)
      expect(ours.stats.swim.faults.key).toBe(0)
    },
  )

  test('whoever has no key, or another, gets neither in nor an answer it can read', async () => {
    const addresses = loopbackAddresses()
    const args = [`-encrypt=${KEYS[16]}`]
    await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next(), args })
    await using keyed = nodeAt(addresses.next(), { hostName: 'keyed', keyring: [KEYS[16]] })
    await keyed.start()
    await keyed.join([agent.address])
    for (const keyring of [[], [KEYS[32]]]) {
      await using stranger = nodeAt(addresses.next(), { hostName: 'stranger', keyring })
      await stranger.start()
      const { address } = agent
      const keyedAddress = `${keyed.bound.host}:${keyed.bound.port}`
      await expect(stranger.join([address])).rejects.toThrow('no seed answered')
      await expect(stranger.join([keyedAddress])).rejects.toThrow('no seed answered')
      expect(statuses(stranger.members())).toEqual({ stranger: 'alive' })
    }
    expect(Object.keys(statuses(await agent.members()))).toEqual(['agent', 'keyed'])
  })
})
