import { describe, expect, test } from 'vitest'
import { Deferred } from '../../../packages/libring/src/gossip/deferred.ts'
import { calm, stateOf } from '../../support/cluster.ts'
import { DeliveryBench, RELEASE_TIMEOUT_MS } from '../../support/delivery-bench.ts'

const idle = (): void => {}

describe('a step is told to be dealt with', () => {
  test('at once where nobody has to deal with it', async () => {
    const bench = new DeliveryBench()
    bench.tell(1, 0)
    bench.tell(1, 1)
    bench.tell(2, 0)
    expect(bench.settled.map(({ partition, seq }) => [partition, seq])).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
    ])
  })

  test('at once where there is no handler for it', () => {
    const bench = new DeliveryBench({ onRelease: idle })
    bench.tell(1, 0)
    expect(bench.settledOf(1)).toEqual([1])
  })

  test('once its handler is done, with what it left', async () => {
    const saved = new Deferred<Uint8Array>()
    const bench = new DeliveryBench({ onRelease: () => saved.promise })
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect(bench.settledOf(1)).toEqual([1])
    saved.resolve(Uint8Array.of(1, 2))
    await calm()
    expect(bench.settled.at(-1)).toEqual({ partition: 1, seq: 2, state: Uint8Array.of(1, 2) })
  })

  test('with what the right handler left: state does not outlive its step', async () => {
    const bench = new DeliveryBench({ onRelease: () => Uint8Array.of(1) })
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.become(1, 1)
    await bench.become(1, undefined)
    expect(bench.settled.map(({ state }) => state?.length)).toEqual([
      undefined,
      1,
      undefined,
      undefined,
    ])
  })

  test('where the handler that lets go fails, once that is told', async () => {
    const bench = new DeliveryBench({ onRelease: () => Promise.reject(new Error('no disk')) })
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect([bench.settledOf(1), bench.failures]).toEqual([
      [1, 2],
      [['release 1 as 0', 1, new Error('no disk')]],
    ])
  })

  test('when the time to let go is over, without state', async () => {
    const saved = new Deferred<Uint8Array>()
    const bench = new DeliveryBench({ onRelease: () => saved.promise })
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.settled.at(-1)).toEqual({ partition: 1, seq: 2, state: undefined })
    saved.resolve(Uint8Array.of(1))
    await calm()
    expect(bench.settledOf(1)).toEqual([1, 2])
  })

  test('not while the handler that takes it fails', async () => {
    let works = false
    const bench = new DeliveryBench({
      onAcquire: () => {
        if (!works) throw new Error('no disk')
      },
    })
    await bench.become(1, 0)
    expect([bench.settledOf(1), bench.delivery.isServing(1)]).toEqual([[], false])
    works = true
    await bench.pass(500)
    expect([bench.settledOf(1), bench.delivery.isServing(1)]).toEqual([[1], true])
  })

  test('whatever iterators do, where there are handlers', async () => {
    const bench = new DeliveryBench({ onAcquire: idle })
    bench.delivery.stream('any')[Symbol.asyncIterator]()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect(bench.settledOf(1)).toEqual([1, 2])
  })

  test('once every iterator has asked for more, where there are no handlers', async () => {
    const bench = new DeliveryBench()
    const reader = bench.delivery.stream('any')[Symbol.asyncIterator]()
    await bench.become(1, 0)
    await bench.become(2, 0)
    await reader.next()
    expect(bench.settled).toEqual([])
    await reader.next()
    expect([bench.settledOf(1), bench.settledOf(2)]).toEqual([[1], []])
    void reader.next()
    expect(bench.settledOf(2)).toEqual([2])
  })

  test('within the call that tells of it, which may tell of another', () => {
    const bench = new DeliveryBench()
    let told = 0
    bench.settled.push = () => {
      if (++told === 1) bench.tell(1, undefined)
      return told
    }
    bench.tell(1, 0)
    expect([told, bench.delivery.isServing(1)]).toEqual([2, false])
  })
})

describe('a partition is served', () => {
  test('while index 0 is held', async () => {
    const bench = new DeliveryBench()
    const served: boolean[] = []
    for (const role of [1, 0, 1, 0, undefined]) {
      bench.tell(1, role)
      served.push(bench.delivery.isServing(1))
    }
    expect([served, bench.delivery.isServing(2)]).toEqual([
      [false, true, false, true, false],
      false,
    ])
  })

  test('once the handler of the step that took index 0 is done', async () => {
    const loaded = new Deferred<void>()
    const bench = new DeliveryBench({ onChange: () => loaded.promise })
    await bench.become(1, 1)
    expect(bench.delivery.roleOf(1)).toMatchObject({ replica: 1, isReady: true, isServing: false })
    await bench.become(1, 0)
    expect(bench.delivery.roleOf(1)).toMatchObject({ replica: 0, isReady: false, isServing: false })
    expect(bench.delivery.isServing(1)).toBe(false)
    loaded.resolve()
    await calm()
    expect(bench.delivery.isServing(1)).toBe(true)
    expect(bench.delivery.roleOf(1)).toMatchObject({ replica: 0, isReady: true, isServing: true })
  })
})

describe('everything has been let go', () => {
  test('at once where nothing is owed', async () => {
    const bench = new DeliveryBench()
    expect(await stateOf(bench.delivery.whenLetGo())).toBe('resolved')
    expect(bench.clock.pending).toBe(0)
  })

  test('once handlers, and tasks, and nobody else are done', async () => {
    const saved = new Deferred<void>()
    const bench = new DeliveryBench({ onRelease: () => saved.promise })
    void bench.delivery.runPartitions(bench.recorder)
    await bench.become(1, 0)
    await bench.become(2, 1)
    await bench.become(1, undefined)
    await bench.become(2, undefined)
    bench.delivery.end()
    const letGo = bench.delivery.whenLetGo()
    bench.tasks[0]!.work.resolve()
    expect(await stateOf(letGo)).toBe('pending')
    saved.resolve()
    expect([await stateOf(letGo), bench.clock.pending]).toEqual(['resolved', 0])
  })

  test('after the time to let go at the latest', async () => {
    const bench = new DeliveryBench()
    bench.delivery.stream('any')[Symbol.asyncIterator]()
    await bench.become(1, 0)
    const letGo = bench.delivery.whenLetGo()
    await bench.pass(RELEASE_TIMEOUT_MS - 1)
    expect(await stateOf(letGo)).toBe('pending')
    await bench.pass(1)
    expect(await stateOf(letGo)).toBe('resolved')
  })

  test('when it is given up', async () => {
    const bench = new DeliveryBench({ onRelease: () => new Promise(() => {}) })
    await bench.become(1, 0)
    await bench.become(1, undefined)
    const letGo = bench.delivery.whenLetGo()
    bench.delivery.abandon()
    expect([await stateOf(letGo), bench.settledOf(1), bench.clock.pending]).toEqual([
      'resolved',
      [1],
      0,
    ])
  })
})

describe('index 0 that was given up counts as let go', () => {
  /** An `onAcquire` of index 0 that is at work until the test ends it; of another index, for ever. */
  function slow(work: Deferred<void>) {
    const forEver = new Deferred<void>()
    const onAcquire = ({ replica }: { readonly replica: number }): Promise<void> => {
      return replica === 0 ? work.promise : forEver.promise
    }
    return new DeliveryBench({ onAcquire, onChange: () => forEver.promise })
  }

  test('at once where what takes it has failed, however long the acquire of another takes', async () => {
    const work = new Deferred<void>()
    const bench = slow(work)
    await bench.become(1, 0)
    work.reject(new Error('no disk'))
    await calm()
    await bench.become(1, 1)
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[[1, 2]], []])
    await bench.pass(60_000)
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[[1, 2]], []])
  })

  test('once what takes it has been called off and has ended', async () => {
    const work = new Deferred<void>()
    const bench = slow(work)
    await bench.become(1, 0)
    await bench.become(1, 1)
    expect(bench.letGo).toEqual([])
    work.reject(new Error('called off'))
    await calm()
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[[1, 2]], []])
  })

  test('at once where no handler was told that it was taken', async () => {
    const bench = slow(new Deferred<void>())
    await bench.become(1, 2)
    await bench.become(1, 0)
    await bench.become(1, 2)
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[[1, 3]], []])
  })

  test('not before a handler has dealt with that, where it was taken', async () => {
    const work = new Deferred<void>()
    const bench = slow(work)
    await bench.become(1, 0)
    work.resolve()
    await calm()
    await bench.become(1, 1)
    await bench.pass(RELEASE_TIMEOUT_MS - 1)
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[], [1]])
    await bench.pass(1)
    expect([bench.letGo, bench.settledOf(1)]).toEqual([[], [1, 2]])
  })

  test('not while tasks work for it, nor while iterators do', async () => {
    const bench = new DeliveryBench({ onAcquire: idle })
    void bench.delivery.runPartitions(bench.recorder)
    await bench.become(1, 0)
    await bench.become(1, 1)
    expect(bench.letGo).toEqual([])
    const watched = new DeliveryBench()
    const reader = watched.delivery.stream('any')[Symbol.asyncIterator]()
    await watched.become(1, 0)
    await reader.next()
    await watched.become(1, 1)
    expect(watched.letGo).toEqual([])
  })
})
