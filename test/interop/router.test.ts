import { Cluster } from 'libring'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const PATIENCE = { timeout: 90_000 }
const KEYS = Array.from({ length: 500 }, (_, index) => `/carts/${index}`)

function routerOf(name: string, host: string, join: string): Cluster {
  return new Cluster({
    hostName: name,
    bootstrapHosts: [join],
    watchTags: { role: /^store$/ },
    assignment: 'go-consistent',
    partitions: 2056,
    redundancy: 2,
    serf: { bind: `${host}:7946` },
  })
}

function ownersOf(router: Cluster): (string | undefined)[] {
  return KEYS.map((key) => router.ownerForKey(key)?.name)
}

describe.skipIf(serfMissing)(`a router beside plain serf agents ${serfMissing ?? ''}`, () => {
  test('sends keys to those that bear the watched tag, and owns nothing itself', async () => {
    const addresses = loopbackAddresses()
    const tags = { role: 'store', http: '9000' }
    await using a = await SerfAgent.start({ name: 'store-a', host: addresses.next(), tags })
    const join = [a.address]
    await using b = await SerfAgent.start({ name: 'store-b', host: addresses.next(), tags, join })
    await using c = await SerfAgent.start({ name: 'store-c', host: addresses.next(), tags, join })
    await using _other = await SerfAgent.start({ name: 'other', host: addresses.next(), join })
    await using one = routerOf('router-1', addresses.next(), b.address)
    await using two = routerOf('router-2', addresses.next(), c.address)
    const steps: unknown[] = []
    for (const router of [one, two]) {
      router.on('acquire', (event) => steps.push(event))
      await router.start()
    }

    for (const router of [one, two]) {
      await expect
        .poll(() => router.members.map(({ name }) => name), PATIENCE)
        .toEqual(['store-a', 'store-b', 'store-c'])
    }
    expect(ownersOf(one)).toEqual(ownersOf(two))
    expect(new Set(ownersOf(one))).toEqual(new Set(['store-a', 'store-b', 'store-c']))
    expect(one.ownerForKey('/carts/1')?.url).toMatch(/^http:\/\/127\.\d+\.\d+\.\d+:9000$/)
    expect(
      one
        .membersForKey('/carts/1')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['store-a', 'store-b', 'store-c'])

    await a.setTag('role', 'retired')
    await c.kill()
    for (const router of [one, two]) {
      await expect.poll(() => router.members.map(({ name }) => name), PATIENCE).toEqual(['store-b'])
      expect(new Set(ownersOf(router))).toEqual(new Set(['store-b']))
    }
    expect(await b.members()).toContainEqual(
      expect.objectContaining({ name: 'router-1', status: 'alive' }),
    )
    expect(steps).toEqual([])
  })
})
