import { describe, expect, test } from 'vitest'
import { MixedCluster, type Kind } from '../support/mixed-cluster.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']
const SEEDS: readonly Kind[] = ['agent', 'ours']

describe.skipIf(serfMissing).each(SETTINGS)(
  `serf agents and our nodes in one cluster; ${SETTING} ${serfMissing ?? ''}`,
  (setting) => {
    test.each(SEEDS)('see each other alive, with addresses and tags; seed: %s', async (seed) => {
      await using cluster = await MixedCluster.start(seed, setting)
      await cluster.expectTagSeen('place', Object.fromEntries(NAMES.map((name) => [name, name])))
      const addresses = cluster.running.map(({ name, address }) => [name, address])
      for (const member of cluster.running) {
        const seen = (await member.members()).map(({ name, address }) => [name, address])
        expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(addresses))
      }
    })

    test('tell everybody of new tags, from either side', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.member('agent-2').setTag('colour', 'red')
      await cluster.member('ours-2').setTag('colour', 'blue é')
      await cluster.expectTagSeen('colour', { 'agent-2': 'red', 'ours-2': 'blue é' })
      await cluster.expectTagSeen('place', { 'agent-2': 'agent-2', 'ours-2': 'ours-2' })
    })

    test('all find out that one of each was killed, and take it back under its old name and address', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.kill('agent-3', 'ours-3')
      await cluster.expectSeen({
        'agent-1': 'alive',
        'agent-2': 'alive',
        'agent-3': 'failed',
        'ours-1': 'alive',
        'ours-2': 'alive',
        'ours-3': 'failed',
      })
      await cluster.startMember('agent-3', 'ours-1')
      await cluster.startMember('ours-3', 'agent-1')
      await cluster.expectSeen({ 'agent-3': 'alive', 'ours-3': 'alive' })
    })

    test('take back one of each that was killed before anybody noticed', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.kill('agent-3', 'ours-3')
      await cluster.startMember('agent-3', 'ours-1')
      await cluster.startMember('ours-3', 'agent-1')
      await cluster.member('ours-3').setTag('life', '2')
      await cluster.member('agent-3').setTag('life', '2')
      await cluster.expectTagSeen('life', { 'agent-3': '2', 'ours-3': '2' })
      await cluster.expectSeen({ 'agent-3': 'alive', 'ours-3': 'alive' })
    })

    // Agents may take the leave of an agent for a failure on the way, for as long as gossip takes to
    // bring the intent: among six agents and none of ours, 9 of 1,600 did. Ours announces its intent
    // to everybody before it says farewell, and goes by the farewell where the intent got lost.
    test('all record that one of each left, and take it back; none calls it a failure, save agents an agent', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.leave('agent-3', 'ours-3')
      await cluster.expectSeen({ 'agent-3': 'left', 'ours-3': 'left' })
      const amongAgents = /^agent-\d of agent-3$/
      const mistaken = cluster.failuresSeen('agent-3', 'ours-3')
      expect(mistaken.filter((mistake) => !amongAgents.test(mistake))).toEqual([])
      await cluster.startMember('agent-3', 'ours-1')
      await cluster.startMember('ours-3', 'agent-1')
      await cluster.expectSeen({ 'agent-3': 'alive', 'ours-3': 'alive' })
    })

    test('heed a forced leave from either side', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.kill('agent-3', 'ours-3')
      await cluster.expectSeen({ 'agent-3': 'failed', 'ours-3': 'failed' })
      await cluster.member('agent-1').forceLeave('ours-3')
      await cluster.member('ours-1').forceLeave('agent-3')
      await cluster.expectSeen({ 'agent-3': 'left', 'ours-3': 'left' })
    })

    test('forget whom a forced leave from either side prunes, and take it back', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.kill('agent-3', 'ours-3')
      await cluster.expectSeen({ 'agent-3': 'failed', 'ours-3': 'failed' })
      await cluster.prune({ 'agent-1': 'ours-3', 'ours-1': 'agent-3' })
      await cluster.startMember('agent-3', 'ours-1')
      await cluster.startMember('ours-3', 'agent-1')
      await cluster.expectSeen({ 'agent-3': 'alive', 'ours-3': 'alive' })
    })

    test('refute a forced leave of a member that lives', async () => {
      await using cluster = await MixedCluster.start('agent', setting)
      await cluster.member('agent-1').forceLeave('ours-2')
      await cluster.member('ours-1').forceLeave('agent-2')
      await cluster.member('agent-2').setTag('after', 'yes')
      await cluster.member('ours-2').setTag('after', 'yes')
      await cluster.expectTagSeen('after', { 'agent-2': 'yes', 'ours-2': 'yes' })
      await cluster.expectSeen({ 'agent-2': 'alive', 'ours-2': 'alive' })
    })
  },
)
