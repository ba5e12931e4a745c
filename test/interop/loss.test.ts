import { describe, expect, test, vi } from 'vitest'
import { binomialBounds } from '../support/binomial.ts'
import { LossyNetwork, lossMissing } from '../support/lossy-network.ts'
import { MixedCluster } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

const LOSS_PERCENT = 10
const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']
const SURVIVORS = ['agent-1', 'agent-2', 'ours-1', 'ours-2']
const MORTALS = ['agent-3', 'ours-3']
const PATIENCE = { timeout: 90_000, interval: 100 }
const SEALED = SETTINGS[1]!
const OLD = String(SEALED.options.keyring![0])
const NEW = Buffer.alloc(16, 'n').toString('base64')

const skipped = serfMissing ?? lossMissing

const all = (names: readonly string[], status: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, status]))

/** As much was lost as was to be: this many in a hundred, each by a draw of its own. */
function expectLost(network: LossyNetwork): void {
  const { sent, lost } = network.traffic()
  const { least, most } = binomialBounds(sent, LOSS_PERCENT / 100)
  expect(lost).toBeGreaterThanOrEqual(least)
  expect(lost).toBeLessThanOrEqual(most)
}

async function comeBack(cluster: MixedCluster): Promise<void> {
  await cluster.startMember('agent-3', 'ours-1')
  await cluster.startMember('ours-3', 'agent-1')
  await cluster.expectSeen(all(NAMES, 'alive'))
}

describe.skipIf(skipped).each(SETTINGS.slice(0, 2))(
  `serf agents and our nodes where one packet in ten is lost; ${SETTING} ${skipped ?? ''}`,
  ({ encrypted, args, options }) => {
    test('find, tell and miss each other', async () => {
      using network = new LossyNetwork(LOSS_PERCENT)
      await using cluster = await MixedCluster.start(encrypted ? 'ours' : 'agent', {
        args,
        options,
        network,
      })

      await cluster.member('agent-2').setTag('colour', 'red')
      await cluster.member('ours-2').setTag('colour', 'blue')
      await cluster.expectTagSeen('colour', { 'agent-2': 'red', 'ours-2': 'blue' })

      await cluster.member('agent-1').userEvent('theirs')
      await cluster.member('ours-1').userEvent('of-ours')
      await cluster.expectHeard('theirs', 'of-ours')

      await cluster.kill(...MORTALS)
      await cluster.expectSeen({ ...all(SURVIVORS, 'alive'), ...all(MORTALS, 'failed') })
      // Who comes back finds its way as well, and is told from its former life.
      await comeBack(cluster)
      expectLost(network)
    })

    test('say farewell, force out and forget', async () => {
      using network = new LossyNetwork(LOSS_PERCENT)
      await using cluster = await MixedCluster.start('agent', { args, options, network })
      await cluster.leave(...MORTALS)
      await cluster.expectSeen({ ...all(SURVIVORS, 'alive'), ...all(MORTALS, 'left') })
      await comeBack(cluster)

      await cluster.kill(...MORTALS)
      await cluster.expectSeen(all(MORTALS, 'failed'))
      await cluster.member('agent-1').forceLeave('ours-3')
      await cluster.member('ours-1').forceLeave('agent-3')
      await cluster.expectSeen({ ...all(SURVIVORS, 'alive'), ...all(MORTALS, 'left') })
      await cluster.prune({ 'agent-1': 'ours-3', 'ours-1': 'agent-3' })
      await comeBack(cluster)
      expectLost(network)
    })

    test('let go of a name that another one bears', async () => {
      using network = new LossyNetwork(LOSS_PERCENT)
      await using cluster = await MixedCluster.start('ours', { args, options, network })
      const twins = [
        await cluster.startTwin('agent-3', 'ours-1'),
        await cluster.startTwin('ours-3', 'agent-1'),
      ]
      for (const twin of twins) await expect.poll(() => twin.hasExited, PATIENCE).toBe(true)
      await cluster.expectAtTheirAddress(...NAMES)
      expectLost(network)
    })
  },
)

describe.skipIf(skipped)(
  `serf agents and our nodes with keys, where one packet in ten is lost ${skipped ?? ''}`,
  () => {
    test('rotate their keys', async () => {
      const { args, options } = SEALED
      using network = new LossyNetwork(LOSS_PERCENT)
      await using cluster = await MixedCluster.start('agent', { args, options, network })
      // An answer that is lost is not sent again: who rotates keys asks until all have answered.
      for (const [by, from, to] of [
        ['agent-1', OLD, NEW],
        ['ours-1', NEW, OLD],
      ] as const) {
        const member = cluster.member(by)
        for (const [operation, key] of [
          ['install', to],
          ['use', to],
          ['remove', from],
        ] as const) {
          await vi.waitFor(() => member.keys(operation, key), PATIENCE)
        }
        const counts = await vi.waitFor(() => member.keyCounts(), PATIENCE)
        expect(counts).toEqual({ [to]: NAMES.length })
      }
      await cluster.member('agent-2').setTag('after', 'rotation')
      await cluster.member('ours-2').setTag('after', 'rotation')
      await cluster.expectTagSeen('after', { 'agent-2': 'rotation', 'ours-2': 'rotation' })
      await cluster.expectSeen(all(NAMES, 'alive'))
      expect(cluster.failuresSeen(...NAMES)).toEqual([])
      expectLost(network)
    })
  },
)
