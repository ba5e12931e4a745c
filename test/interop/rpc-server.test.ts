import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import { connectRpc } from '../../packages/libring/src/runtime/attach.ts'
import { logTail, serveRpc } from '../../packages/libring/src/runtime/serve-rpc.ts'
import { createSerf } from '../../packages/libring/src/runtime/serf.ts'
import type { RpcServer } from '../../packages/libring/src/serving/rpc-server.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { reapWithUs } from '../support/reaper.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

// Goal: the stock command line works with a node of ours as it does with an agent.
// Method: two clusters, alike but for the one who takes commands: an agent in the one, ours in the
// other; a stock agent beside it in both. Every subcommand is run against both, and what it prints
// is compared once addresses, times and such are taken out.

const run = promisify(execFile)
const loopback = loopbackAddresses()
const TAGS = { role: 'web', zone: 'a' }

/** One of the two clusters. */
interface Side {
  /** Where commands are taken. */
  readonly rpcAddress: string
  /** What is replaced in what is printed, since it differs. */
  readonly places: readonly (readonly [string, string])[]
}

let stock: Side
let ours: Side
let node: GossipNode
let server: RpcServer
let left = 0
const agents: SerfAgent[] = []
/** A machine that does other things as well takes its time. */
const PATIENCE = { timeout: 90_000, interval: 100 }

async function agent(name: string, host: string, join: readonly string[] = []): Promise<SerfAgent> {
  const started = await SerfAgent.start({
    name,
    host,
    join,
    ...(name === 'front' && { tags: TAGS }),
  })
  agents.push(started)
  return started
}

/** What a subcommand prints, and what it exits with. */
async function serf(side: Side, command: string, ...args: readonly string[]): Promise<string> {
  const all = [command, `-rpc-addr=${side.rpcAddress}`, ...args]
  const { stdout, stderr, code } = await run('serf', all).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  const text = side.places.reduce(
    (rest, [place, name]) => rest.replaceAll(place, name),
    stdout + stderr,
  )
  return `${text
    .replaceAll(/\S+=\S+,\S+/g, (tags) => tags.split(',').toSorted().join(','))
    .replaceAll(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'NOW')}exit ${code}`
}

const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd())

beforeAll(async () => {
  const [front, back] = [loopback.next(), loopback.next()]
  const lead = await agent('front', front)
  await agent('back', back, [lead.address])
  stock = {
    rpcAddress: lead.rpcAddress,
    places: [
      [front, 'FRONT'],
      [back, 'BACK'],
    ],
  }

  const [ourFront, ourBack] = [loopback.next(), loopback.next()]
  const log = logTail()
  node = createSerf({ hostName: 'front', bind: `${ourFront}:7946`, tags: TAGS, logger: log })
  await node.start()
  server = await serveRpc(node, { rpcAddress: `${ourFront}:7373`, log, onLeft: () => left++ })
  await agent('back', ourBack, [`${ourFront}:7946`])
  ours = {
    rpcAddress: `${ourFront}:7373`,
    places: [
      [ourFront, 'FRONT'],
      [ourBack, 'BACK'],
    ],
  }
})

afterAll(async () => {
  await server.close()
  await node.stop()
  await Promise.all(agents.map((started) => started[Symbol.asyncDispose]()))
})

describe.skipIf(serfMissing)('the stock command line, as with an agent', () => {
  test.each([
    ['members'],
    ['members', '-detailed'],
    ['members', '-status=alive', '-name=fr.*'],
    ['members', '-tag', 'role=w.b'],
    ['members', '-tag', 'role=nobody'],
    ['members', '-status=failed'],
    ['members', '-format=json'],
    ['members', '-name=('],
    ['event', 'deploy', 'v1'],
    ['event', '-coalesce=false', 'deploy', 'v2'],
    ['event', 'long', 'x'.repeat(600)],
    ['tags', '-set', 'lane=3', '-delete', 'zone'],
    ['members', '-name=front'],
    ['query', '-timeout=500ms', 'nobody-answers'],
    ['query', '-timeout=500ms', '-no-ack', 'nobody-answers'],
    ['query', '-timeout=500ms', '-format=json', '-node=back', 'nobody-answers'],
    ['query', '_serf_other'],
    ['query', 'long', 'x'.repeat(1_100)],
    ['query', '-timeout=500ms', '-tag', 'role=web', 'nobody-answers'],
    ['query', '-timeout=500ms', '-relay-factor=2', 'nobody-answers'],
    ['keys', '-install=MDEyMzQ1Njc4OWFiY2RlZg=='],
    ['monitor', '-log-level=loud'],
    ['reachability'],
    ['keys', '-list'],
    ['force-leave', 'nobody'],
    ['join', 'BACK:7946'],
    ['join', '-replay', 'BACK:7946'],
    ['rtt', 'nobody'],
  ])('%s %s %s %s', async (command, ...args) => {
    const places = (side: Side) =>
      args.map((arg) =>
        side.places.reduce((text, [place, name]) => text.replaceAll(name, place), arg),
      )
    const wanted = lines(await serf(stock, command, ...places(stock)))
    const got = lines(await serf(ours, command, ...places(ours)))
    expect(got.toSorted()).toEqual(wanted.toSorted())
  })

  test.each([
    [['query', '-tag', 'role=(', 'load'], /role must be a pattern as RE2 has it/],
    [['keys', '-install=bm90IGEga2V5'], /key must be 16, 24 or 32 bytes or their Base64/],
  ])(
    '%j: what an agent leaves to the members to refuse, we refuse ourselves',
    async (args, words) => {
      const [command = '', ...rest] = args
      expect(await serf(ours, command, ...rest)).toMatch(words)
    },
  )

  test('info has the same of everything', async () => {
    const namesIn = (text: string): string[] => {
      const info = JSON.parse(text.replace(/exit 0$/, '')) as Record<string, Record<string, string>>
      return Object.entries(info).flatMap(([group, values]) => {
        return Object.keys(values).map((name) => `${group}.${name}`)
      })
    }
    const [wanted, got] = [
      await serf(stock, 'info', '-format=json'),
      await serf(ours, 'info', '-format=json'),
    ]
    expect(namesIn(got).toSorted()).toEqual(namesIn(wanted).toSorted())
    expect(JSON.parse(got.replace(/exit 0$/, ''))).toMatchObject({
      agent: { name: 'front' },
      serf: { members: '2', failed: '0', left: '0', encrypted: 'false' },
      tags: { role: 'web' },
    })
  })

  test('rtt is known of both', async () => {
    await expect
      .poll(() => serf(ours, 'rtt', 'back'), PATIENCE)
      .toMatch(/^Estimated (front <-> back|back <-> front) rtt: \d/)
  })

  test('monitor shows events as they come, and what was written before', async () => {
    await using monitor = new Running('serf', [
      'monitor',
      `-rpc-addr=${ours.rpcAddress}`,
      '-log-level=debug',
    ])
    await expect.poll(() => monitor.output, PATIENCE).toContain('[INFO] listening')
    await serf(ours, 'event', 'look', 'here')
    await expect.poll(() => monitor.output, PATIENCE).toContain('Name: "look"')
  })

  test('a query of another member is answered by whoever watches here', async () => {
    await using watcher = await connectRpc({ rpcAddress: ours.rpcAddress })
    const asked = await watcher.stream('query:load')
    const answered = (async () => {
      for await (const event of asked) {
        if (event.type === 'query') return await watcher.respond(event.id, new Uint8Array([52, 50]))
      }
    })()
    const back = {
      rpcAddress: ours.rpcAddress.replace(/^[\d.]+/, hostOf(ours, 'BACK')),
      places: [],
    }
    const printed = await serf(back, 'query', '-timeout=3s', 'load')
    expect(printed).toContain("Response from 'front': 42")
    await answered
  })

  test('a key has to be shown where there is one', async () => {
    const rpcAddress = `${hostOf(ours, 'FRONT')}:7374`
    await using guarded = await serveRpc(node, { rpcAddress, authKey: 'secret' })
    const side = { rpcAddress, places: ours.places }
    expect(await serf(side, 'members')).toContain('Authentication required')
    expect(await serf(side, 'members', '-rpc-auth=secret')).toContain('front  FRONT:7946  alive')
    expect(guarded.stats.clientsTotal).toBe(2)
  })

  // Last: nothing is left of ours afterwards.
  test('leave is answered once everybody was told', async () => {
    expect(await serf(ours, 'leave')).toBe('Graceful leave complete\nexit 0')
    expect(node.status).toBe('left')
    expect(left).toBe(1)
  })
})

/** A command that runs until it is disposed of. */
class Running implements AsyncDisposable {
  output = ''
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    reapWithUs(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await over
  }
}

function hostOf({ places }: Side, name: string): string {
  return places.find(([, place]) => place === name)![0]
}
