import { Cluster, serfAgent } from 'libring'
import { beforeEach, afterEach, describe, expect, test } from 'vitest'
import type { MemberEvent } from 'libring'
import { membershipContract } from '../contract/membership.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const addresses = loopbackAddresses()
const PATIENCE = { timeout: 90_000 }
const KEYS = Array.from({ length: 500 }, (_, index) => `/carts/${index}`)

/** Asks often, so that what agents are slow to tell is there soon. */
const BRISK = { refreshMs: 500, requestTimeoutMs: 5_000 }

type Attachment = ReturnType<typeof serfAgent>

function statusesAt(attachment: Attachment): Record<string, string> {
  return Object.fromEntries(attachment.members().map(({ name, status }) => [name, status]))
}

/** Every change that is told, as `type name`. */
function heard(attachment: Attachment): string[] {
  const told: string[] = []
  attachment.subscribe(({ type, members }: MemberEvent) => {
    for (const { name } of members) told.push(`${type} ${name}`)
  })
  return told
}

function ownersOf(cluster: Cluster): (string | undefined)[] {
  return KEYS.map((key) => cluster.ownerForKey(key)?.name)
}

describe.skipIf(serfMissing)(`attached to a serf agent ${serfMissing ?? ''}`, () => {
  test('members come, change, fail and leave', async () => {
    await using ann = await SerfAgent.start({ name: 'ann', host: addresses.next() })
    const attachment = serfAgent({ rpcAddress: ann.rpcAddress, ...BRISK })
    const told = heard(attachment)
    await attachment.start()
    try {
      expect([attachment.localName, statusesAt(attachment)]).toEqual(['ann', { ann: 'alive' }])

      const join = [ann.address]
      const tags = { zone: 'a' }
      await using ben = await SerfAgent.start({ name: 'ben', host: addresses.next(), tags, join })
      await using cat = await SerfAgent.start({ name: 'cat', host: addresses.next(), join })
      await expect
        .poll(() => statusesAt(attachment), PATIENCE)
        .toEqual({ ann: 'alive', ben: 'alive', cat: 'alive' })
      const found = attachment.members().find(({ name }) => name === 'ben')
      expect(found).toEqual({ name: 'ben', host: ben.host, port: 7946, tags, status: 'alive' })

      await ben.setTag('zone', 'b')
      await expect.poll(() => told, PATIENCE).toContain('member-update ben')
      expect(attachment.members().find(({ name }) => name === 'ben')?.tags).toEqual({ zone: 'b' })

      await ben.kill()
      await cat.leave()
      await expect
        .poll(() => statusesAt(attachment), PATIENCE)
        .toEqual({ ann: 'alive', ben: 'failed', cat: 'left' })
      await using _ben = await SerfAgent.start({ name: 'ben', host: ben.host, join })
      await expect.poll(() => statusesAt(attachment)['ben'], PATIENCE).toBe('alive')
      expect(attachment.incarnationOf('ben')).toBe(1)
      expect(told.filter((line) => line.endsWith('ann'))).toEqual(['member-join ann'])
      expect(told.filter((line) => line.endsWith('ben'))).toEqual([
        'member-join ben',
        'member-update ben',
        'member-failed ben',
        'member-join ben',
      ])
    } finally {
      await attachment.stop()
    }
  })

  test('an event is enough to hear of a member, however long lists are apart', async () => {
    await using ann = await SerfAgent.start({ name: 'ann', host: addresses.next() })
    const attachment = serfAgent({ rpcAddress: ann.rpcAddress, refreshMs: 86_400_000 })
    const told = heard(attachment)
    await attachment.start()
    try {
      const join = [ann.address]
      await using _ben = await SerfAgent.start({ name: 'ben', host: addresses.next(), join })
      await expect.poll(() => told, PATIENCE).toEqual(['member-join ann', 'member-join ben'])
      expect(attachment.stats.events).toBeGreaterThan(0)
    } finally {
      await attachment.stop()
    }
  })

  test('an agent that is started anew is found again, and given its tags', async () => {
    await using seed = await SerfAgent.start({ name: 'seed', host: addresses.next() })
    const host = addresses.next()
    const setup = { name: 'ann', host, join: [seed.address] }
    const ann = await SerfAgent.start(setup)
    const attachment = serfAgent({ rpcAddress: ann.rpcAddress, ...BRISK, absenceMs: 60_000 })
    const told = heard(attachment)
    await attachment.start()
    try {
      await attachment.setTags({ role: 'edge' })
      await expect.poll(() => told, PATIENCE).toContain('member-join seed')
      await ann.kill()
      await expect.poll(() => attachment.status, PATIENCE).toBe('away')
      expect(statusesAt(attachment)).toEqual({ ann: 'alive', seed: 'alive' })
      await using late = await SerfAgent.start({
        name: 'late',
        host: addresses.next(),
        join: [seed.address],
      })

      await using _again = await SerfAgent.start(setup)
      await expect.poll(() => attachment.status, PATIENCE).toBe('attached')
      await expect
        .poll(() => statusesAt(attachment), PATIENCE)
        .toEqual({
          ann: 'alive',
          seed: 'alive',
          late: 'alive',
        })
      await expect
        .poll(async () => (await late.members()).find(({ name }) => name === 'ann')?.tags, PATIENCE)
        .toEqual({ role: 'edge' })
      // The others were there all along, though the agent knew nobody at first.
      expect(told.filter((line) => line.endsWith('seed'))).toEqual(['member-join seed'])
      expect(attachment.stats.attachments).toBe(2)
    } finally {
      await attachment.stop()
    }
  })

  test('an agent that is stopped in its tracks counts as gone until it goes on', async () => {
    await using ann = await SerfAgent.start({ name: 'ann', host: addresses.next() })
    const attachment = serfAgent({
      rpcAddress: ann.rpcAddress,
      refreshMs: 200,
      requestTimeoutMs: 500,
      connectTimeoutMs: 1_000,
    })
    await attachment.start()
    try {
      await ann.pause()
      await expect.poll(() => attachment.status, PATIENCE).toBe('away')
      await expect.poll(() => attachment.stats.failures, PATIENCE).toBeGreaterThan(1)
      expect(statusesAt(attachment)).toEqual({ ann: 'alive' })
      ann.resume()
      await expect.poll(() => attachment.status, PATIENCE).toBe('attached')
    } finally {
      await attachment.stop()
    }
  })

  test('a key is shown, and another one is refused at once', async () => {
    const setup = { name: 'ann', host: addresses.next(), rpcAuth: 'sesame' }
    await using ann = await SerfAgent.start(setup)
    const { rpcAddress } = ann
    for (const wrong of [{}, { authKey: 'open' }]) {
      const refused = serfAgent({ rpcAddress, ...wrong })
      await expect(refused.start()).rejects.toMatchObject({ code: 'LIBRING_RPC_AUTH_REFUSED' })
      await refused.stop()
    }
    const attachment = serfAgent({ rpcAddress, authKey: 'sesame' })
    await attachment.start()
    expect(attachment.localName).toBe('ann')
    await attachment.stop()
  })

  test('an agent that is about to start is waited for, one that never does is told', async () => {
    const host = addresses.next()
    const rpcAddress = `${host}:7373`
    const attachment = serfAgent({ rpcAddress, connectTimeoutMs: 60_000 })
    const starting = attachment.start()
    await expect.poll(() => attachment.stats.failures, PATIENCE).toBeGreaterThan(0)
    await using _ann = await SerfAgent.start({ name: 'ann', host })
    await starting
    await attachment.stop()

    const nobody = serfAgent({ rpcAddress: `${addresses.next()}:7373`, connectTimeoutMs: 700 })
    await expect(nobody.start()).rejects.toMatchObject({ code: 'LIBRING_RPC_UNREACHABLE' })
    expect(nobody.stats.failures).toBeGreaterThan(1)
    await nobody.stop()
  })
})

describe.skipIf(serfMissing)(`a cluster over a serf agent ${serfMissing ?? ''}`, () => {
  const RING = {
    watchTags: { role: /^store$/ },
    partitions: 256,
    redundancy: 2,
    settleMs: 100,
  } as const

  test('sees the owners that a gossip router sees, through failures, and owns nothing', async () => {
    const tags = { role: 'store', http: '9000' }
    await using edge = await SerfAgent.start({ name: 'edge', host: addresses.next() })
    const join = [edge.address]
    await using a = await SerfAgent.start({ name: 'a', host: addresses.next(), tags, join })
    await using b = await SerfAgent.start({ name: 'b', host: addresses.next(), tags, join })
    await using c = await SerfAgent.start({ name: 'c', host: addresses.next(), tags, join })
    const ring = { ...RING, assignment: 'go-consistent' } as const
    await using gossiping = new Cluster({
      ...ring,
      hostName: 'gossiping',
      bootstrapHosts: [edge.address],
      serf: { bind: `${addresses.next()}:7946` },
    })
    const membership = serfAgent({ rpcAddress: edge.rpcAddress, ...BRISK })
    await using attached = new Cluster({ ...ring, membership })
    const steps: unknown[] = []
    attached.on('acquire', (event) => steps.push(event))
    await Promise.all([gossiping.start(), attached.start()])

    const agree = async (...names: string[]): Promise<void> => {
      for (const cluster of [gossiping, attached]) {
        await expect
          .poll(() => cluster.members.map(({ name }) => name).sort(), PATIENCE)
          .toEqual(names)
      }
      expect(ownersOf(attached)).toEqual(ownersOf(gossiping))
      expect(new Set(ownersOf(attached))).toEqual(new Set(names))
    }
    await agree('a', 'b', 'c')
    expect(attached.ownerForKey('/carts/1')?.url).toMatch(/^http:\/\/127\.\d+\.\d+\.\d+:9000$/)
    expect(attached.localName).toBe('edge')
    await b.kill()
    await agree('a', 'c')
    await c.setTag('role', 'retired')
    await agree('a')
    await using _b = await SerfAgent.start({ name: 'b', host: b.host, tags, join: [a.address] })
    await agree('a', 'b')
    expect(steps).toEqual([])
    await attached.stop()
    // The agent outlives the program.
    expect(edge.hasExited).toBe(false)
    expect(await a.members()).toContainEqual(
      expect.objectContaining({ name: 'edge', status: 'alive' }),
    )
  })

  test('sees the owners that members of ours agree on, and minds what they say of the ring', async () => {
    await using edge = await SerfAgent.start({ name: 'edge', host: addresses.next() })
    const member = (name: string): Cluster => {
      return new Cluster({
        ...RING,
        hostName: name,
        bootstrapHosts: [edge.address],
        serf: { bind: `${addresses.next()}:7946`, tags: { role: 'store' } },
      })
    }
    await using ann = member('ann')
    await using ben = member('ben')
    // It bears the watched tag, and runs no cluster: no member of ours lets it in.
    const tags = { role: 'store' }
    const join = [edge.address]
    await using _plain = await SerfAgent.start({
      name: 'plain',
      host: addresses.next(),
      tags,
      join,
    })
    await Promise.all([ann.start(), ben.start()])
    await using attached = new Cluster({
      ...RING,
      membership: serfAgent({ rpcAddress: edge.rpcAddress, ...BRISK }),
    })
    await attached.start()
    for (const cluster of [ann, ben, attached]) {
      await expect
        .poll(() => cluster.members.map(({ name }) => name).sort(), PATIENCE)
        .toEqual(['ann', 'ben'])
    }
    expect(ownersOf(attached)).toEqual(ownersOf(ann))
    await ann.drain({ timeoutMs: 60_000 })
    await expect.poll(() => attached.members.map(({ name }) => name), PATIENCE).toEqual(['ben'])
    expect(new Set(ownersOf(attached))).toEqual(new Set(['ben']))
  })

  test('cannot own through an agent that bears the watched tag, and frees everything', async () => {
    const tags = { role: 'store' }
    await using ann = await SerfAgent.start({ name: 'ann', host: addresses.next(), tags })
    const membership = serfAgent({ rpcAddress: ann.rpcAddress })
    const cluster = new Cluster({ ...RING, membership })
    await expect(cluster.start()).rejects.toMatchObject({
      code: 'LIBRING_OPTION_INVALID',
      option: 'watchTags',
      message: expect.stringContaining('the agent ann does not match') as unknown,
    })
    expect(membership.status).toBe('stopped')
    expect(cluster.members).toEqual([])
  })

  test('that is given the watched tag later still owns nothing', async () => {
    await using ann = await SerfAgent.start({ name: 'ann', host: addresses.next() })
    const membership = serfAgent({ rpcAddress: ann.rpcAddress, ...BRISK })
    await using cluster = new Cluster({ ...RING, assignment: 'go-consistent', membership })
    const steps: unknown[] = []
    cluster.on('acquire', (event) => steps.push(event))
    await cluster.start()
    await expect(cluster.setTags({ role: 'store' })).rejects.toMatchObject({
      code: 'LIBRING_OPTION_INVALID',
      option: 'tags',
    })
    await ann.setTag('role', 'store')
    await expect.poll(() => cluster.members.map(({ name }) => name), PATIENCE).toEqual(['ann'])
    expect([steps, cluster.held(0)]).toEqual([[], undefined])
  })
})

describe.skipIf(serfMissing)(`the contract over a real agent ${serfMissing ?? ''}`, () => {
  let agent: SerfAgent
  let created: Attachment | undefined

  beforeEach(async () => {
    agent = await SerfAgent.start({ name: 'ann', host: addresses.next() })
  })

  afterEach(async () => {
    await created?.stop()
    await agent[Symbol.asyncDispose]()
  })

  membershipContract('a serf agent attached to', {
    create: () => (created = serfAgent({ rpcAddress: agent.rpcAddress })),
    settled: (promise) => promise,
    outlives: true,
  })
})
