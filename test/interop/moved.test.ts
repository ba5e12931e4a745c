import { describe, expect, test } from 'vitest'
import { MixedCluster } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

const PATIENCE = { timeout: 90_000, interval: 100 }

/** What agents and nodes of ours write where a name is claimed that another one bears. */
const CONFLICT = /Name conflict for|claims a name that is taken/

describe.skipIf(serfMissing).each(SETTINGS)(
  `a member that comes back at another address; ${SETTING} ${serfMissing ?? ''}`,
  (setting) => {
    test('is taken back by everybody under its name at once where it had left', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.leave('agent-3', 'ours-3')
      await cluster.expectSeen({ 'agent-3': 'left', 'ours-3': 'left' })
      await cluster.startElsewhere('agent-3', 'ours-1')
      await cluster.startElsewhere('ours-3', 'agent-1')
      await cluster.expectAtTheirAddress('agent-3', 'ours-3')
      // At once: nobody turned the new address down before.
      const refusing = cluster.running.filter(({ log }) => CONFLICT.test(log))
      expect(refusing.map(({ name }) => name)).toEqual([])
    })
  },
)

describe.skipIf(serfMissing)(
  `a member that comes back at another address after a crash ${serfMissing ?? ''}`,
  () => {
    // An agent keeps the name for the address that died until it has forgotten the dead, which is
    // after 30 s, and learns the new one with the next push/pull.
    test('is taken back by ours, and by an agent once that has forgotten the old one', async () => {
      await using cluster = await MixedCluster.start('ours', { agents: 1 })
      const agent = cluster.member('agent-1')
      const { address: old } = cluster.member('ours-3')
      await cluster.kill('ours-3')
      await cluster.expectSeen({ 'ours-3': 'failed' })
      await cluster.startElsewhere('ours-3', 'ours-1')
      const { address } = cluster.member('ours-3')
      for (const observer of ['ours-1', 'ours-2', 'ours-3']) {
        await expect
          .poll(() => cluster.member(observer).members(), PATIENCE)
          .toContainEqual(expect.objectContaining({ name: 'ours-3', status: 'alive', address }))
      }
      await cluster.expectAtTheirAddress('ours-3')
      const steps = agent.log.match(/EventMember\w+: ours-3 \S+|Name conflict for 'ours-3'.*/g)
      const host = (of: string): string => of.replace(/:\d+$/, '')
      expect([...new Set(steps)]).toEqual([
        `EventMemberJoin: ours-3 ${host(old)}`,
        `EventMemberFailed: ours-3 ${host(old)}`,
        `Name conflict for 'ours-3' both ${old} and ${address} are claiming`,
        `EventMemberJoin: ours-3 ${host(address)}`,
      ])
    })
  },
)
