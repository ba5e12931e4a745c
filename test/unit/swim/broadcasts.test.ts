import { expect, test } from 'vitest'
import { Broadcasts } from '../../../packages/libring/src/swim/broadcasts.ts'
import { serfVectors } from '../../support/vectors.ts'

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)

interface QueueVector {
  rounds: { call: number; left: number; sent: string[] | null }[]
}

test('messages are handed out in the order of memberlist', () => {
  const broadcasts = new Broadcasts()
  const lengths = { a: 10, b: 30, c: 20, d: 20 }
  for (const [name, length] of Object.entries(lengths)) {
    broadcasts.queue({ bytes: filled(length, name.charCodeAt(0)) })
  }
  for (const { sent, left } of serfVectors<QueueVector>('queue.json').rounds) {
    const taken = broadcasts.take(60, 2, 2)
    expect(taken.map((bytes) => String.fromCharCode(bytes[0]!))).toEqual(sent ?? [])
    expect(broadcasts.size).toBe(left)
  }
})

test('a message is handed out until its limit, then its ticket comes back', () => {
  const broadcasts = new Broadcasts()
  broadcasts.queue({ bytes: filled(5, 1), ticket: 7 })
  for (let round = 0; round < 3; round++) {
    expect(broadcasts.takeFinished()).toBeUndefined()
    expect(broadcasts.take(100, 2, 3)).toHaveLength(1)
  }
  expect(broadcasts.take(100, 2, 3)).toEqual([])
  expect(broadcasts.takeFinished()).toBe(7)
  expect(broadcasts.takeFinished()).toBeUndefined()
})

test('a newer message of one key replaces the older, whose ticket comes back', () => {
  const broadcasts = new Broadcasts()
  broadcasts.queue({ key: 'ann', bytes: filled(5, 1), ticket: 1 })
  broadcasts.queue({ key: 'bob', bytes: filled(5, 2) })
  broadcasts.queue({ key: 'ann', bytes: filled(5, 3) })
  expect(broadcasts.takeFinished()).toBe(1)
  expect(broadcasts.take(100, 2, 4).map(([byte]) => byte)).toEqual([3, 2])
})

test('what does not fit waits for a packet with more room', () => {
  const broadcasts = new Broadcasts()
  broadcasts.queue({ bytes: filled(50, 1) })
  broadcasts.queue({ bytes: filled(10, 2) })
  expect(broadcasts.take(40, 2, 1).map(([byte]) => byte)).toEqual([2])
  expect(broadcasts.take(51, 2, 1)).toEqual([])
  expect(broadcasts.take(52, 2, 1).map(([byte]) => byte)).toEqual([1])
})

test('a full queue loses what has been sent most', () => {
  const broadcasts = new Broadcasts()
  broadcasts.queue({ bytes: filled(9, 1), ticket: 1 })
  broadcasts.take(100, 2, 4)
  broadcasts.queue({ bytes: filled(8, 2), ticket: 2 })
  broadcasts.queue({ bytes: filled(9, 3), ticket: 3 })
  broadcasts.prune(1)
  expect(broadcasts.takeFinished()).toBe(1)
  expect(broadcasts.takeFinished()).toBe(2)
  expect(broadcasts.take(100, 2, 4).map(([byte]) => byte)).toEqual([3])
})
