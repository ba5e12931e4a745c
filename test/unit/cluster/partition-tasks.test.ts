import { beforeEach, describe, expect, test } from 'vitest'
import type { PartitionTask } from '../../../packages/libring/src/cluster/partition-tasks.ts'
import { Deferred } from '../../../packages/libring/src/gossip/deferred.ts'
import { calm, stateOf } from '../../support/cluster.ts'
import { DeliveryBench, RELEASE_TIMEOUT_MS } from '../../support/delivery-bench.ts'

let bench: DeliveryBench

beforeEach(() => {
  bench = new DeliveryBench()
})

/** Begin tasks that are at work until they are ended. */
function run(signal?: AbortSignal): Promise<void> {
  return bench.delivery.runPartitions(bench.recorder, signal === undefined ? {} : { signal })
}

async function end(index: number, error?: unknown): Promise<void> {
  const { work } = bench.tasks[index]!
  if (error === undefined) work.resolve()
  else work.reject(error)
  await calm()
}

const begun = (): number[] => bench.tasks.map(({ partition }) => partition)
const aborted = (): boolean[] => bench.tasks.map(({ context }) => context.signal.aborted)

describe('a task', () => {
  test('works on every partition whose index 0 is held, before and after the call', async () => {
    await bench.become(1, 0)
    await bench.become(2, 1)
    void run()
    await calm()
    await bench.become(3, 0)
    await bench.become(2, 0)
    expect([begun(), aborted()]).toEqual([
      [1, 3, 2],
      [false, false, false],
    ])
  })

  test('is given the token of the holding', async () => {
    void run()
    await bench.become(1, 0)
    expect(bench.tasks[0]!.context.token).toBe(1n)
  })

  test('does not start within the call that tells of the step', async () => {
    void run()
    bench.tell(1, 0)
    expect(begun()).toEqual([])
    await calm()
    expect(begun()).toEqual([1])
  })

  test('begins once the handler of the step is done', async () => {
    const loaded = new Deferred<void>()
    bench = new DeliveryBench({ onAcquire: () => loaded.promise })
    void run()
    await bench.become(1, 0)
    expect([begun(), bench.delivery.isServing(1)]).toEqual([[], false])
    loaded.resolve()
    await calm()
    expect([begun(), bench.delivery.isServing(1)]).toEqual([[1], true])
  })

  test('is never called for a partition that went before its turn came', async () => {
    void run()
    bench.tell(1, 0)
    bench.tell(1, undefined)
    await calm()
    expect([begun(), bench.settledOf(1).at(-1)]).toEqual([[], 2])
  })

  test('keeps a release from being dealt with until it has ended', async () => {
    void run()
    await bench.become(1, 0)
    expect(bench.settledOf(1)).toEqual([1])
    await bench.become(1, undefined)
    expect([aborted(), bench.settledOf(1)]).toEqual([[true], [1]])
    await end(0)
    expect([bench.settledOf(1), bench.clock.pending]).toEqual([[1, 2], 0])
  })

  test('ends for a change away from index 0 as well', async () => {
    void run()
    await bench.become(1, 0)
    await bench.become(1, 1)
    expect([aborted(), bench.settledOf(1)]).toEqual([[true], [1]])
    await end(0)
    expect(bench.settledOf(1)).toEqual([1, 2])
  })

  test('has not failed when it ends by the reason of its signal', async () => {
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await end(0, bench.tasks[0]!.context.signal.reason)
    expect([bench.failures, bench.settledOf(1)]).toEqual([[], [1, 2]])
  })

  test('is waited for only so long', async () => {
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS - 1)
    expect(bench.settledOf(1)).toEqual([1])
    await bench.pass(1)
    expect([bench.settledOf(1), bench.overdue]).toEqual([[1, 2], ['release 1 as 0']])
    await end(0, new Error('late'))
    expect(bench.failures).toEqual([['acquire 1 as 0', 1, new Error('late')]])
  })

  test('has ended before the next of its partition begins', async () => {
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.become(1, 0)
    expect(begun()).toEqual([1])
    await end(0)
    expect([begun(), bench.tasks[1]!.context.token]).toEqual([[1, 1], 3n])
    expect(bench.settledOf(1).at(-1)).toBe(3)
  })

  test('makes way for the next when its time is over', async () => {
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.become(1, 0)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect([begun(), aborted()]).toEqual([
      [1, 1],
      [true, false],
    ])
    await end(0)
    expect(aborted()).toEqual([true, false])
  })
})

describe('a task that ends by itself', () => {
  test('is begun anew when it throws, which is told, and waits longer each time', async () => {
    void run()
    await bench.become(1, 0)
    for (const [index, waitMs] of [500, 1_000, 2_000].entries()) {
      await end(index, new Error('gone'))
      await bench.pass(waitMs - 1)
      expect(begun()).toHaveLength(index + 1)
      await bench.pass(1)
      expect(begun()).toHaveLength(index + 2)
    }
    expect(bench.failures).toEqual([1, 2, 3].map((it) => ['acquire 1 as 0', it, new Error('gone')]))
    expect(bench.settledOf(1)).toEqual([1])
  })

  test('is begun anew when it returns, which is no failure', async () => {
    void run()
    await bench.become(1, 0)
    await end(0)
    await bench.pass(500)
    expect([begun(), bench.failures]).toEqual([[1, 1], []])
  })

  test('is begun anew when it throws at once', async () => {
    let calls = 0
    const task: PartitionTask = () => {
      calls++
      throw new Error('at once')
    }
    void bench.delivery.runPartitions(task)
    await bench.become(1, 0)
    await bench.pass(500)
    expect([calls, bench.failures.map(([, attempt]) => attempt)]).toEqual([2, [1, 2]])
  })

  test('waits short again once it had worked for long', async () => {
    void run()
    await bench.become(1, 0)
    for (let index = 0; index < 4; index++) {
      await end(index)
      await bench.pass(30_000)
    }
    await bench.pass(30_000)
    await end(4)
    await bench.pass(500)
    expect(begun()).toHaveLength(6)
  })

  test('is not begun anew once the partition is gone, and holds up nothing', async () => {
    void run()
    await bench.become(1, 0)
    await end(0)
    await bench.become(1, undefined)
    expect([bench.settledOf(1), bench.clock.pending]).toEqual([[1, 2], 0])
    await bench.pass(60_000)
    expect(begun()).toEqual([1])
  })
})

describe('handlers and tasks of one partition', () => {
  test('follow each other: the handler that lets go finds the task ended', async () => {
    const order: string[] = []
    bench = new DeliveryBench({
      onRelease: ({ partition }) => {
        order.push(`release ${partition}`)
        return Uint8Array.of(7)
      },
    })
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect([order, aborted()]).toEqual([[], [true]])
    order.push('task ended')
    await end(0)
    expect(order).toEqual(['task ended', 'release 1'])
    expect(bench.settled.at(-1)).toEqual({ partition: 1, seq: 2, state: Uint8Array.of(7) })
  })

  test('are told late, and told of once, where the task hangs', async () => {
    const order: string[] = []
    bench = new DeliveryBench({
      onRelease: ({ signal }) => {
        signal.addEventListener('abort', () => order.push('aborted'))
        order.push(signal.aborted ? 'late' : 'in time')
      },
    })
    void run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect([order, bench.overdue, bench.settledOf(1)]).toEqual([
      ['late'],
      ['release 1 as 0'],
      [1, 2],
    ])
  })
})

describe('a call', () => {
  test('ends with its signal, once its tasks have ended', async () => {
    const over = new AbortController()
    const ended = run(over.signal)
    await bench.become(1, 0)
    await bench.become(2, 0)
    await end(1)
    over.abort()
    expect([await stateOf(ended), aborted()]).toEqual(['pending', [true, true]])
    await end(0)
    expect(await stateOf(ended)).toBe('resolved')
    await bench.become(3, 0)
    await bench.pass(60_000)
    expect([begun(), bench.clock.pending]).toEqual([[1, 2], 0])
  })

  test('whose signal has aborted does nothing', async () => {
    await run(AbortSignal.abort())
    await bench.become(1, 0)
    expect(begun()).toEqual([])
  })

  test('that was ended is waited for where its task is still at work', async () => {
    const over = new AbortController()
    void run(over.signal)
    await bench.become(1, 0)
    over.abort()
    await bench.become(1, undefined)
    expect(bench.settledOf(1)).toEqual([1])
    await end(0)
    expect(bench.settledOf(1)).toEqual([1, 2])
  })

  test('is one of several, each with its own tasks', async () => {
    const over = new AbortController()
    const [first, second] = [run(over.signal), run()]
    await bench.become(1, 0)
    expect(begun()).toEqual([1, 1])
    over.abort()
    expect(aborted()).toEqual([true, false])
    await end(0)
    expect([await stateOf(first), await stateOf(second)]).toEqual(['resolved', 'pending'])
    await bench.become(1, undefined)
    expect(bench.settledOf(1)).toEqual([1])
    await end(1)
    expect(bench.settledOf(1)).toEqual([1, 2])
  })

  test('ends when no step will follow, and begins nothing after that', async () => {
    const ended = run()
    await bench.become(1, 0)
    await bench.become(1, undefined)
    bench.delivery.end()
    expect(await stateOf(ended)).toBe('pending')
    await end(0)
    expect([await stateOf(ended), await stateOf(run())]).toEqual(['resolved', 'resolved'])
  })

  test('ends when everything is given up', async () => {
    const ended = run()
    await bench.become(1, 0)
    await bench.become(2, 0)
    await end(1)
    await bench.become(3, 0)
    await bench.become(3, undefined)
    bench.delivery.abandon()
    expect([await stateOf(ended), aborted()]).toEqual(['resolved', [true, true, true]])
    await bench.pass(60_000)
    expect([begun(), bench.clock.pending]).toEqual([[1, 2, 3], 0])
  })

  test('names the argument that is not what it has to be', () => {
    const call = (...args: unknown[]) => {
      return () =>
        (bench.delivery.runPartitions as (...args: unknown[]) => unknown).apply(
          bench.delivery,
          args,
        )
    }
    expect(call()).toThrow('work must be a function, got undefined')
    expect(call(() => {}, { signal: 1 })).toThrow('signal must be an AbortSignal, got 1')
    expect(call(() => {}, { sginal: 1 })).toThrow('did you mean signal?')
    expect(call(() => {}, null)).toThrow('options must be a plain object, got null')
  })
})
