import { describe, expect, test } from 'vitest'
import { BindError, FileError } from '../../../packages/libring/src/base/errors.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../../packages/libring/src/gossip/options.ts'
import type { Resolver } from '../../../packages/libring/src/ports/resolver.ts'
import type { Store } from '../../../packages/libring/src/ports/store.ts'
import { SimStore, type SimFile } from '../../../packages/libring/src/sim/store.ts'
import { Bench } from '../../support/simulated-node.ts'

/** One node that stays, and one that is started again and again over the same file. */
class Lives {
  readonly bench = new Bench()
  readonly file: SimFile = { durable: [], written: [] }
  readonly stayer: GossipNode

  private constructor() {
    this.stayer = this.bench.node(1)
  }

  static async begin(): Promise<Lives> {
    const lives = new Lives()
    await lives.stayer.start()
    return lives
  }

  async next(
    options: GossipOptions = {},
    resolver: (resolver: Resolver) => Resolver = (resolver) => resolver,
  ): Promise<{ node: GossipNode; events: string[] }> {
    const node = this.bench.node(2, options, { store: new SimStore(this.file), resolver })
    const events: string[] = []
    node.on('user-event', ({ name }) => void events.push(name))
    await this.bench.settled(node.start())
    return { node, events }
  }
}

const statuses = (node: GossipNode) =>
  Object.fromEntries(node.members().map(({ name, status }) => [name, status]))
const BOTH = { 'node-1': 'alive', 'node-2': 'alive' }

test('a node that ends without a word finds back to those it knew', async () => {
  const lives = await Lives.begin()
  const first = await lives.next()
  expect(first.node.expectsOthers).toBe(false)
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  lives.bench.pass(1_000)
  await lives.bench.settled(first.node.stop())
  const second = await lives.next()
  expect(second.node.expectsOthers).toBe(true)
  lives.bench.pass(5_000)
  expect(statuses(second.node)).toEqual(BOTH)
  await lives.bench.settled(second.node.stop())
})

test('what was before its first join is told in no later life, what came after it is', async () => {
  const lives = await Lives.begin()
  for (const name of ['a', 'b', 'c']) await lives.bench.settled(lives.stayer.userEvent(name))
  const first = await lives.next()
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  lives.bench.pass(1_000)
  await lives.bench.settled(first.node.stop())
  await lives.bench.settled(lives.stayer.userEvent('meanwhile'))
  const second = await lives.next()
  lives.bench.pass(5_000)
  expect(statuses(second.node)).toEqual(BOTH)
  expect([first.events, second.events]).toEqual([[], ['meanwhile']])
})

test('what it missed is told to who meets somebody before its hosts are resolved, too', async () => {
  const lives = await Lives.begin()
  const first = await lives.next()
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  lives.bench.pass(1_000)
  await lives.bench.settled(first.node.stop())
  await lives.bench.settled(lives.stayer.userEvent('meanwhile'))
  lives.bench.pass(5_000)
  const options = { bootstrapHosts: ['10.0.0.1'] }
  const second = await lives.next(options, (resolver) => ({
    resolve: (name, onResult) => {
      lives.bench.clock.after(2_000, () => resolver.resolve(name, onResult))
    },
  }))
  await lives.bench.settled(lives.stayer.setTags({ role: 'web' }))
  lives.bench.pass(1_000)
  expect([statuses(second.node), second.events]).toEqual([BOTH, []])
  lives.bench.pass(5_000)
  expect(second.events).toEqual(['meanwhile'])
})

test('it goes on trying while nobody is there', async () => {
  const lives = await Lives.begin()
  const first = await lives.next()
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  await lives.bench.settled(first.node.stop())
  await lives.bench.settled(lives.stayer.stop())
  const second = await lives.next()
  lives.bench.pass(600_000)
  expect(statuses(second.node)).toEqual({ 'node-2': 'alive' })
  const back = lives.bench.node(1)
  await back.start()
  lives.bench.pass(20_000)
  expect(statuses(second.node)).toEqual(BOTH)
})

test.each([
  [false, { 'node-2': 'alive' }],
  [true, BOTH],
])('after a farewell, only if it wants to: %s', async (rejoinAfterLeave, expected) => {
  const lives = await Lives.begin()
  const first = await lives.next({ rejoinAfterLeave })
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  await lives.bench.settled(first.node.leave())
  await lives.bench.settled(first.node.stop())
  expect(lives.file.durable).toContain('leave')
  const second = await lives.next({ rejoinAfterLeave })
  lives.bench.pass(60_000)
  expect(statuses(second.node)).toEqual(expected)
})

test('user events from before are not told again, those since are', async () => {
  const lives = await Lives.begin()
  const first = await lives.next()
  await lives.bench.settled(first.node.join(['10.0.0.1']))
  await lives.bench.settled(lives.stayer.userEvent('before'))
  lives.bench.pass(5_000)
  expect(first.events).toEqual(['before'])
  await lives.bench.settled(first.node.stop())
  await lives.bench.settled(lives.stayer.userEvent('meanwhile'))
  const second = await lives.next()
  lives.bench.pass(5_000)
  expect(statuses(second.node)).toEqual(BOTH)
  expect(second.events).toEqual(['meanwhile'])
})

test('times go on where they were', async () => {
  const lives = await Lives.begin()
  lives.file.durable = ['clock: 41', 'event-clock: 17']
  const { node } = await lives.next()
  const ltimes: bigint[] = []
  node.on('user-event', ({ ltime }) => void ltimes.push(ltime))
  await lives.bench.settled(node.userEvent('a'))
  expect(ltimes).toEqual([18n])
  await lives.bench.settled(node.leave())
  await lives.bench.settled(node.stop())
  const { durable, written } = lives.file
  // The intent to leave had the time 42.
  expect([...durable, ...written].slice(-2)).toEqual(['leave', 'clock: 42'])
})

describe('a snapshot that cannot be used', () => {
  test('is told by the start, which leaves nothing open and may be tried again', async () => {
    const bench = new Bench()
    const file: SimFile = { durable: [], written: [] }
    class Locked extends SimStore {
      isLocked = true

      override open(onLine: (line: string | undefined) => void): void {
        if (this.isLocked) throw new FileError('/snapshot', 'cannot be used as a snapshot')
        super.open(onLine)
      }
    }
    const store = new Locked(file)
    const node = bench.node(1, {}, { store })
    await expect(node.start()).rejects.toMatchObject({ code: 'LIBRING_FILE_UNUSABLE' })
    expect(node.status).toBe('idle')
    expect(bench.clock.pending).toBe(0)
    store.isLocked = false
    await node.start()
    expect(node.status).toBe('alive')
    await bench.settled(node.stop())
    expect(bench.clock.pending).toBe(0)
  })
})

describe('a store that is open', () => {
  /** May be opened once, and takes as long as `delay`. */
  class Handle implements Store {
    readonly bytes = 0
    isOpen = false
    delay = Promise.resolve()

    async open(): Promise<void> {
      await this.delay
      if (this.isOpen) throw new Error('left open')
      this.isOpen = true
    }

    append(): void {}

    replace(): void {}

    [Symbol.asyncDispose](): Promise<void> {
      this.isOpen = false
      return Promise.resolve()
    }
  }

  test('is let go of where the address is taken, and opened with the next try', async () => {
    const bench = new Bench()
    const store = new Handle()
    const first = bench.node(1)
    await first.start()
    const second = bench.node(2, { bind: '10.0.0.1:7946' }, { store })
    for (let tries = 0; tries < 3; tries++) {
      await expect(second.start()).rejects.toThrow(BindError)
      expect(store.isOpen).toBe(false)
    }
    await bench.settled(first.stop())
    await second.start()
    expect(store.isOpen).toBe(true)
    await bench.settled(second.stop())
    expect(store.isOpen).toBe(false)
  })

  test('is let go of where the node is stopped meanwhile', async () => {
    const bench = new Bench()
    const store = new Handle()
    let letOpen: (() => void) | undefined
    store.delay = new Promise((resolve) => (letOpen = resolve))
    const node = bench.node(1, {}, { store })
    const starting = node.start()
    await bench.settled(node.stop())
    letOpen?.()
    await expect(starting).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    expect([store.isOpen, node.status]).toEqual([false, 'stopped'])
  })
})
