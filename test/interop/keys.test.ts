import { createGossipNode, KeyError, type GossipNode } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { ALL_SETTINGS, SETTING } from '../support/serf-settings.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }
const key = (fill: string, length: number): string => Buffer.alloc(length, fill).toString('base64')
const FIRST = key('a', 16)
const SECOND = key('b', 32)
const THIRD = key('c', 24)

const SETTINGS = ALL_SETTINGS.filter(({ encrypted }) => encrypted)

describe.skipIf(serfMissing).each(SETTINGS)(
  `the keys of a mixed cluster; ${SETTING} ${serfMissing ?? ''}`,
  ({ they, we }) => {
    test('are rotated by an agent and by us, and nobody is missed', async () => {
      const addresses = loopbackAddresses()
      const agents: SerfAgent[] = []
      const ours: GossipNode[] = []
      const failed: string[] = []
      try {
        for (const name of ['agent-1', 'agent-2']) {
          const join = agents.map(({ address }) => address)
          const args = [`-encrypt=${FIRST}`, ...(they ? [] : ['-disable-compression'])]
          agents.push(await SerfAgent.start({ name, host: addresses.next(), join, args }))
        }
        for (const hostName of ['ours-1', 'ours-2']) {
          const bind = `${addresses.next()}:7946`
          const node = createGossipNode({ hostName, bind, keyring: [FIRST], compression: we })
          ours.push(node)
          node.on('member-failed', ({ members }) => failed.push(members[0]!.name))
          await node.start()
          await node.join([agents[0]!.address])
        }
        const [agent] = agents
        const [{ keys }] = ours as [GossipNode]
        const everybody = async () => (await agents[1]!.members()).length
        await expect.poll(everybody, PATIENCE).toBe(4)
        await expect.poll(() => ours.map((node) => node.members().length), PATIENCE).toEqual([4, 4])

        // An agent rotates.
        expect(await agent!.run('keys', `-install=${SECOND}`)).toContain('Successfully')
        const installed = await keys.list()
        expect(Object.fromEntries(installed.keys)).toEqual({ [FIRST]: 4, [SECOND]: 4 })
        expect(Object.fromEntries(installed.primaryKeys)).toEqual({ [FIRST]: 4 })
        expect(await agent!.run('keys', `-use=${SECOND}`)).toContain('Successfully')
        expect(await agent!.run('keys', `-remove=${FIRST}`)).toContain('Successfully')
        const rotated = await keys.list()
        expect(Object.fromEntries(rotated.keys)).toEqual({ [SECOND]: 4 })
        expect(Object.fromEntries(rotated.primaryKeys)).toEqual({ [SECOND]: 4 })

        // We do.
        expect(await keys.install(THIRD)).toMatchObject({ members: 4, answered: 4, refused: 0 })
        const printed = (await agent!.run('keys', '-list')).replaceAll(/ +/g, ' ')
        for (const known of [SECOND, THIRD]) expect(printed).toContain(`${known} [4/4]`)
        await keys.use(THIRD)
        await keys.remove(SECOND)
        expect(await agent!.run('keys', '-list')).not.toContain(SECOND)

        // What cannot be done is refused by all of them.
        const refused = await keys.use(FIRST).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(KeyError)
        expect((refused as KeyError).report).toMatchObject({ answered: 4, refused: 4 })
        expect(await agent!.run('keys', `-use=${FIRST}`)).toContain('4/4 nodes reported failure')

        await agent!.setTag('after', 'rotation')
        const tag = () => ours[1]!.members().find(({ name }) => name === 'agent-1')?.tags['after']
        await expect.poll(tag, PATIENCE).toBe('rotation')
        expect(failed).toEqual([])
        for (const { name } of await agent!.members()) {
          for (const observer of agents) expect(observer.sawFail(name)).toBe(false)
        }
      } finally {
        await Promise.all([
          ...agents.map((each) => each.kill()),
          ...ours.map((each) => each.stop()),
        ])
      }
    })
  },
)
