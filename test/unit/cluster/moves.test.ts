import { expect, test } from 'vitest'
import { Moves } from '../../../packages/libring/src/cluster/moves.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { calm } from '../../support/cluster.ts'

function waiting(
  moves: Moves,
  partition: number,
  timeoutMs: number,
  signal?: AbortSignal,
): unknown[] {
  const ended: unknown[] = []
  moves.next(partition, { timeoutMs, signal }).then(
    (leftMs) => ended.push(leftMs),
    (error: unknown) => ended.push(error),
  )
  return ended
}

test('whoever waits for a partition hears of its move, and how much time is left', async () => {
  const clock = new SimClock()
  const moves = new Moves(clock)
  const ended = [waiting(moves, 1, 100), waiting(moves, 1, 50), waiting(moves, 2, 100)]
  clock.runUntil(clock.nowMs() + 20)
  moves.moved(1)
  await calm()
  expect(ended).toEqual([[80], [30], []])
  moves.movedAll()
  await calm()
  expect(ended[2]).toEqual([80])
})

test('the wait ends when its time is over, or at once where there is none', async () => {
  const clock = new SimClock()
  const moves = new Moves(clock)
  const ended = [waiting(moves, 1, 100), waiting(moves, 1, 0)]
  await calm()
  expect(ended).toEqual([[], [0]])
  clock.runUntil(clock.nowMs() + 100)
  await calm()
  expect(ended).toEqual([[0], [0]])
})

test('the wait ends when its signal aborts', async () => {
  const moves = new Moves(new SimClock())
  const controller = new AbortController()
  const ended = [waiting(moves, 1, 100, controller.signal)]
  controller.abort()
  ended.push(waiting(moves, 1, 100, controller.signal))
  await calm()
  expect(ended).toEqual([[100], [100]])
})

test('a wait out of range is an error that names the option', async () => {
  const moves = new Moves(new SimClock())
  await expect(moves.next(1, { timeoutMs: -1 })).rejects.toThrow(/^timeoutMs must be/)
})
