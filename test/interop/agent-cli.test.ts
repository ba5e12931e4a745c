import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSerf, logTail, serveRpc, type GossipNode, type RpcServer } from 'libring/serf'
import { run } from '../../packages/agent/src/cli/run.ts'
import { libring as ranAt, type Ran } from '../support/command-line.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

// The commands of `libring` that go over Serf's RPC, against a stock agent and a node of ours: both
// have to give the same once addresses and what belongs to the machine are taken out.

const KEY = 'MDEyMzQ1Njc4OWFiY2RlZg=='
const TAGS = { role: 'web' }
const PATIENCE = { timeout: 60_000, interval: 100 }
const addresses = loopbackAddresses()
const [theirs, ours] = [addresses.next(), addresses.next()]

let agent: SerfAgent
let node: GossipNode
let server: RpcServer
const log = logTail()

/** A command of ours, with what it prints but for the address. */
async function libring(host: string, ...args: readonly string[]): Promise<Ran> {
  const { status, out, errors } = await ranAt(host, ...args)
  const plain = (text: string): string => {
    return text.replaceAll(host, 'HOST').replaceAll(/─+/g, '─').replaceAll(/ +/g, ' ')
  }
  return { status, out: plain(out), errors: plain(errors) }
}

const json = ({ out }: Ran): unknown => JSON.parse(out)

beforeAll(async () => {
  if (serfMissing !== undefined) return
  agent = await SerfAgent.start({
    ...{ name: 'front', host: theirs, tags: TAGS },
    args: [`-encrypt=${KEY}`],
  })
  const security = { keyring: [KEY] }
  node = createSerf({ hostName: 'front', bind: ours, tags: TAGS, logger: log, ...security })
  await node.start()
  server = await serveRpc(node, { rpcAddress: ours, log })
})

afterAll(async () => {
  await server?.close()
  await node?.stop()
  await agent?.[Symbol.asyncDispose]()
})

describe.skipIf(serfMissing)(`the command line ${serfMissing ?? ''}`, () => {
  test.each([
    [['members'], 0, /front .* HOST:7946 .* alive .* role=web/],
    [['members', '-detailed'], 0, /2 to 5/],
    [['members', '-json', '-tag', 'role=w.b', '-status', 'alive'], 0, /"addr": "HOST:7946"/],
    [['members', '-format=json', '-role', 'db'], 0, /"members": \[\]/],
    [['event', 'deploy', 'v1'], 0, /told all members: deploy \(coalesce: true\)/],
    [['event', '-coalesce=false', 'deploy'], 0, /told all members: deploy \(coalesce: false\)/],
    [['query', '-timeout=300ms', 'nobody-answers'], 0, /^ack from front\n1 acks, 0 answers\n$/],
    [['query', '-timeout=300ms', '-no-ack', '-json', 'x'], 0, /"Acks": \[\],\s+"Responses": \{\}/],
    [
      ['reachability', '-verbose'],
      0,
      /^1 of 1 members are alive\nack from front\nall live members answered/,
    ],
    [['rtt', 'front'], 0, /front <-> front: 0\.\d+ ms/],
    [['keys', '-list'], 0, /MDEyMzQ1Njc4OWFiY2RlZg== .* 1 [^]*1 of 1 members/],
    [['force-leave', 'nobody'], 0, /^$/],
    [['tags', '-set', 'lane=3', '-delete', 'role'], 0, /other tags/],
    [['members', '-name=fr.*'], 0, /lane=3/],
    [['monitor', '-log-level=loud'], 2, /^$/],
    [['rtt', 'nobody'], 1, /where nobody or front is in the network is not known/],
    [['event', 'long', 'x'.repeat(600)], 1, /the request event to the agent at HOST:7373 failed/],
  ] satisfies [string[], number, RegExp][])(
    '%j gives the same with an agent as with us',
    async (args, status, words) => {
      const sides = [theirs, ours].map((host) => libring(host, ...args))
      const [wanted, got] = await Promise.all(sides)
      expect(got).toEqual(wanted)
      expect(got?.status).toBe(status)
      expect(`${got?.out}${got?.errors}`).toMatch(words)
    },
  )

  test('members as JSON are what serf itself prints', async () => {
    const printed = await agent.run('members', '-format=json')
    expect(json(await libring(theirs, 'members', '-json'))).toEqual(
      JSON.parse(printed.replaceAll(theirs, 'HOST')),
    )
  })

  test('rtt is what serf itself prints', async () => {
    const rttMs = (await agent.rtt('front', 'front'))!.toFixed(3)
    expect((await libring(theirs, 'rtt', 'front')).out).toBe(`front <-> front: ${rttMs} ms\n`)
  })

  test('who refuses a change of keys is named, in the words of each', async () => {
    for (const host of [theirs, ours]) {
      const { status, out, errors } = await libring(host, 'keys', '-remove', KEY)
      expect([status, errors]).toEqual([1, 'libring: 1 of 1 members refused, 0 did not answer\n'])
      expect(out).toMatch(/^front: removing the primary key is not allowed\n$/i)
    }
  })

  test('info shows the same parts', async () => {
    const [wanted, got] = [
      await libring(theirs, 'info', '-json'),
      await libring(ours, 'info', '-json'),
    ]
    const namesOf = (info: unknown): string[] => {
      return Object.entries(info as Record<string, object>).flatMap(([part, values]) => {
        return Object.keys(values).map((name) => `${part}.${name}`)
      })
    }
    expect(namesOf(json(got)).toSorted()).toEqual(namesOf(json(wanted)).toSorted())
    expect((await libring(ours, 'info')).out).toMatch(/agent\.name │ front/)
  })

  test('a monitor shows what the agent writes, until nobody reads', async () => {
    const lines: string[] = []
    const out = {
      write: (text: string) => void lines.push(text),
      get writable() {
        return !lines.some((line) => line.includes('look'))
      },
    }
    const args = ['node', 'libring', 'monitor', '-rpc-addr', ours, '-log-level', 'debug']
    const monitor = run(args, out, out)
    await expect.poll(() => lines.length, PATIENCE).toBeGreaterThan(0)
    log.debug('look')
    await expect.poll(() => out.writable, PATIENCE).toBe(false)
    log.info('nobody reads this')
    expect(await monitor).toBe(0)
  })

  test('a monitor for programs prints an object a line', async () => {
    const lines: string[] = []
    const out = {
      write: (text: string) => void lines.push(...text.split('\n').slice(0, -1)),
      get writable() {
        return !lines.some((line) => line.includes('"user"'))
      },
    }
    const monitor = run(['node', 'libring', 'monitor', '-rpc-addr', ours, '-json'], out, out)
    await expect.poll(() => lines.length, PATIENCE).toBeGreaterThan(0)
    await libring(ours, 'event', '-coalesce=false', 'look', 'at this')
    await expect.poll(() => out.writable, PATIENCE).toBe(false)
    log.info('nobody reads this')
    expect(await monitor).toBe(0)
    const shown = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(shown[0]).toEqual({ log: expect.any(String) as string })
    expect(shown.find(({ event }) => event === 'user')).toEqual({
      ...{ event: 'user', name: 'look', payload: 'YXQgdGhpcw==', coalesce: false },
      lamportTime: expect.stringMatching(/^\d+$/) as string,
    })
  })

  test('nobody at the address, or no key shown, ends with 1', async () => {
    expect(await libring(addresses.next(), 'members')).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/the connection to the agent at HOST:7373 failed/) as string,
    })
    const asked = ['node', 'libring', 'ring', '-http-addr', `${ours}:1`]
    const errors: string[] = []
    const into = { write: (text: string) => errors.push(text) }
    expect(await run(asked, into, into)).toBe(1)
    expect(errors.join('')).toContain(`no agent answers at ${ours}:1`)
    const guarded = addresses.next()
    await using locked = await serveRpc(node, { rpcAddress: guarded, authKey: 'open sesame' })
    expect((await libring(guarded, 'members', '-rpc-auth', 'wrong')).status).toBe(1)
    expect((await libring(guarded, 'members', '-rpc-auth', 'open sesame')).status).toBe(0)
    expect(locked.stats.clientsTotal).toBe(2)
  })

  test('join says how many answered, and leave has the agent leave', async () => {
    const host = addresses.next()
    await using other = await SerfAgent.start({ name: 'other', host, args: [`-encrypt=${KEY}`] })
    expect(await libring(ours, 'join', other.address)).toMatchObject({ status: 0 })
    expect((await libring(ours, 'join', `${addresses.next()}:1`)).status).toBe(1)
    await expect.poll(() => node.members().length, PATIENCE).toBe(2)
    expect(await libring(host, 'leave')).toEqual({
      status: 0,
      out: 'the agent has left\n',
      errors: '',
    })
    await expect.poll(() => other.hasExited, PATIENCE).toBe(true)
  })
})
