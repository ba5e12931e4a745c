import { beforeEach, expect, test } from 'vitest'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { Bench } from '../../support/simulated-node.ts'

const OLD = Buffer.alloc(16, 'a').toString('base64')
const NEW = Buffer.alloc(32, 'b').toString('base64')
const NAMES = ['node-1', 'node-2', 'node-3']

let bench: Bench
let nodes: GossipNode[]

beforeEach(async () => {
  bench = new Bench()
  nodes = []
  for (const last of [1, 2, 3]) {
    const node = bench.node(last, { keyring: [OLD] })
    nodes.push(node)
    await bench.settled(node.start())
    if (last > 1) await bench.settled(node.join(['10.0.0.1']))
  }
  bench.pass(5_000)
})

test('a key is rotated through the whole cluster while nobody is missed', async () => {
  const { keys } = nodes[1]!
  const failures: string[] = []
  for (const node of nodes) {
    node.on('member-failed', ({ members }) => failures.push(members[0]!.name))
  }
  const changes: number[] = []
  nodes[2]!.on('keys-changed', (ring) => changes.push(ring.length))

  expect(await bench.settled(keys.install(NEW))).toMatchObject({
    members: 3,
    answered: 3,
    missing: [],
  })
  let report = await bench.settled(nodes[0]!.keys.list())
  expect([...report.keys]).toEqual([
    [OLD, 3],
    [NEW, 3],
  ])
  expect([...report.primaryKeys]).toEqual([[OLD, 3]])
  await bench.settled(keys.use(NEW))
  await bench.settled(keys.remove(OLD))
  report = await bench.settled(nodes[2]!.keys.list())
  expect([...report.keys]).toEqual([[NEW, 3]])
  expect([...report.primaryKeys]).toEqual([[NEW, 3]])
  bench.pass(60_000)
  expect(failures).toEqual([])
  expect(changes).toEqual([2, 2, 1])
  for (const node of nodes) {
    expect(node.members().map(({ status }) => status)).toEqual(['alive', 'alive', 'alive'])
    expect(node.stats.swim.faults.key).toBe(0)
  }
})

test('what members refuse is an error that says who, and why', async () => {
  const refused = bench.settled(nodes[0]!.keys.use(NEW))
  await expect(refused).rejects.toMatchObject({
    code: 'LIBRING_KEYS_INCOMPLETE',
    report: { members: 3, answered: 3, refused: 3 },
  })
  const why = 'Requested key is not in the keyring'
  await refused.catch(({ report }: { report: { messages: Map<string, string> } }) => {
    expect(report.messages).toEqual(new Map(NAMES.map((name) => [name, why])))
  })
})

test('a member that does not answer is missed', async () => {
  bench.network.split([['10.0.0.1', '10.0.0.2'], ['10.0.0.3']])
  const installing = bench.settled(nodes[0]!.keys.install(NEW))
  await expect(installing).rejects.toMatchObject({
    message: 'to install a key: 0 of 3 members refused, 1 did not answer; node-3: no answer',
    report: { members: 3, answered: 2, missing: ['node-3'] },
  })
})

test('whoever joins meanwhile answers in nobody else’s place', async () => {
  bench.network.split([['10.0.0.1', '10.0.0.2', '10.0.0.4'], ['10.0.0.3']])
  const installing = nodes[0]!.keys.install(NEW)
  const newcomer = bench.node(4, { keyring: [OLD] })
  await newcomer.start()
  const joining = newcomer.join(['10.0.0.1'])
  await expect(bench.settled(installing)).rejects.toMatchObject({
    report: { members: 4, answered: 3, missing: ['node-3'], refused: 0 },
  })
  expect(await joining).toBe(1)
})

test('without encryption every member says so', async () => {
  const alone = bench.node(9)
  await bench.settled(alone.start())
  await expect(bench.settled(alone.keys.list())).rejects.toThrow(
    'node-9: Keyring is empty (encryption not enabled)',
  )
})

test('what is wrong with a call is said at once, without the key', async () => {
  const { keys } = nodes[0]!
  for (const key of ['secret', new Uint8Array(17), 7]) {
    const error: unknown = await keys.install(key as string).catch((error: unknown) => error)
    expect(String(error)).toContain('key must be 16, 24 or 32 bytes or their Base64')
    expect(String(error)).not.toContain('secret')
  }
  const aborted = keys.list({ signal: AbortSignal.abort(new Error('no')) })
  await expect(aborted).rejects.toThrow('no')
  const controller = new AbortController()
  const listing = bench.settled(keys.list({ signal: controller.signal }))
  controller.abort(new Error('enough'))
  await expect(listing).rejects.toThrow('enough')
  await bench.settled(nodes[0]!.stop())
  await expect(keys.list()).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
})
