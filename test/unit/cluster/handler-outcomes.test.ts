import { beforeEach, describe, expect, test } from 'vitest'
import { CONCURRENT_HANDLERS_MAX } from '../../../packages/libring/src/cluster/handler-runner.ts'
import { invokeInLaterTurn } from '../../../packages/libring/src/cluster/invoke.ts'
import { HandlerBench, RELEASE_TIMEOUT_MS } from '../../support/handler-bench.ts'

let bench: HandlerBench

beforeEach(() => {
  bench = new HandlerBench()
})

describe('a handler of a step without which nobody serves', () => {
  const attemptsMs = async (count: number): Promise<number[]> => {
    const beganMs: number[] = []
    for (let index = 0; index < count; index++) {
      for (let i = 0; i < 300 && bench.calls.length <= index + 1; i++) await bench.pass(125)
      beganMs.push(bench.clock.nowMs())
      await bench.fail(index + 1)
    }
    return beganMs
  }

  test('is called again until it succeeds, and the partition is not dealt with before', async () => {
    await bench.become(1, 0)
    for (const index of [0, 1, 2]) {
      await bench.fail(index)
      expect([await bench.isIdle(), bench.runner.owes(1)]).toEqual([false, 1])
      await bench.pass(500 * 2 ** index - 1)
      expect(bench.calls).toHaveLength(index + 1)
      await bench.pass(1)
      expect(bench.calls).toHaveLength(index + 2)
    }
    await bench.finish(3)
    expect([await bench.isIdle(), bench.attempts, bench.clock.pending]).toEqual([
      true,
      [1, 2, 3],
      0,
    ])
    expect(new Set(bench.told)).toEqual(new Set(['acquire 1 as 0']))
  })

  test('waits twice as long each time, and 30 s at most', async () => {
    await bench.become(1, 0)
    await bench.fail(0)
    expect(await attemptsMs(9)).toEqual([
      500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500, 121_500,
    ])
  })

  test('waits between half as long and that long where there are random numbers', async () => {
    bench.runner = bench.runnerWith(bench.recorders, invokeInLaterTurn, {
      uint32: () => 0x8000_0000,
    })
    await bench.become(1, 0)
    await bench.fail(0)
    expect(await attemptsMs(3)).toEqual([375, 1_125, 2_625])
  })

  test('is called again for a change that takes index 0', async () => {
    await bench.become(1, 1)
    await bench.finish(0)
    await bench.become(1, 0)
    await bench.fail(1)
    await bench.pass(500)
    expect(bench.told).toEqual(['acquire 1 as 1', 'change 1 as 0', 'change 1 as 0'])
  })

  test('is not called again once a release has called it off, which is told', async () => {
    await bench.become(1, 0)
    await bench.fail(0)
    await bench.become(1, undefined)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    await bench.finish(1)
    expect([await bench.isIdle(), bench.clock.pending]).toEqual([true, 0])
    await bench.pass(60_000)
    expect(bench.calls).toHaveLength(2)
  })

  test('is released of the index that it was told, whatever happened while it failed', async () => {
    await bench.become(1, 1)
    await bench.fail(0)
    await bench.become(1, 2)
    await bench.become(1, 0)
    await bench.become(1, undefined)
    expect(bench.told).toEqual(['acquire 1 as 1', 'release 1 as 1'])
    expect(bench.runner.givesUpPrimary(1)).toBe(false)
    await bench.finish(1)
    expect([await bench.isIdle(), bench.clock.pending]).toEqual([true, 0])
  })

  test('is released of what it was told last, when it has been told again since', async () => {
    await bench.become(1, 1)
    await bench.fail(0)
    await bench.become(1, 2)
    await bench.pass(500)
    await bench.fail(1)
    await bench.become(1, undefined)
    expect(bench.told).toEqual(['acquire 1 as 1', 'acquire 1 as 2', 'release 1 as 2'])
  })

  test('is released of index 0 where it failed while it was called off to be a backup', async () => {
    await bench.become(1, 0)
    await bench.become(1, 1)
    await bench.become(1, undefined)
    await bench.fail(0)
    expect(bench.told).toEqual(['acquire 1 as 0', 'release 1 as 0'])
    expect(bench.runner.givesUpPrimary(1)).toBe(true)
  })

  test('is told the outcome of what happened while it failed', async () => {
    await bench.become(1, 2)
    await bench.become(1, 1)
    await bench.fail(0)
    await bench.become(1, 0)
    expect(bench.told).toEqual(['acquire 1 as 2'])
    await bench.pass(500)
    expect(bench.told).toEqual(['acquire 1 as 2', 'acquire 1 as 0'])
    await bench.fail(1)
    expect(bench.attempts).toEqual([1, 2])
  })

  test('is told as a backup at once where it fails when it is called off to be one', async () => {
    await bench.become(1, 0)
    await bench.become(1, 1)
    expect(bench.aborted).toEqual([true])
    await bench.fail(0, bench.calls[0]!.event.signal.reason)
    expect([bench.told, bench.failures]).toEqual([['acquire 1 as 0', 'acquire 1 as 1'], []])
    await bench.finish(1)
    expect(await bench.isIdle()).toBe(true)
  })

  test('keeps no other from its turn while it waits', async () => {
    for (let partition = 0; partition <= CONCURRENT_HANDLERS_MAX; partition++) {
      await bench.become(partition, 0)
    }
    expect(bench.calls).toHaveLength(CONCURRENT_HANDLERS_MAX)
    await bench.fail(0)
    expect(bench.told.at(-1)).toBe(`acquire ${CONCURRENT_HANDLERS_MAX} as 0`)
  })

  test('is not called again for a release, nor for a change away from index 0', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, 1)
    await bench.fail(1)
    await bench.become(1, undefined)
    await bench.fail(2)
    expect([bench.attempts, await bench.isIdle(), bench.clock.pending]).toEqual([[1, 1], true, 0])
  })
})

describe('what a handler returns', () => {
  const returning = async (value: unknown, before: number, after: number | undefined) => {
    bench = new HandlerBench()
    bench.runner = bench.runnerWith({ onRelease: () => value, onChange: () => value })
    await bench.become(1, before)
    await bench.become(1, after)
    return bench.states
  }

  test('is left to the successor where index 0 is given up', async () => {
    const state = Uint8Array.of(1, 2, 3)
    expect(await returning(state, 0, undefined)).toEqual([['release 1 as 0', state]])
    expect(await returning(state, 0, 1)).toEqual([['change 1 as 1', state]])
  })

  test('is of no use where it was a backup, or is no Uint8Array', async () => {
    expect(await returning(new Uint8Array(3), 1, undefined)).toEqual([])
    expect(await returning(new Uint8Array(3), 1, 0)).toEqual([])
    expect(await returning('text', 0, undefined)).toEqual([])
    expect([await returning(undefined, 0, undefined), bench.failures]).toEqual([[], []])
  })

  test('may have 1 MiB, and is refused when it has more', async () => {
    const states = await returning(new Uint8Array(1_048_576), 0, undefined)
    expect([states.length, bench.failures]).toEqual([1, []])
    expect(await returning(new Uint8Array(1_048_577), 0, undefined)).toEqual([])
    expect(bench.failures.map(String)).toEqual([
      'OptionError: onRelease must be a function that returns at most 1048576 bytes of state, ' +
        'got "1048577 bytes"',
    ])
    expect(await bench.isIdle()).toBe(true)
  })

  test('stays as it was when it was returned', async () => {
    const state = Buffer.alloc(4, 1)
    const states = await returning(state, 0, undefined)
    state.fill(2)
    expect(states).toEqual([['release 1 as 0', Uint8Array.of(1, 1, 1, 1)]])
  })
})

describe('how far handlers have got', () => {
  test('is known by the first step that they have not dealt with', async () => {
    await bench.become(1, 2)
    await bench.become(1, 1)
    await bench.become(1, 0)
    expect([bench.runner.owes(1), bench.runner.owes(2)]).toEqual([1, undefined])
    await bench.finish(0)
    expect(bench.runner.owes(1)).toBe(2)
    await bench.finish(1)
    expect([bench.runner.owes(1), bench.progress]).toEqual([
      undefined,
      [
        [1, 2],
        [1, undefined],
      ],
    ])
  })

  test('is told when the time to let go is over', async () => {
    await bench.become(1, 0)
    await bench.finish(0)
    await bench.become(1, undefined)
    await bench.pass(RELEASE_TIMEOUT_MS)
    expect(bench.progress.at(-1)).toEqual([1, undefined])
  })
})
