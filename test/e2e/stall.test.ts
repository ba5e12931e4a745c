import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { WriterProcess, type WriterNews } from '../support/writer-process.ts'

// Goal: a member whose process is stopped while others succeed it does no harm when it goes on.
// Method: five real processes over encrypted gossip. Each goes on writing for whatever it ever
// held, without asking whether it still does; a store here keeps the highest (token, member) of
// each partition, as a store of the user's would.

const PARTITIONS = 16
/** How long the process is stopped: far longer than it takes the others to succeed it. */
const STOPPED_MS = 60_000
const loopback = loopbackAddresses()
const processes: WriterProcess[] = []

afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.kill()))
})

type Write = Extract<WriterNews, { type: 'write' }>

/** Accepts a write iff (token, member) is not below the pair that it has. */
class Store {
  readonly #highest = new Map<number, { readonly tokenHex: string; readonly member: string }>()

  write({ partition, tokenHex }: Write, member: string): 'accepted' | 'refused' {
    const last = this.#highest.get(partition)
    if (last && `${tokenHex} ${member}` < `${last.tokenHex} ${last.member}`) return 'refused'
    this.#highest.set(partition, { tokenHex, member })
    return 'accepted'
  }

  /** Whose writes it accepted last. */
  get writers(): ReadonlyMap<number, string> {
    return new Map([...this.#highest].map(([partition, { member }]) => [partition, member]))
  }
}

const lastedAMinute = (durationMs: number): boolean => durationMs >= STOPPED_MS * 0.99

test('a process that was stopped for a minute is fenced from its first instruction on', async () => {
  const store = new Store()
  const news = new Map<string, (WriterNews & { readonly outcome?: 'accepted' | 'refused' })[]>()
  const onNews = (name: string, each: WriterNews): void => {
    const outcome = each.type === 'write' ? { outcome: store.write(each, name) } : {}
    news.get(name)!.push({ ...each, ...outcome })
  }
  const addresses = Array.from({ length: 5 }, () => `${loopback.next()}:7946`)
  const keyring = [randomBytes(32).toString('base64')]
  for (const [index, bind] of addresses.entries()) {
    const name = `member-${index}`
    news.set(name, [])
    const join = addresses.filter((address) => address !== bind)
    processes.push(new WriterProcess({ name, bind, keyring, join, partitions: PARTITIONS }, onNews))
  }
  /** Whose partitions these are, once everybody has some and nothing has moved for a second. */
  const settled = async (members: number): Promise<ReadonlyMap<number, string>> => {
    let seen = ''
    const look = (): boolean => {
      const { writers } = store
      const before = seen
      seen = JSON.stringify([...writers].toSorted(([left], [right]) => left - right))
      return (
        writers.size === PARTITIONS && new Set(writers.values()).size === members && seen === before
      )
    }
    await expect.poll(look, { interval: 1_000, timeout: 120_000 }).toBe(true)
    return store.writers
  }

  const before = await settled(5)
  // The one whose handler fails for ever, so that a call of it is due when it goes on.
  const victim = processes.find(({ name }) => name === before.get(0))!
  const mine = new Set([...before].filter(([, name]) => name === victim.name).map(([it]) => it))
  victim.pause()
  const stoppedAt = performance.now()
  await settled(4)
  await setTimeout(STOPPED_MS - (performance.now() - stoppedAt))
  const told = news.get(victim.name)!
  told.length = 0
  victim.resume()
  await expect
    .poll(() => told.filter(({ type }) => type === 'released').length, { timeout: 60_000 })
    .toBe(mine.size)

  const sinceResumed = [...told]
  const late = sinceResumed.filter((each) => each.type === 'write')
  // Every write for what it held when it was stopped, or earlier, is refused, and its holding had
  // said so.
  const written = new Set(late.map(({ partition }) => partition))
  expect([...mine].filter((partition) => !written.has(partition))).toEqual([])
  expect(late.filter(({ outcome }) => outcome !== 'refused')).toEqual([])
  expect(late.filter(({ valid }) => valid)).toEqual([])
  expect(late.at(-1)!.aborted).toBe(true)
  // What it did for itself: it noticed, then let go, and only then called a handler.
  const done = sinceResumed.filter(({ type }) => type !== 'write')
  expect(done.slice(0, 1 + mine.size).map(({ type }) => type)).toEqual([
    'stalled',
    ...[...mine].map(() => 'released'),
  ])
  expect(done).toContainEqual({ type: 'stalled', durationMs: expect.toSatisfy(lastedAMinute) })

  // It gets back what is its own, from those who succeeded it.
  await expect.poll(() => store.writers, { interval: 100, timeout: 120_000 }).toEqual(before)
}, 300_000)
