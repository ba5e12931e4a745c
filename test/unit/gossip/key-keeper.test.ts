import { expect, test } from 'vitest'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { KEY_CHANGES_MAX } from '../../../packages/libring/src/serf/key-changes.ts'
import { Bench } from '../../support/simulated-node.ts'

const OLD = Buffer.alloc(16, 'a').toString('base64')
const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

/** Keeps keys when it is told to, or fails to. */
class Vault {
  readonly saved: string[][] = []
  readonly waiting: ((failure?: Error) => void)[] = []

  save(keys: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push((failure) => {
        if (failure !== undefined) return reject(failure)
        this.saved.push(keys.map((bytes) => Buffer.from(bytes).toString('base64')))
        resolve()
      })
    })
  }
}

interface Pair {
  readonly bench: Bench
  readonly asker: GossipNode
  readonly vault: Vault
}

async function pair(): Promise<Pair> {
  const bench = new Bench()
  const vault = new Vault()
  const keeper = bench.node(1, { keyring: [OLD] }, { keyStore: vault })
  const asker = bench.node(2, { keyring: [OLD] })
  await keeper.start()
  await asker.start()
  await bench.settled(asker.join(['10.0.0.1']))
  bench.pass(2_000)
  return { bench, asker, vault }
}

async function until(bench: Bench, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !condition(); turn++) {
    bench.pass(1)
    await Promise.resolve()
  }
  expect(condition()).toBe(true)
}

/** Have a key installed, and see that whoever asks is told once it has been kept, and not before. */
async function expectToldOnceKept({ bench, asker, vault }: Pair): Promise<void> {
  const before = vault.waiting.length
  let report: unknown
  void asker.keys.install(key(1)).then((done) => (report = done))
  await until(bench, () => vault.waiting.length === before + 1)
  bench.pass(100)
  await Promise.resolve()
  expect(report).toBeUndefined()
  vault.waiting.at(-1)!()
  await until(bench, () => report !== undefined)
  expect(report).toMatchObject({ answered: 2, refused: 0 })
  expect(vault.saved).toEqual([[OLD, key(1)]])
}

test('whoever asks is told once the change has been kept, and not before', async () => {
  await expectToldOnceKept(await pair())
})

test('a change that could not be kept is refused, with the reason', async () => {
  const { bench, asker, vault } = await pair()
  const refused = asker.keys.install(key(1)).catch((error: unknown) => error)
  await until(bench, () => vault.waiting.length === 1)
  vault.waiting[0]!(new Error('no space left'))
  const error = await bench.settled(refused)
  expect(error).toMatchObject({ code: 'LIBRING_KEYS_INCOMPLETE', report: { refused: 1 } })
  expect([...(error as { report: { messages: Map<string, string> } }).report.messages]).toEqual([
    ['node-1', 'no space left'],
  ])
})

test('who asks again is told that it is done once it has been kept, though the key was there', async () => {
  const members = await pair()
  const { bench, asker, vault } = members
  const refused = asker.keys.install(key(1)).catch((error: unknown) => error)
  await until(bench, () => vault.waiting.length === 1)
  vault.waiting[0]!(new Error('no space left'))
  await bench.settled(refused)
  await expectToldOnceKept(members)
})

test('no more changes are begun than can be on their way', async () => {
  const { bench, asker, vault } = await pair()
  const calls: Promise<unknown>[] = []
  // The one key comes and goes, so that every call changes something.
  for (let i = 0; i <= KEY_CHANGES_MAX; i++) {
    const call = i % 2 === 0 ? asker.keys.install(key(1)) : asker.keys.remove(key(1))
    calls.push(call.catch((error: unknown) => error))
    const due = Math.min(i + 1, KEY_CHANGES_MAX)
    await until(bench, () => vault.waiting.length === due)
  }
  const last = await bench.settled(calls.at(-1)!)
  expect(
    JSON.stringify([...(last as { report: { messages: Map<string, string> } }).report.messages]),
  ).toContain('too many changes of keys are under way')
})
