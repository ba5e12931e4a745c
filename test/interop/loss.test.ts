import { describe, expect, test } from 'vitest'
import { LossyNetwork, lossMissing } from '../support/lossy-network.ts'
import { MixedCluster, type Kind } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'

const LOSS_PERCENT = 10
const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']
const SURVIVORS = ['agent-1', 'agent-2', 'ours-1', 'ours-2']
const SEEDS: readonly Kind[] = ['agent', 'ours']

const skipped = serfMissing ?? lossMissing

describe.skipIf(skipped)(
  `serf agents and our nodes where one packet in ten is lost ${skipped ?? ''}`,
  () => {
    test.each(SEEDS)('find, tell, ask and miss each other; seed: %s', async (seed) => {
      using network = new LossyNetwork(LOSS_PERCENT)
      await using cluster = await MixedCluster.start(seed, { network })

      await cluster.member('agent-2').setTag('colour', 'red')
      await cluster.member('ours-2').setTag('colour', 'blue')
      await cluster.expectTagSeen('colour', { 'agent-2': 'red', 'ours-2': 'blue' })

      await cluster.member('agent-1').userEvent('theirs')
      await cluster.member('ours-1').userEvent('of-ours')
      await cluster.expectHeard('theirs', 'of-ours')

      for (const asker of ['agent-1', 'ours-1']) await cluster.expectAcknowledged(asker, NAMES)

      await cluster.kill('agent-3', 'ours-3')
      await cluster.expectSeen({
        ...Object.fromEntries(SURVIVORS.map((name) => [name, 'alive'])),
        'agent-3': 'failed',
        'ours-3': 'failed',
      })

      // Who comes back finds its way as well, and is told from its former life.
      await cluster.startMember('agent-3', 'ours-1')
      await cluster.startMember('ours-3', 'agent-1')
      await cluster.expectSeen(Object.fromEntries(NAMES.map((name) => [name, 'alive'])))
      expect(network.lost).toBeGreaterThan(0)
    })
  },
)
