import { connectRpc, type RpcClient, type RpcStream } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const addresses = loopbackAddresses()
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (payload: Uint8Array): string => new TextDecoder().decode(payload)

async function agent(name: string, setup: Partial<Parameters<typeof SerfAgent.start>[0]> = {}) {
  return SerfAgent.start({ name, host: addresses.next(), ...setup })
}

/** The first record for which `accept` holds. */
async function first<T>(stream: RpcStream<T>, accept: (record: T) => boolean): Promise<T> {
  for await (const record of stream) if (accept(record)) return record
  throw new Error('the stream ended')
}

async function all<T>(stream: RpcStream<T>): Promise<T[]> {
  const records: T[] = []
  for await (const record of stream) records.push(record)
  return records
}

describe.skipIf(serfMissing)(`commands to a serf agent ${serfMissing ?? ''}`, () => {
  test('tell members, all or those that match', async () => {
    await using ann = await agent('ann', { tags: { role: 'web', dc: 'east' } })
    await using ben = await agent('ben', { tags: { role: 'db' }, join: [ann.address] })
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    await expect.poll(async () => (await client.members()).length).toBe(2)
    const [web, ...none] = await client.members({ tags: { role: 'w.*' }, status: 'alive' })
    expect(none).toEqual([])
    expect(web).toEqual({
      name: 'ann',
      host: ann.host,
      port: 7946,
      status: 'alive',
      tags: { role: 'web', dc: 'east' },
      protocol: { min: 1, max: 5, current: 2 },
      delegate: { min: 2, max: 5, current: 5 },
    })
    expect((await client.members({ name: 'be.' })).map(({ name }) => name)).toEqual([ben.name])
  })

  test('join, and say how many answered, even where one did not', async () => {
    await using ann = await agent('ann')
    await using ben = await agent('ben')
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    expect(await client.join([ben.address], { replay: true })).toBe(1)
    expect((await client.members()).map(({ name }) => name).sort()).toEqual(['ann', 'ben'])
    await expect(client.join([ben.address, `${addresses.next()}:1`])).resolves.toBe(1)
    await expect(client.join([`${addresses.next()}:1`])).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
      command: 'join',
      answer: 0,
      words: expect.stringContaining('connection refused') as unknown,
    })
  })

  test('set tags and take them away, and refuse too many', async () => {
    await using ann = await agent('ann', { tags: { a: '1', b: '2' } })
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    await client.updateTags({ c: '3' }, { remove: ['a'] })
    expect((await client.members())[0]?.tags).toEqual({ b: '2', c: '3' })
    await client.updateTags({ big: 'x'.repeat(480) })
    await expect(client.updateTags({ bigger: 'x'.repeat(480) })).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
      words: 'Encoded length of tags exceeds limit of 512 bytes',
    })
  })

  test('spread user events, which streams tell by name', async () => {
    await using ann = await agent('ann')
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    const stream = await client.stream('user:deploy')
    await client.event('other', bytes('no'))
    await client.event('deploy', bytes('v1.2'), { coalesce: true })
    const event = await first(stream, () => true)
    expect(event).toMatchObject({ type: 'user', name: 'deploy', coalesce: true })
    expect(event.type === 'user' && textOf(event.payload)).toBe('v1.2')
    await expect(client.event('x', new Uint8Array(600))).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
      words: 'user event exceeds configured limit of 512 bytes before encoding',
    })
    await expect(client.stream('bad-type')).rejects.toMatchObject({ words: 'Invalid event filter' })
  })

  test('ask queries and answer them', async () => {
    await using ann = await agent('ann')
    await using ben = await agent('ben', { join: [ann.address] })
    await using asker = await connectRpc({ rpcAddress: ann.rpcAddress })
    await using answerer = await connectRpc({ rpcAddress: ben.rpcAddress })
    const asked = await answerer.stream('query:uptime')
    const answers = all(
      await asker.query('uptime', {
        payload: bytes('since?'),
        nodes: ['ben'],
        acks: true,
        timeoutMs: 2_000,
      }),
    )
    const question = await first(asked, ({ type }) => type === 'query')
    if (question.type !== 'query') throw new Error(question.type)
    expect(textOf(question.payload)).toBe('since?')
    await answerer.respond(question.id, bytes('today'))
    await expect(answerer.respond(question.id, bytes('again'))).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
    })
    const got = await answers
    expect(got).toContainEqual({ type: 'ack', from: 'ben' })
    expect(got).toContainEqual({ type: 'response', from: 'ben', payload: bytes('today') })
    expect(got.filter(({ from }) => from !== 'ben')).toEqual([])
    await expect(asker.query('_serf_x')).rejects.toMatchObject({
      words: "Queries cannot contain the '_serf_' prefix",
    })
  })

  test('show the log, once for each connection', async () => {
    await using ann = await agent('ann')
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    const log = await client.monitor({ level: 'INFO' })
    await expect(client.monitor()).rejects.toMatchObject({ words: 'Monitor already exists' })
    expect(await first(log, (line) => line.includes('EventMemberJoin: ann'))).toMatch(/\[INFO\]/)
    const again = await client.monitor({ level: 'WARN' })
    await again.return()
  })

  test('tell statistics and coordinates', async () => {
    await using ann = await agent('ann')
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    expect((await client.stats())['agent']).toEqual({ name: 'ann' })
    expect(await client.coordinate('ann')).toEqual({
      vector: [0, 0, 0, 0, 0, 0, 0, 0],
      height: 0.00001,
      adjustment: 0,
      error: 1.5,
    })
    expect(await client.coordinate('nobody')).toBeUndefined()
  })

  test('exchange keys, and tell what members say against it', async () => {
    const first = 'EBESExQVFhcYGRobHB0eHw=='
    const second = 'AAECAwQFBgcICQoLDA0ODw=='
    await using ann = await agent('ann', { args: [`-encrypt=${first}`] })
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    const done = { nodes: 1, responses: 1, errors: 0, messages: {} }
    expect(await client.installKey(second)).toMatchObject(done)
    expect((await client.listKeys()).keys).toEqual({ [first]: 1, [second]: 1 })
    expect(await client.useKey(second)).toMatchObject(done)
    await expect(client.removeKey(second)).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
      answer: { errors: 1, messages: { ann: 'Removing the primary key is not allowed' } },
    })
    expect(await client.removeKey(first)).toMatchObject(done)
    expect((await client.listKeys()).keys).toEqual({ [second]: 1 })
  })

  test('force a failed member out, and forget it', async () => {
    await using ann = await agent('ann', { args: ['-profile=local'] })
    const ben = await agent('ben', { join: [ann.address], args: ['-profile=local'] })
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    const status = async (): Promise<unknown> => {
      return (await client.members({ name: 'ben' })).map((member) => member.status)
    }
    await expect.poll(status).toEqual(['alive'])
    await ben.kill()
    await expect.poll(status, { timeout: 60_000 }).toEqual(['failed'])
    await client.forceLeave('ben')
    await expect.poll(status, { timeout: 60_000 }).toEqual(['left'])
    await client.forceLeave('ben', { prune: true })
    await expect.poll(status, { timeout: 60_000 }).toEqual([])
  })

  test('have the agent leave, and the connection with it', async () => {
    await using ann = await agent('ann')
    await using client = await connectRpc({ rpcAddress: ann.rpcAddress })
    const stream = await client.stream()
    await client.leave({ timeoutMs: 60_000 })
    await expect(first(stream, () => false)).rejects.toMatchObject({ code: 'LIBRING_RPC_BROKEN' })
    await expect(client.stats()).rejects.toMatchObject({ code: /LIBRING_(CLOSED|RPC_BROKEN)/ })
    await expect.poll(() => ann.hasExited, { timeout: 60_000 }).toBe(true)
  })
})

describe.skipIf(serfMissing)(`connecting to a serf agent ${serfMissing ?? ''}`, () => {
  test('with the right key works, with another or none is refused at once', async () => {
    await using ann = await agent('ann', { rpcAuth: 'sesame' })
    const { rpcAddress } = ann
    for (const wrong of [{}, { authKey: 'open' }]) {
      await expect(connectRpc({ rpcAddress, ...wrong })).rejects.toMatchObject({
        name: 'RpcError',
        code: 'LIBRING_RPC_AUTH_REFUSED',
        address: rpcAddress,
      })
    }
    await using client = await connectRpc({ rpcAddress, authKey: 'sesame' })
    expect(await client.members()).toHaveLength(1)
  })

  test('to nobody fails at once, and says where', async () => {
    const rpcAddress = `${addresses.next()}:7373`
    await expect(connectRpc({ rpcAddress })).rejects.toMatchObject({
      code: 'LIBRING_RPC_UNREACHABLE',
      message: expect.stringContaining(rpcAddress) as unknown,
    })
  })

  test('that is stopped in its tracks ends in time, before and after', async () => {
    await using ann = await agent('ann')
    const { rpcAddress } = ann
    await using client: RpcClient = await connectRpc({ rpcAddress, requestTimeoutMs: 300 })
    await ann.pause()
    await expect(connectRpc({ rpcAddress, connectTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'LIBRING_RPC_UNREACHABLE',
    })
    await expect(client.stats()).rejects.toMatchObject({ code: 'LIBRING_RPC_TIMEOUT' })
    const controller = new AbortController()
    const asked = client.stats({ timeoutMs: 60_000, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    ann.resume()
    // What came too late was for others.
    expect((await client.stats({ timeoutMs: 60_000 }))['agent']).toEqual({ name: 'ann' })
    expect(await client.members({ timeoutMs: 60_000 })).toHaveLength(1)
  })
})
