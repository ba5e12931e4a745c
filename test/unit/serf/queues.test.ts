import { expect, test } from 'vitest'
import { Queues } from '../../../packages/libring/src/serf/queues.ts'

const message = (first: number, length = 10) => new Uint8Array(length).fill(first)
const firsts = (messages: readonly Uint8Array[]) => messages.map(([first]) => first)
const newQueues = (depthMax = 100) => {
  return new Queues({ retransmitMult: 1, messageBytesMax: 1_000, depthMax })
}

test('intents come before queries, and queries before events', () => {
  const queues = newQueues()
  queues.queue('events', message(3))
  queues.queue('queries', message(2))
  queues.queue('intents', message(1))
  expect(firsts(queues.take(1_000, 3, 255, 9))).toEqual([1, 2, 3])
})

test('what the intents use is not there for the events', () => {
  const queues = newQueues()
  queues.queue('events', message(3))
  queues.queue('intents', message(1))
  expect(firsts(queues.take(25, 3, 255, 9))).toEqual([1])
  expect(firsts(queues.take(26, 3, 255, 9))).toEqual([3])
})

test('each message is handed out as often as the number of members asks, and then told', () => {
  const queues = new Queues({ retransmitMult: 2, messageBytesMax: 1_000, depthMax: 100 })
  queues.queue('intents', message(1), 42)
  const taken = Array.from({ length: 6 }, () => queues.take(1_000, 3, 255, 10).length)
  expect(taken).toEqual([1, 1, 1, 1, 0, 0])
  expect([queues.takeFinished(), queues.takeFinished()]).toEqual([42, undefined])
})

test('what is above the count stays in its queue, and was not sent', () => {
  const queues = newQueues()
  for (let i = 0; i < 3; i++) {
    queues.queue('intents', message(1))
    queues.queue('events', message(3))
  }
  expect(firsts(queues.take(1_000, 3, 4, 9))).toEqual([1, 1, 1, 3])
  expect(queues.take(1_000, 3, 0, 9)).toEqual([])
  expect(firsts(queues.take(1_000, 3, 4, 9))).toEqual([3, 3])
})

test('two messages of one kind do not replace each other', () => {
  const queues = newQueues()
  queues.queue('intents', message(1))
  queues.queue('intents', message(1))
  expect(queues.take(1_000, 3, 255, 9)).toHaveLength(2)
})

test('a message that would never find room is refused', () => {
  const queues = newQueues()
  expect(queues.queue('events', message(1, 1_001))).toBe(false)
  expect(queues.queue('events', message(1, 1_000))).toBe(true)
})

test('a queue grows to twice its size, and is cut to it then, or when it is time to', () => {
  const queues = newQueues(100)
  const add = (count: number) => {
    for (let i = 0; i < count; i++) queues.queue('events', message(1))
    return queues.depth('events')
  }
  expect(add(200)).toBe(200)
  expect(add(1)).toBe(100)
  expect(add(50)).toBe(150)
  queues.cut()
  expect(queues.depth('events')).toBe(100)
})
