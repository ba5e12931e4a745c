import { describe, test } from 'vitest'
import { MixedCluster } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { ALL_SETTINGS } from '../support/serf-settings.ts'

const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']

describe.skipIf(serfMissing)(
  `three agents and three of ours, whatever their settings ${serfMissing ?? ''}`,
  () => {
    test.each(ALL_SETTINGS)(
      'meet, talk and part; encrypted: $encrypted, compressing: they $they, we $we',
      async ({ they, args, options }) => {
        await using cluster = await MixedCluster.start(they ? 'agent' : 'ours', { args, options })
        await cluster.member('agent-2').setTag('colour', 'red')
        await cluster.member('ours-2').setTag('colour', 'blue')
        await cluster.expectTagSeen('colour', { 'agent-2': 'red', 'ours-2': 'blue' })
        await cluster.member('agent-1').userEvent('theirs')
        await cluster.member('ours-1').userEvent('of-ours')
        await cluster.expectHeard('theirs', 'of-ours')
        const askers = ['agent-1', 'ours-1']
        await Promise.all(askers.map((asker) => cluster.expectAcknowledged(asker, NAMES)))
        await cluster.leave('agent-3', 'ours-3')
        await cluster.expectSeen({ 'agent-3': 'left', 'ours-3': 'left' })
      },
    )
  },
)
