import { describe, expect, test } from 'vitest'
import { MixedCluster } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

describe.skipIf(serfMissing).each(SETTINGS)(
  `coordinates of serf agents and of our nodes; ${SETTING} ${serfMissing ?? ''}`,
  (setting) => {
    test('are known to everybody: each tells the round trip between any two', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      const names = cluster.running.map(({ name }) => name)
      const pairs = names.flatMap((a) => names.filter((b) => a < b).map((b) => [a, b] as const))
      for (const member of cluster.running) {
        await expect
          .poll(
            async () => {
              const unknown: string[] = []
              for (const [a, b] of pairs) {
                const rttMs = await member.rtt(a, b)
                if (rttMs === undefined) unknown.push(`${a} to ${b}`)
                else expect(rttMs).toBeLessThan(10_000)
              }
              return unknown
            },
            { timeout: 60_000, interval: 1_000 },
          )
          .toEqual([])
      }
      for (const { log } of cluster.running) expect(log).not.toMatch(/coordinate/i)
    })
  },
)
