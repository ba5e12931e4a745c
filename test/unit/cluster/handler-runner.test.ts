import { beforeEach, describe, expect, test } from 'vitest'
import {
  CONCURRENT_HANDLERS_MAX,
  HandlerRunner,
} from '../../../packages/libring/src/cluster/handler-runner.ts'
import type { Handled } from '../../../packages/libring/src/cluster/handlers.ts'
import type { Invoke, Outcome } from '../../../packages/libring/src/cluster/invoke.ts'
import { Deferred } from '../../../packages/libring/src/gossip/deferred.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { aStep } from '../../support/ownership.ts'

const RELEASE_TIMEOUT_MS = 10_000

/** A handler at work, and how to end it. */
interface Call {
  readonly event: Handled<OwnershipEvent>
  readonly work: Deferred<void>
}

let clock: SimClock
let runner: HandlerRunner
let calls: Call[]
let failures: unknown[]
let overdue: string[]
let roles: Map<number, number | undefined>
let seq: number

beforeEach(() => {
  clock = new SimClock()
  calls = []
  failures = []
  overdue = []
  roles = new Map()
  seq = 0
  const handler = (event: Handled<OwnershipEvent>): Promise<void> => {
    const work = new Deferred<void>()
    calls.push({ event, work })
    return work.promise
  }
  runner = runnerWith({ onAcquire: handler, onRelease: handler, onChange: handler })
})

type Handlers = ConstructorParameters<typeof HandlerRunner>[0]['handlers']

const idle = (): void => {}

function runnerWith(handlers: Handlers, invoke?: Invoke): HandlerRunner {
  return new HandlerRunner({
    handlers,
    clock,
    releaseTimeoutMs: RELEASE_TIMEOUT_MS,
    invoke,
    observer: {
      onFailed: (_, error) => void failures.push(error),
      onOverdue: (event) => void overdue.push(textOf(event)),
    },
  })
}

/** The next step of a partition, and everything that follows from it. */
async function become(partition: number, role: number | undefined): Promise<void> {
  runner.add(aStep(partition, roles.get(partition), role, ++seq)!)
  roles.set(partition, role)
  await calm()
}

async function finish(index: number): Promise<void> {
  calls[index]!.work.resolve()
  await calm()
}

async function pass(ms: number): Promise<void> {
  clock.runUntil(clock.nowMs() + ms)
  await calm()
}

/** Let everything that can go on go on. */
async function calm(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

async function isIdle(): Promise<boolean> {
  let idle = false
  void runner.whenIdle().then(() => (idle = true))
  await calm()
  return idle
}

function textOf(event: OwnershipEvent): string {
  return `${event.type} ${event.partition} as ${event.replica}`
}

const told = (): string[] => calls.map(({ event }) => textOf(event))
const aborted = (): boolean[] => calls.map(({ event }) => event.signal.aborted)

describe('handlers of one partition', () => {
  test('run one after the other', async () => {
    await become(1, 0)
    await become(1, 1)
    expect(told()).toEqual(['acquire 1 as 0'])
    await finish(0)
    expect(told()).toEqual(['acquire 1 as 0', 'change 1 as 1'])
    expect(await isIdle()).toBe(false)
    await finish(1)
    expect([await isIdle(), clock.pending]).toEqual([true, 0])
  })

  test('are told the outcome of what happened while one was at work', async () => {
    await become(1, 0)
    await become(1, 1)
    await become(1, 2)
    await finish(0)
    expect(told()).toEqual(['acquire 1 as 0', 'change 1 as 2'])
  })

  test('are not told of what was undone while they waited', async () => {
    await become(1, 0)
    await become(1, 1)
    await become(1, 0)
    await finish(0)
    expect([told(), aborted(), await isIdle()]).toEqual([['acquire 1 as 0'], [false], true])
  })

  test('go on after one that fails', async () => {
    await become(1, 0)
    await become(1, 1)
    calls[0]!.work.reject(new Error('no disk'))
    await calm()
    expect(failures).toEqual([new Error('no disk')])
    expect(told()).toEqual(['acquire 1 as 0', 'change 1 as 1'])
  })
})

describe('a release', () => {
  test('calls off the acquire that is at work, and is told once that has settled', async () => {
    await become(1, 0)
    await become(1, undefined)
    expect([aborted(), told()]).toEqual([[true], ['acquire 1 as 0']])
    await finish(0)
    expect(told()).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect(aborted()).toEqual([true, false])
  })

  test('does not call off anything that is no acquire of its own partition', async () => {
    await become(1, 0)
    await become(2, 0)
    await become(2, undefined)
    expect(aborted()).toEqual([false, true])
  })

  test('is told though the partition is back already: nobody knows how far the acquire got', async () => {
    await become(1, 0)
    await become(1, undefined)
    await become(1, 1)
    await finish(0)
    await finish(1)
    expect(told()).toEqual(['acquire 1 as 0', 'release 1 as 0', 'acquire 1 as 1'])
    expect(aborted()).toEqual([true, false, false])
  })

  test('is told once, however often the partition comes and goes behind it', async () => {
    await become(1, 0)
    for (let i = 0; i < 5; i++) {
      await become(1, undefined)
      await become(1, 1)
    }
    await become(1, undefined)
    await finish(0)
    await finish(1)
    expect(told()).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect(await isIdle()).toBe(true)
  })

  test('is never called off by the partition coming back', async () => {
    await become(1, 0)
    await finish(0)
    await become(1, undefined)
    await become(1, 0)
    expect(aborted()).toEqual([false, false])
    await finish(1)
    expect(told()).toEqual(['acquire 1 as 0', 'release 1 as 0', 'acquire 1 as 0'])
  })

  test('calls off a change that is at work', async () => {
    await become(1, 0)
    await finish(0)
    await become(1, 1)
    await become(1, undefined)
    await finish(1)
    expect([told().at(-1), aborted()]).toEqual(['release 1 as 1', [false, true, false]])
  })
})

test('a change that is undone while at work is called off, and so told back', async () => {
  await become(1, 0)
  await finish(0)
  await become(1, 1)
  await become(1, 0)
  expect(aborted()).toEqual([false, true])
  await finish(1)
  expect(told().at(-1)).toBe('change 1 as 0')
})

describe('once the time to let go is over', () => {
  test('a release that hangs is called off and no longer waited for', async () => {
    await become(1, 0)
    await finish(0)
    await become(1, undefined)
    await pass(RELEASE_TIMEOUT_MS - 1)
    expect([aborted().at(-1), await isIdle()]).toEqual([false, false])
    await pass(1)
    expect([aborted().at(-1), await isIdle(), overdue]).toEqual([true, true, ['release 1 as 0']])
    expect(calls[1]!.event.signal.reason).toMatchObject({ name: 'TimeoutError' })
  })

  test('the next handler of the partition starts', async () => {
    await become(1, 0)
    await finish(0)
    await become(1, undefined)
    await become(1, 0)
    await pass(RELEASE_TIMEOUT_MS)
    expect(told().at(-1)).toBe('acquire 1 as 0')
    expect(aborted()).toEqual([false, true, false])
    await finish(1)
    expect(await isIdle()).toBe(false)
    await finish(2)
    expect(await isIdle()).toBe(true)
  })

  test('an acquire that hangs covers the release, which is told late', async () => {
    await become(1, 0)
    await become(1, undefined)
    await pass(RELEASE_TIMEOUT_MS)
    expect(told()).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect([aborted(), await isIdle(), overdue]).toEqual([[true, true], true, ['acquire 1 as 0']])
  })

  test('the time runs from the decision, not from the start of the handler', async () => {
    await become(1, 0)
    await become(1, undefined)
    await pass(RELEASE_TIMEOUT_MS - 1)
    await finish(0)
    expect(aborted().at(-1)).toBe(false)
    await pass(1)
    expect([aborted().at(-1), overdue]).toEqual([true, ['release 1 as 0']])
  })

  test('an acquire without a release may take as long as it likes', async () => {
    await become(1, 0)
    await pass(10 * RELEASE_TIMEOUT_MS)
    expect([aborted(), overdue]).toEqual([[false], []])
  })

  test('handlers that hang do not keep others from their turn', async () => {
    for (let partition = 0; partition < CONCURRENT_HANDLERS_MAX; partition++) {
      await become(partition, 0)
      await become(partition, undefined)
    }
    await become(500, 0)
    expect(told()).not.toContain('acquire 500 as 0')
    await pass(RELEASE_TIMEOUT_MS)
    expect(told()).toContain('acquire 500 as 0')
  })

  test('a handler that was given up and fails later is told all the same', async () => {
    await become(1, 0)
    await finish(0)
    await become(1, undefined)
    await pass(RELEASE_TIMEOUT_MS)
    calls[1]!.work.reject(new Error('late'))
    await calm()
    expect(failures).toEqual([new Error('late')])
  })
})

describe('a handler that gives up because it was called off', () => {
  test('has not failed', async () => {
    await become(1, 0)
    await become(1, undefined)
    calls[0]!.work.reject(calls[0]!.event.signal.reason)
    await calm()
    expect([failures, told().at(-1)]).toEqual([[], 'release 1 as 0'])
  })

  test('has failed when it throws anything else', async () => {
    await become(1, 0)
    await become(1, undefined)
    calls[0]!.work.reject(new Error('no disk'))
    await calm()
    expect(failures).toEqual([new Error('no disk')])
  })
})

describe('over all partitions', () => {
  test('a bounded number of handlers is at work', async () => {
    for (let partition = 0; partition < 100; partition++) await become(partition, 0)
    expect(calls).toHaveLength(CONCURRENT_HANDLERS_MAX)
    await finish(0)
    await finish(1)
    expect(calls).toHaveLength(CONCURRENT_HANDLERS_MAX + 2)
  })

  test('releases do not wait for acquires', async () => {
    await become(500, 0)
    await finish(0)
    for (let partition = 0; partition < 100; partition++) await become(partition, 0)
    await become(500, undefined)
    expect(told().at(-1)).toBe('release 500 as 0')
  })

  test('a step that was undone before its turn came is never told', async () => {
    for (let partition = 0; partition < 100; partition++) await become(partition, 0)
    await become(99, undefined)
    for (let index = 0; index < 99; index++) await finish(index)
    expect(told().filter((text) => text.includes(' 99 '))).toEqual([])
    expect(await isIdle()).toBe(true)
  })

  test('releases that wait for their turn when time is over are told at once', async () => {
    for (let partition = 0; partition < 100; partition++) {
      await become(partition, 0)
      if (partition < CONCURRENT_HANDLERS_MAX) continue
      await finish(partition - CONCURRENT_HANDLERS_MAX)
    }
    for (let index = 100 - CONCURRENT_HANDLERS_MAX; index < 100; index++) await finish(index)
    expect(await isIdle()).toBe(true)
    for (let partition = 0; partition < 100; partition++) await become(partition, undefined)
    expect(calls).toHaveLength(100 + CONCURRENT_HANDLERS_MAX)
    await pass(RELEASE_TIMEOUT_MS)
    expect(calls).toHaveLength(200)
    expect([await isIdle(), overdue.length]).toEqual([true, 100])
  })
})

describe('without a handler', () => {
  test('for a kind of step, that step is passed over', async () => {
    const heard: string[] = []
    runner = runnerWith({ onRelease: (event) => void heard.push(textOf(event)) })
    await become(1, 0)
    await become(1, 1)
    await become(1, undefined)
    expect([heard, await isIdle(), runner.hasHandlers]).toEqual([['release 1 as 1'], true, true])
  })

  test('for any, there is nothing to wait for', async () => {
    runner = runnerWith({})
    await become(1, 0)
    expect([await isIdle(), runner.hasHandlers]).toEqual([true, false])
  })
})

test('a handler does not start within the call that tells of its step', async () => {
  runner.add(aStep(1, undefined, 0)!)
  expect(calls).toEqual([])
  await calm()
  expect(calls).toHaveLength(1)
})

describe('handlers that are called by other means', () => {
  test('may be done within the call, however many there are', async () => {
    const heard: string[] = []
    runner = runnerWith({ onAcquire: idle, onRelease: idle }, (event, _, done) => {
      heard.push(textOf(event))
      // The release comes while the acquires are being started.
      if (event.partition === 0 && event.type === 'acquire') {
        runner.add(aStep(0, 0, undefined, ++seq)!)
      }
      done({ type: 'done', value: undefined })
      done({ type: 'failed', error: new Error('twice') })
    })
    for (let partition = 0; partition < 5_000; partition++) {
      runner.add(aStep(partition, undefined, 0, ++seq)!)
    }
    expect([heard.length, heard.slice(0, 2)]).toEqual([5_001, ['acquire 0 as 0', 'release 0 as 0']])
    expect([await isIdle(), failures, clock.pending]).toEqual([true, [], 0])
  })

  test('may be done in any order, or fail, or never be done', async () => {
    const dones: ((outcome: Outcome) => void)[] = []
    runner = runnerWith({ onAcquire: idle, onRelease: idle }, (_event, _handlers, done) => {
      dones.push(done)
    })
    await become(1, 0)
    await become(2, 0)
    dones[1]!({ type: 'failed', error: new Error('no disk') })
    dones[0]!({ type: 'done', value: undefined })
    expect([failures, await isIdle()]).toEqual([[new Error('no disk')], true])
    await become(1, undefined)
    await pass(RELEASE_TIMEOUT_MS)
    expect([overdue, await isIdle()]).toEqual([['release 1 as 0'], true])
  })
})

test('a handler that throws at once counts as failed', async () => {
  runner = runnerWith({
    onAcquire: () => {
      throw new Error('at once')
    },
  })
  await become(1, 0)
  expect([failures, await isIdle()]).toEqual([[new Error('at once')], true])
})

test('abandoning calls everything off and forgets what waits', async () => {
  await become(1, 0)
  await become(2, 0)
  await become(2, 1)
  await become(3, 0)
  await become(3, undefined)
  runner.abandon()
  await calm()
  expect([aborted(), await isIdle(), clock.pending]).toEqual([[true, true, true], true, 0])
  await finish(1)
  expect(calls).toHaveLength(3)
})
