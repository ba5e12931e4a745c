import { createGossipNode } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { addressText } from '../../packages/libring/src/base/address.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const PATIENCE = { timeout: 90_000, interval: 50 }

const statuses = (members: readonly { readonly name: string; readonly status: string }[]) =>
  Object.fromEntries(members.map(({ name, status }) => [name, status]))

// Whoever starts anew without those that it left knows no time later than that of its leave, and joins
// at an earlier one. To an agent that heard of the leave it is leaving from then on, though it is there.
describe.skipIf(serfMissing)(
  `a member that comes back knowing nothing of its leave ${serfMissing ?? ''}`,
  () => {
    test('is an agent: ours that meets it for the first time tells it, and hears that it is back', async () => {
      const addresses = loopbackAddresses()
      const node = (hostName: string) =>
        createGossipNode({ hostName, bind: `${addresses.next()}:7946` })
      await using before = node('before')
      await using later = node('later')
      const agentAt = { name: 'agent', host: addresses.next() }

      await before.start()
      await using formerly = await SerfAgent.start({
        ...agentAt,
        join: [addressText(before.bound)],
      })
      await formerly.leave()
      await expect.poll(() => statuses(before.members()), PATIENCE).toMatchObject({ agent: 'left' })

      await later.start()
      await later.join([addressText(before.bound)])
      await before.leave()
      await expect.poll(() => statuses(later.members()), PATIENCE).toMatchObject({ before: 'left' })
      await using again = await SerfAgent.start(agentAt)
      await later.join([again.address])
      const back = { agent: 'alive', later: 'alive' }
      await expect.poll(() => statuses(later.members()), PATIENCE).toMatchObject(back)
      expect(again.log).toContain('Refuting an older leave intent')
      await expect.poll(async () => statuses(await again.members()), PATIENCE).toMatchObject(back)
    })

    // The other way round it need not be told: an agent tells the time of the leave when they exchange
    // all that they know, every 30 s, and ours knows that it said no such thing.
    test('is one of ours: an agent that meets it for the first time hears that it is back', async () => {
      const addresses = loopbackAddresses()
      const place = () => ({ host: addresses.next() })
      const bind = `${addresses.next()}:7946`
      const ours = () => createGossipNode({ hostName: 'ours', bind })
      await using before = await SerfAgent.start({ ...place(), name: 'before' })
      await using formerly = ours()
      await formerly.start()
      await formerly.join([before.address])
      await formerly.leave()
      await formerly.stop()
      const seenBy = (agent: SerfAgent) => async () => statuses(await agent.members())
      await expect.poll(seenBy(before), PATIENCE).toMatchObject({ ours: 'left' })

      await using later = await SerfAgent.start({
        ...place(),
        name: 'later',
        join: [before.address],
      })
      await before.leave()
      await expect.poll(seenBy(later), PATIENCE).toMatchObject({ before: 'left' })
      await using again = ours()
      await again.start()
      await later.join(addressText(again.bound))
      await expect.poll(() => again.stats.leavesRefuted, PATIENCE).toBe(1)
      await expect.poll(seenBy(later), PATIENCE).toHaveProperty('ours', 'alive')
    })
  },
)
