import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import { connectRpc } from '../../packages/libring/src/runtime/attach.ts'
import { logTail, serveRpc } from '../../packages/libring/src/runtime/serve-rpc.ts'
import { createSerf } from '../../packages/libring/src/runtime/serf.ts'
import type { RpcServer } from '../../packages/libring/src/serving/rpc-server.ts'
import { startAgentProgram, type AgentProgram } from '../support/agent-program.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { reapWithUs } from '../support/reaper.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

// Goal: the stock command line works with a node of ours, and with our program, as it does with an
// agent.
// Method: three clusters, alike but for the one who takes commands: an agent, a node of ours, and
// `libring agent`, which wants to be shown a key besides; a stock agent beside it in all of them. Every
// subcommand is run against all, and what it prints is compared once addresses, times and such are
// taken out.

const run = promisify(execFile)
const loopback = loopbackAddresses()
const TAGS = { role: 'web', zone: 'a' }
const KEY = 'open-sesame'

/** One of the clusters. */
interface Side {
  /** Where commands are taken. */
  readonly rpcAddress: string
  readonly rpcAuth?: string
  /** What is replaced in what is printed, since it differs. */
  readonly places: readonly (readonly [string, string])[]
}

type Kind = 'a node' | 'libring agent'
const KINDS = ['a node', 'libring agent'] as const

let stock: Side
let ours: Readonly<Record<Kind, Side>>
let node: GossipNode
let server: RpcServer
let program: AgentProgram
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
  const key = side.rpcAuth === undefined ? [] : [`-rpc-auth=${side.rpcAuth}`]
  const all = [command, `-rpc-addr=${side.rpcAddress}`, ...key, ...args]
  const { stdout, stderr, code } = await run('serf', all).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  const text = side.places.reduce(
    (rest, [place, name]) => rest.replaceAll(place, name),
    stdout + stderr,
  )
  return `${text
    .replaceAll(RING_TAG, '')
    .replaceAll(WIDE_GAP, '  ')
    .replaceAll(/\S+=\S+,\S+/g, (tags) => tags.split(',').toSorted().join(','))
    .replaceAll(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'NOW')}exit ${code}`
}

/**
 * What our program prints besides, of which nothing is left: whoever may take part in a ring says in a
 * tag which. As text, where it makes a column wider too, and as JSON.
 */
const RING_TAG = /libring=1(?:,\w+){9},|,?libring=1(?:,\w+){9}|\s+"libring": "1,[^"]+",/g
const WIDE_GAP = / {3,}/g

const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd())

/** A cluster of somebody who takes commands, and of a stock agent that joins it. */
async function sideOf(lead: (host: string) => Promise<Omit<Side, 'places'>>): Promise<Side> {
  const [front, back] = [loopback.next(), loopback.next()]
  const side = await lead(front)
  await agent('back', back, [`${front}:7946`])
  return {
    ...side,
    places: [
      [front, 'FRONT'],
      [back, 'BACK'],
    ],
  }
}

beforeAll(async () => {
  stock = await sideOf((host) => agent('front', host))
  ours = {
    'a node': await sideOf(async (host) => {
      const log = logTail()
      node = createSerf({ hostName: 'front', bind: `${host}:7946`, tags: TAGS, logger: log })
      await node.start()
      const rpcAddress = `${host}:7373`
      server = await serveRpc(node, { rpcAddress, log, onLeft: () => left++ })
      return { rpcAddress }
    }),
    'libring agent': await sideOf(async (host) => {
      const tags = Object.entries(TAGS).flatMap(([tag, value]) => ['-tag', `${tag}=${value}`])
      program = await startAgentProgram('front', host, '-rpc-auth', KEY, ...tags)
      return { rpcAddress: `${host}:7373`, rpcAuth: KEY }
    }),
  }
})

afterAll(async () => {
  await program?.[Symbol.asyncDispose]()
  await server?.close()
  await node?.stop()
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
    ['join', 'nobody/BACK:7946'],
    ['rtt', 'nobody'],
  ])('%s %s %s %s', async (command, ...args) => {
    const places = (side: Side) =>
      args.map((arg) =>
        side.places.reduce((text, [place, name]) => text.replaceAll(name, place), arg),
      )
    const printed = async (side: Side): Promise<string[]> => {
      return lines(await serf(side, command, ...places(side))).toSorted()
    }
    const [wanted, ...got] = await Promise.all(
      [stock, ...KINDS.map((kind) => ours[kind])].map(printed),
    )
    for (const [index, kind] of KINDS.entries()) expect(got[index], kind).toEqual(wanted)
  })
})

describe.skipIf(serfMissing).each(KINDS)('the stock command line and %s', (kind) => {
  test.each([
    [['query', '-tag', 'role=(', 'load'], /role must be a pattern as RE2 has it/],
    [['keys', '-install=bm90IGEga2V5'], /key must be 16, 24 or 32 bytes or their Base64/],
  ])(
    '%j: what an agent leaves to the members to refuse, is refused at once',
    async (args, words) => {
      const [command = '', ...rest] = args
      expect(await serf(ours[kind], command, ...rest)).toMatch(words)
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
      await serf(ours[kind], 'info', '-format=json'),
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
      .poll(() => serf(ours[kind], 'rtt', 'back'), PATIENCE)
      .toMatch(/^Estimated (front <-> back|back <-> front) rtt: \d/)
  })

  test('monitor shows events as they come, and what was written before', async () => {
    const { rpcAddress, rpcAuth = '' } = ours[kind]
    await using monitor = new Running('serf', [
      'monitor',
      `-rpc-addr=${rpcAddress}`,
      `-rpc-auth=${rpcAuth}`,
      '-log-level=debug',
    ])
    await expect.poll(() => monitor.output, PATIENCE).toContain('[INFO] listening')
    await serf(ours[kind], 'event', 'look', 'here')
    await expect.poll(() => monitor.output, PATIENCE).toContain('Name: "look"')
  })

  test('a query of another member is answered by whoever watches here', async () => {
    const { rpcAddress, rpcAuth: authKey = '' } = ours[kind]
    await using watcher = await connectRpc({ rpcAddress, authKey })
    const asked = await watcher.stream('query:load')
    const answered = (async () => {
      for await (const event of asked) {
        if (event.type === 'query') return await watcher.respond(event.id, new Uint8Array([52, 50]))
      }
    })()
    const back = {
      rpcAddress: rpcAddress.replace(/^[\d.]+/, hostOf(ours[kind], 'BACK')),
      places: [],
    }
    const printed = await serf(back, 'query', '-timeout=3s', 'load')
    expect(printed).toContain("Response from 'front': 42")
    await answered
  })

  test('a key has to be shown where there is one', async () => {
    const rpcAddress = `${hostOf(ours[kind], 'FRONT')}:${kind === 'a node' ? 7374 : 7373}`
    await using _guarded =
      kind === 'a node' ? await serveRpc(node, { rpcAddress, authKey: KEY }) : undefined
    const { places } = ours[kind]
    expect(await serf({ rpcAddress, places }, 'members')).toContain('Authentication required')
    expect(await serf({ rpcAddress, places, rpcAuth: KEY }, 'members')).toContain(
      'front  FRONT:7946  alive',
    )
  })

  // Last: nothing is left of ours afterwards.
  test('leave is answered once everybody was told', async () => {
    expect(await serf(ours[kind], 'leave')).toBe('Graceful leave complete\nexit 0')
    if (kind === 'libring agent') expect(await program.program.status).toBe(0)
    else expect([node.status, left]).toEqual(['left', 1])
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
    if (this.#child.exitCode !== null) return
    const over = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await over
  }
}

function hostOf({ places }: Side, name: string): string {
  return places.find(([, place]) => place === name)![0]
}
