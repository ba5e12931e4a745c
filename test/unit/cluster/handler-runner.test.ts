import { beforeEach, describe, expect, test } from 'vitest'
import { CONCURRENT_HANDLERS_MAX } from '../../../packages/libring/src/cluster/handler-runner.ts'
import type { Outcome } from '../../../packages/libring/src/cluster/invoke.ts'
import { calm } from '../../support/cluster.ts'
import { HandlerBench, RELEASE_TIMEOUT_MS, textOf } from '../../support/handler-bench.ts'

const idle = (): void => {}

let bench: HandlerBench

beforeEach(() => {
  bench = new HandlerBench()
})

describe('handlers of one partition', () => {
  test('run one after the other', async () => {
    await bench.become(1, 1)
    await bench.become(1, 0)
    expect(bench.told).toEqual(['acquire 1 as 1'])
    await bench.finish(0)
    expect(bench.told).toEqual(['acquire 1 as 1', 'change 1 as 0'])
    expect(await bench.isIdle()).toBe(false)
    await bench.finish(1)
    expect([await bench.isIdle(), bench.clock.pending]).toEqual([true, 0])
  })

  test('are told the outcome of what happened while one was at work', async () => {
    await bench.become(1, 2)
    await bench.become(1, 1)
    await bench.become(1, 0)
    await bench.finish(0)
    expect(bench.told).toEqual(['acquire 1 as 2', 'change 1 as 0'])
  })

  test('are not told of what was undone while they waited', async () => {
    await bench.become(1, 1)
    await bench.become(1, 2)
    await bench.become(1, 1)
    await bench.finish(0)
    expect([bench.told, bench.aborted, await bench.isIdle()]).toEqual([
      ['acquire 1 as 1'],
      [false],
      true,
    ])
  })

  test('go on after a change between backups that fails', async () => {
    await bench.become(1, 1)
    await bench.finish(0)
    await bench.become(1, 2)
    await bench.become(1, 3)
    await bench.fail(1)
    expect(bench.failures).toEqual([new Error('no disk')])
    expect(bench.told).toEqual(['acquire 1 as 1', 'change 1 as 2', 'change 1 as 3'])
  })

  test('get what is supplied besides the step', async () => {
    await bench.become(1, 0)
    expect(bench.calls[0]!.event).toMatchObject({ type: 'acquire', held: 'holding 1' })
  })
})

describe('a release', () => {
  test('calls off the acquire that is at work, and is told once that has settled', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect([bench.aborted, bench.told]).toEqual([[true], ['acquire 1 as 0']])
    await bench.finish(0)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect(bench.aborted).toEqual([true, false])
  })

  test('does not call off anything that is no acquire of its own partition', async () => {
    await bench.become(1, 0)
    await bench.become(2, 0)
    await bench.become(2, undefined)
    expect(bench.aborted).toEqual([false, true])
  })

  test('is told though the partition is back already: nobody knows how far the acquire got', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.become(1, 1)
    await bench.finish(0)
    await bench.finish(1)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0', 'acquire 1 as 1'])
    expect(bench.aborted).toEqual([true, false, false])
  })

  test('is told once, however often the partition comes and goes behind it', async () => {
    await bench.become(1, 0)
    for (let i = 0; i < 5; i++) {
      await bench.become(1, undefined)
      await bench.become(1, 1)
    }
    await bench.become(1, undefined)
    await bench.finish(0)
    await bench.finish(1)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect(await bench.isIdle()).toBe(true)
  })

  test('is never called off by the partition coming back', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, undefined)
    await bench.become(1, 0)
    expect(bench.aborted).toEqual([false, false])
    await bench.finish(1)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0', 'acquire 1 as 0'])
  })

  test('calls off a change that is at work', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, 1)
    await bench.become(1, undefined)
    await bench.finish(1)
    expect([bench.told.at(-1), bench.aborted]).toEqual(['release 1 as 1', [false, true, false]])
  })
})

test('a change that is undone while at work is called off, and so told back', async () => {
  await bench.become(1, 0)
  await bench.finish(0)
  await bench.become(1, 1)
  await bench.become(1, 0)
  expect(bench.aborted).toEqual([false, true])
  await bench.finish(1)
  expect(bench.told.at(-1)).toBe('change 1 as 0')
})

describe('once the time to let go is over', () => {
  test('a release that hangs is called off and no longer waited for', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS - 1)
    expect([bench.aborted.at(-1), await bench.isIdle()]).toEqual([false, false])
    await bench.pass(1)
    expect([bench.aborted.at(-1), await bench.isIdle(), bench.overdue]).toEqual([
      true,
      true,
      ['release 1 as 0'],
    ])
    expect(bench.calls[1]!.event.signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  test('the next handler of the partition starts', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, undefined)
    await bench.become(1, 0)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.told.at(-1)).toBe('acquire 1 as 0')
    expect(bench.aborted).toEqual([false, true, false])
    await bench.finish(1)
    expect(await bench.isIdle()).toBe(false)
    await bench.finish(2)
    expect(await bench.isIdle()).toBe(true)
  })

  test('an acquire that hangs covers the release, which is told late', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect([bench.aborted, await bench.isIdle(), bench.overdue]).toEqual([
      [true, true],
      true,
      ['acquire 1 as 0'],
    ])
  })

  test('the time runs from the decision, not from the start of the handler', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS - 1)
    await bench.finish(0)
    expect(bench.aborted.at(-1)).toBe(false)
    await bench.pass(1)
    expect([bench.aborted.at(-1), bench.overdue]).toEqual([true, ['release 1 as 0']])
  })

  test('an acquire without a release may take as long as it likes', async () => {
    await bench.become(1, 0)
    await bench.pass(10 * RELEASE_TIMEOUT_MS)
    expect([bench.aborted, bench.overdue]).toEqual([[false], []])
  })

  test('handlers that hang do not keep others from their turn', async () => {
    for (let partition = 0; partition < CONCURRENT_HANDLERS_MAX; partition++) {
      await bench.become(partition, 0)
      await bench.become(partition, undefined)
    }
    await bench.become(500, 0)
    expect(bench.told).not.toContain('acquire 500 as 0')
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.told).toContain('acquire 500 as 0')
  })

  test('a handler that was given up and fails later is told all the same', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    await bench.fail(1, new Error('late'))
    expect(bench.failures).toEqual([new Error('late')])
  })
})

describe('a handler that gives up because it was called off', () => {
  test('has not failed', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.fail(0, bench.calls[0]!.event.signal.reason)
    expect([bench.failures, bench.told.at(-1)]).toEqual([[], 'release 1 as 0'])
  })

  test('has failed when it throws anything else', async () => {
    await bench.become(1, 0)
    await bench.become(1, undefined)
    await bench.fail(0, new Error('no disk'))
    expect(bench.failures).toEqual([new Error('no disk')])
  })
})

describe('over all partitions', () => {
  test('a bounded number of handlers is at work', async () => {
    for (let partition = 0; partition < 100; partition++) await bench.become(partition, 0)
    expect(bench.calls).toHaveLength(CONCURRENT_HANDLERS_MAX)
    await bench.finish(0)
    await bench.finish(1)
    expect(bench.calls).toHaveLength(CONCURRENT_HANDLERS_MAX + 2)
  })

  test('releases do not wait for acquires', async () => {
    await bench.become(500, 0)
    await bench.finish(0)
    for (let partition = 0; partition < 100; partition++) await bench.become(partition, 0)
    await bench.become(500, undefined)
    expect(bench.told.at(-1)).toBe('release 500 as 0')
  })

  test('a step that was undone before its turn came is never told', async () => {
    for (let partition = 0; partition < 100; partition++) await bench.become(partition, 0)
    await bench.become(99, undefined)
    for (let index = 0; index < 99; index++) await bench.finish(index)
    expect(bench.told.filter((text) => text.includes(' 99 '))).toEqual([])
    expect(await bench.isIdle()).toBe(true)
  })

  test('releases that wait for their turn when time is over are told at once', async () => {
    for (let partition = 0; partition < 100; partition++) {
      await bench.become(partition, 0)
      if (partition < CONCURRENT_HANDLERS_MAX) continue
      await bench.finish(partition - CONCURRENT_HANDLERS_MAX)
    }
    for (let index = 100 - CONCURRENT_HANDLERS_MAX; index < 100; index++) await bench.finish(index)
    expect(await bench.isIdle()).toBe(true)
    for (let partition = 0; partition < 100; partition++) await bench.become(partition, undefined)
    expect(bench.calls).toHaveLength(100 + CONCURRENT_HANDLERS_MAX)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.calls).toHaveLength(200)
    expect([await bench.isIdle(), bench.overdue.length]).toEqual([true, 100])
  })
})

describe('without a handler', () => {
  test('for a kind of step, that step is passed over', async () => {
    const heard: string[] = []
    bench.runner = bench.runnerWith({ onRelease: (event) => void heard.push(textOf(event)) })
    await bench.become(1, 0)
    await bench.become(1, 1)
    await bench.become(1, undefined)
    expect([heard, await bench.isIdle(), bench.runner.hasHandlers]).toEqual([
      ['release 1 as 1'],
      true,
      true,
    ])
  })

  test('for any, there is nothing to wait for', async () => {
    bench.runner = bench.runnerWith({})
    await bench.become(1, 0)
    expect([await bench.isIdle(), bench.runner.hasHandlers]).toEqual([true, false])
  })
})

test('a handler does not start within the call that tells of its step', async () => {
  bench.tell(1, 0)
  expect(bench.calls).toEqual([])
  await calm()
  expect(bench.calls).toHaveLength(1)
})

describe('handlers that are called by other means', () => {
  test('may be done within the call, however many wait for their turn', async () => {
    const heard: string[] = []
    const held: (() => void)[] = []
    let isHeld = true
    bench.runner = bench.runnerWith({ onAcquire: idle, onRelease: idle }, (event, _, done) => {
      heard.push(textOf(event))
      const end = (): void => {
        done({ type: 'done', value: undefined })
        done({ type: 'failed', error: new Error('twice') })
      }
      // The release comes while the acquires are being started.
      if (heard.length === 1_000) bench.tell(0, undefined)
      if (isHeld) held.push(end)
      else end()
    })
    for (let partition = 0; partition < 20_000; partition++) bench.tell(partition, 0)
    expect(heard).toHaveLength(CONCURRENT_HANDLERS_MAX)
    isHeld = false
    for (const end of held) end()
    expect([heard.length, heard[1_000]]).toEqual([20_001, 'release 0 as 0'])
    expect([await bench.isIdle(), bench.failures, bench.clock.pending]).toEqual([true, [], 0])
  })

  test('may be done within the call that calls them off', async () => {
    const heard: string[] = []
    bench.runner = bench.runnerWith(bench.recorders, (event, _, done) => {
      heard.push(textOf(event))
      const { signal } = event
      if (event.type !== 'acquire') done({ type: 'done', value: undefined })
      signal.addEventListener('abort', () => done({ type: 'failed', error: signal.reason }))
    })
    bench.tell(1, 0)
    bench.tell(1, undefined)
    bench.tell(1, 1)
    expect([heard, bench.runner.owes(1), bench.failures]).toEqual([
      ['acquire 1 as 0', 'release 1 as 0', 'acquire 1 as 1'],
      3,
      [],
    ])
  })

  test('may be done in any order, or fail, or never be done', async () => {
    const dones: ((outcome: Outcome) => void)[] = []
    bench.runner = bench.runnerWith(
      { onAcquire: idle, onRelease: idle },
      (_event, _handlers, done) => {
        dones.push(done)
      },
    )
    await bench.become(1, 0)
    await bench.become(2, 0)
    dones[1]!({ type: 'failed', error: new Error('no disk') })
    dones[0]!({ type: 'done', value: undefined })
    expect([bench.failures, bench.runner.owes(1), bench.runner.owes(2)]).toEqual([
      [new Error('no disk')],
      undefined,
      2,
    ])
    await bench.become(2, undefined)
    dones[2]!({ type: 'done', value: undefined })
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect([bench.overdue, await bench.isIdle()]).toEqual([['release 1 as 0'], true])
  })
})

test('a handler that throws at once counts as failed', async () => {
  bench.runner = bench.runnerWith({
    onAcquire: () => {
      throw new Error('at once')
    },
  })
  await bench.become(1, 0)
  expect([bench.failures, bench.attempts]).toEqual([[new Error('at once')], [1]])
})

describe('giving up index 0 to become a backup', () => {
  test('calls off the acquire that is at work', async () => {
    await bench.become(1, 0)
    await bench.become(1, 1)
    expect(bench.aborted).toEqual([true])
    await bench.finish(0)
    expect(bench.told).toEqual(['acquire 1 as 0', 'change 1 as 1'])
  })

  test('has the time of a release', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, 1)
    await bench.become(1, 2)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect([bench.aborted, bench.overdue]).toEqual([[false, true, false], ['change 1 as 1']])
    expect(bench.told.at(-1)).toBe('change 1 as 2')
  })

  test('leaves a release behind it its own time', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, 1)
    await bench.pass(6_000)
    await bench.become(1, undefined)
    await bench.pass(4_000)
    expect([bench.told.at(-1), bench.aborted]).toEqual(['release 1 as 1', [false, true, false]])
    await bench.pass(5_999)
    expect(bench.overdue).toEqual(['change 1 as 1'])
    await bench.pass(1)
    expect(bench.overdue).toEqual(['change 1 as 1', 'release 1 as 1'])
  })
})

test('abandoning calls everything off and forgets what waits', async () => {
  await bench.become(1, 0)
  await bench.become(2, 0)
  await bench.become(2, 1)
  await bench.become(3, 0)
  await bench.become(3, undefined)
  bench.runner.abandon()
  await calm()
  expect([bench.aborted, await bench.isIdle(), bench.clock.pending]).toEqual([
    [true, true, true],
    true,
    0,
  ])
  await bench.finish(1)
  expect(bench.calls).toHaveLength(3)
})
