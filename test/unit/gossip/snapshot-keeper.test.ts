import { describe, expect, test } from 'vitest'
import type { MemberEventType } from '../../../packages/libring/src/base/member.ts'
import { SnapshotKeeper } from '../../../packages/libring/src/gossip/snapshot-keeper.ts'
import type { Store } from '../../../packages/libring/src/ports/store.ts'
import type { SerfEffect } from '../../../packages/libring/src/serf/effects.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { SimStore, type SimFile } from '../../../packages/libring/src/sim/store.ts'

const told = (type: MemberEventType, name: string, host = '10.0.0.1'): SerfEffect => {
  const member = { name, host, port: 7_946, tags: {}, status: 'alive' } as const
  return { type: 'members', event: { type, members: [member] } }
}

const event = (ltime: bigint): SerfEffect => {
  return { type: 'user-event', ltime, name: 'e', payload: new Uint8Array(0), coalesce: false }
}

class Scene {
  readonly clock = new SimClock()
  readonly file: SimFile = { durable: [], written: [] }
  readonly warnings: string[] = []
  last = { clock: 0n, 'event-clock': 0n, 'query-clock': 0n }
  recalled: unknown
  readonly keeper: SnapshotKeeper

  constructor(
    setup: { lines?: string[]; store?: (file: SimFile) => Store; rejoins?: boolean } = {},
  ) {
    this.file.durable = setup.lines ?? []
    const { store = (file) => new SimStore(file), rejoins = false } = setup
    const warn = (message: string) => this.warnings.push(message)
    const logger = { debug() {}, info: warn, warn, error: warn }
    const options = { hostName: 'self', rejoinAfterLeave: rejoins }
    this.keeper = new SnapshotKeeper(store(this.file), { clock: this.clock, logger, options })
  }

  async start(): Promise<this> {
    await this.keeper.open()
    this.keeper.start(this, (ltimes) => (this.recalled = ltimes))
    return this
  }

  async pass(durationMs: number): Promise<void> {
    this.clock.runUntil(this.clock.nowMs() + durationMs)
    // What waits for a store that is not of this clock.
    await new Promise((resolve) => setImmediate(resolve))
  }

  get lines(): readonly string[] {
    return [...this.file.durable, ...this.file.written]
  }
}

test('what happens is written within half a second, and nothing twice', async () => {
  const scene = await new Scene().start()
  scene.keeper.note(told('member-join', 'ann'))
  scene.keeper.note(told('member-join', 'bob', '10.0.0.2'))
  scene.keeper.note(told('member-join', 'bob', '10.0.0.2'))
  scene.keeper.note(told('member-update', 'bob', '10.0.0.3'))
  scene.keeper.note(told('member-failed', 'ann'))
  scene.keeper.note(told('member-reap', 'ann'))
  scene.keeper.note(event(5n))
  scene.keeper.note(event(4n))
  scene.last = { clock: 7n, 'event-clock': 0n, 'query-clock': 3n }
  expect(scene.lines).toEqual([])
  await scene.pass(500)
  await scene.pass(5_000)
  expect(scene.lines).toEqual([
    'alive: ann 10.0.0.1:7946',
    'alive: bob 10.0.0.2:7946',
    'alive: bob 10.0.0.3:7946',
    'not-alive: ann',
    'event-clock: 5',
    'clock: 7',
    'query-clock: 3',
  ])
})

test('what was there before is told to the machine, and to those who seek others', async () => {
  const lines = [
    'alive: ann 10.0.0.1:7946',
    'alive: self 10.0.0.9:7946',
    'clock: 3',
    'event-clock: 2',
  ]
  const scene = await new Scene({ lines }).start()
  expect(scene.keeper.addresses).toEqual([{ host: '10.0.0.1', port: 7_946 }])
  expect(scene.recalled).toEqual({ clock: 3n, 'event-clock': 2n, 'query-clock': 0n })
  expect(scene.warnings).toEqual([])
})

test('garbage among the lines is passed over with one warning', async () => {
  const lines = ['\u0000\u0000', 'alive: ann 10.0.0.1:7946', 'alive: bob', 'clock: x']
  const scene = await new Scene({ lines }).start()
  expect(scene.keeper.addresses).toHaveLength(1)
  expect(scene.warnings).toEqual(['lines of the snapshot were passed over'])
})

test('a farewell is durable at once, and the last thing but its time', async () => {
  const scene = await new Scene().start()
  scene.keeper.note(told('member-join', 'ann'))
  scene.last = { clock: 7n, 'event-clock': 0n, 'query-clock': 0n }
  scene.keeper.noteLeave()
  expect(scene.file).toEqual({
    durable: ['alive: ann 10.0.0.1:7946', 'clock: 7', 'leave'],
    written: [],
  })
  scene.keeper.note(told('member-leave', 'self'))
  scene.keeper.note(told('member-failed', 'ann'))
  scene.keeper.note(event(3n))
  scene.last = { clock: 9n, 'event-clock': 0n, 'query-clock': 4n }
  await scene.pass(1_000)
  await scene.keeper.close()
  expect(scene.lines.slice(3)).toEqual(['clock: 9'])
})

test('what has gathered is written when the node stops', async () => {
  const scene = await new Scene().start()
  scene.keeper.note(told('member-join', 'ann'))
  scene.last = { clock: 7n, 'event-clock': 0n, 'query-clock': 0n }
  await scene.keeper.close()
  expect(scene.lines).toEqual(['alive: ann 10.0.0.1:7946', 'clock: 7'])
  await scene.pass(10_000)
  expect(scene.lines).toHaveLength(2)
})

test('a file that is mostly of the past is written anew', async () => {
  const scene = await new Scene({ lines: ['alive: ann 10.0.0.1:7946'] }).start()
  for (let ltime = 1n; ltime <= 20_000n; ltime++) {
    scene.keeper.note(event(ltime))
    if (ltime % 1_000n === 0n) await scene.pass(500)
  }
  // One was beyond 128 KiB.
  expect(scene.lines.length).toBeLessThan(10_000)
  expect(scene.lines[0]).toBe('alive: ann 10.0.0.1:7946')
  expect(scene.lines.at(-1)).toBe('event-clock: 20000')
})

describe('a store that', () => {
  /** Does what it is told to once it is let. */
  class Disk implements Store {
    readonly calls: string[] = []
    readonly open: Store['open']
    readonly #inner: SimStore
    fault: Error | undefined
    #release: (() => void) | undefined
    isStuck = false

    constructor(file: SimFile) {
      this.#inner = new SimStore(file)
      this.open = (onLine) => this.#inner.open(onLine)
    }

    get bytes(): number {
      return this.#inner.bytes
    }

    append(lines: readonly string[], how: { readonly durable: boolean }): Promise<void> {
      return this.#do('append', () => this.#inner.append(lines, how))
    }

    replace(lines: readonly string[]): Promise<void> {
      return this.#do('replace', () => this.#inner.replace(lines))
    }

    release(): void {
      this.isStuck = false
      this.#release?.()
    }

    [Symbol.asyncDispose](): Promise<void> {
      return Promise.resolve()
    }

    async #do(what: string, how: () => void): Promise<void> {
      this.calls.push(what)
      if (this.isStuck) await new Promise<void>((resolve) => (this.#release = resolve))
      if (this.fault !== undefined) throw this.fault
      how()
    }
  }

  async function onDisk(): Promise<{ scene: Scene; disk: Disk }> {
    let disk: Disk | undefined
    const scene = await new Scene({ store: (file) => (disk = new Disk(file)) }).start()
    return { scene, disk: disk! }
  }

  test('fails is told of once, tried again, and then written as a whole', async () => {
    const { scene, disk } = await onDisk()
    disk.fault = new Error('no space left')
    for (let i = 0; i < 60; i++) {
      scene.keeper.note(event(BigInt(i + 1)))
      await scene.pass(500)
    }
    expect(scene.warnings).toEqual(['the snapshot could not be written'])
    expect(disk.calls).toEqual(['append', 'replace', 'replace'])
    disk.fault = undefined
    scene.keeper.note(told('member-join', 'ann'))
    await scene.pass(10_000)
    scene.keeper.note(told('member-join', 'bob', '10.0.0.2'))
    await scene.pass(500)
    expect(scene.warnings.slice(1)).toEqual(['the snapshot is written again'])
    expect(scene.lines).toEqual([
      'alive: ann 10.0.0.1:7946',
      'clock: 0',
      'event-clock: 60',
      'query-clock: 0',
      'alive: bob 10.0.0.2:7946',
    ])
  })

  test('is slow makes one call wait, however much happens', async () => {
    const { scene, disk } = await onDisk()
    disk.isStuck = true
    for (let i = 1; i <= 200_000; i++) {
      scene.keeper.note(event(BigInt(i)))
      if (i % 10_000 === 0) await scene.pass(500)
    }
    expect(disk.calls).toEqual(['append'])
    disk.release()
    await scene.pass(500)
    await scene.pass(500)
    // More had gathered than is kept: the whole is shorter.
    expect(disk.calls).toEqual(['append', 'replace'])
    expect(scene.lines).toEqual(['clock: 0', 'event-clock: 200000', 'query-clock: 0'])
  })

  test('never answers does not keep the node from stopping', async () => {
    const { scene, disk } = await onDisk()
    disk.isStuck = true
    scene.keeper.note(event(1n))
    await scene.pass(500)
    const closed = scene.keeper.close()
    await scene.pass(5_000)
    await closed
    expect(disk.calls).toEqual(['append'])
  })
})
