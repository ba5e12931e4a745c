import { Cluster } from 'libring'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const PATIENCE = { timeout: 90_000 }
const PARTITIONS = 64
const ROLE = { role: 'store' }

/** A member whose tags make it one of the ring, to be started. */
async function memberOf(
  name: string,
  host: string,
  { join, acceptUntagged = false }: { readonly join: string; readonly acceptUntagged?: boolean },
): Promise<Cluster> {
  const cluster = new Cluster({
    hostName: name,
    bootstrapHosts: [join],
    watchTags: { role: /^store$/ },
    acceptUntagged,
    partitions: PARTITIONS,
    redundancy: 1,
    serf: { bind: `${host}:7946` },
  })
  await cluster.setTags(ROLE)
  return cluster
}

/** Who holds partitions, as `cluster` sees it. */
function holders(cluster: Cluster): string[] {
  const names = new Set<string>()
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (const { name } of cluster.holdersForPartition(partition)) names.add(name)
  }
  return [...names].sort()
}

describe.skipIf(serfMissing)(`a ring among plain serf agents ${serfMissing ?? ''}`, () => {
  test('shows its tag, gives agents no part, and is seen to leave when drained', async () => {
    const addresses = loopbackAddresses()
    await using a = await SerfAgent.start({ name: 'plain-a', host: addresses.next(), tags: ROLE })
    const join = [a.address]
    await using b = await SerfAgent.start({ name: 'plain-b', host: addresses.next(), join })
    await using one = await memberOf('member-1', addresses.next(), { join: a.address })
    await using two = await memberOf('member-2', addresses.next(), { join: b.address })
    await one.start()
    await two.start()
    for (const cluster of [one, two]) {
      await expect.poll(() => holders(cluster), PATIENCE).toEqual(['member-1', 'member-2'])
    }
    for (const agent of [a, b]) {
      for (const name of ['member-1', 'member-2']) {
        await expect
          .poll(() => agent.members(), PATIENCE)
          .toContainEqual(
            expect.objectContaining({
              name,
              status: 'alive',
              tags: { ...ROLE, libring: expect.stringMatching(/^1,ring,s,64,1,b1,.*,[\da-f]{8}$/) },
            }),
          )
      }
    }

    await one.drain()
    expect(holders(two)).toEqual(['member-2'])
    for (const agent of [a, b]) {
      await expect
        .poll(() => agent.members(), PATIENCE)
        .toContainEqual(expect.objectContaining({ name: 'member-1', status: 'left' }))
      expect([agent.name, agent.sawFail('member-1')]).toEqual([agent.name, false])
    }
  })

  test('gives agents that match a part where it is told to accept them', async () => {
    const addresses = loopbackAddresses()
    await using a = await SerfAgent.start({ name: 'plain-a', host: addresses.next(), tags: ROLE })
    const join = [a.address]
    await using _b = await SerfAgent.start({ name: 'plain-b', host: addresses.next(), join })
    await using one = await memberOf('member-1', addresses.next(), {
      join: a.address,
      acceptUntagged: true,
    })
    await one.start()
    await expect.poll(() => holders(one), PATIENCE).toEqual(['member-1', 'plain-a'])
  })
})
