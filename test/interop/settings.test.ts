import { describe, test } from 'vitest'
import { MixedCluster } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'

const KEY = Buffer.alloc(32, 'k').toString('base64')
const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']

const EITHER = [true, false]
const SETTINGS = EITHER.flatMap((encrypted) =>
  EITHER.flatMap((they) => EITHER.map((we) => ({ encrypted, they, we }))),
)

describe.skipIf(serfMissing)(
  `three agents and three of ours, whatever their settings ${serfMissing ?? ''}`,
  () => {
    test.each(SETTINGS)(
      'meet, talk and part; encrypted: $encrypted, compressing: they $they, we $we',
      async ({ encrypted, they, we }) => {
        await using cluster = await MixedCluster.start(they ? 'agent' : 'ours', {
          args: [
            ...(encrypted ? [`-encrypt=${KEY}`] : []),
            ...(they ? [] : ['-disable-compression']),
          ],
          options: { compression: we, keyring: encrypted ? [KEY] : [] },
        })
        await cluster.member('agent-2').setTag('colour', 'red')
        await cluster.member('ours-2').setTag('colour', 'blue')
        await cluster.expectTagSeen('colour', { 'agent-2': 'red', 'ours-2': 'blue' })
        await cluster.member('agent-1').userEvent('theirs')
        await cluster.member('ours-1').userEvent('of-ours')
        await cluster.expectHeard('theirs', 'of-ours')
        for (const asker of ['agent-1', 'ours-1']) await cluster.expectAcknowledged(asker, NAMES)
        await cluster.leave('agent-3', 'ours-3')
        await cluster.expectSeen({ 'agent-3': 'left', 'ours-3': 'left' })
      },
    )
  },
)
