import { expect, test } from 'vitest'
import { Fifo } from '../../../packages/libring/src/base/fifo.ts'

test('items come out in the order they went in', () => {
  const fifo = new Fifo<string>()
  fifo.push('a')
  fifo.push('b')
  expect(fifo.size).toBe(2)
  expect(fifo.take()).toBe('a')
  fifo.push('c')
  expect([fifo.take(), fifo.take(), fifo.take()]).toEqual(['b', 'c', undefined])
  expect(fifo.size).toBe(0)
})

test('an empty queue can be used again', () => {
  const fifo = new Fifo<number>()
  expect(fifo.take()).toBeUndefined()
  for (let round = 0; round < 3; round++) {
    fifo.push(round)
    expect(fifo.take()).toBe(round)
    expect(fifo.take()).toBeUndefined()
  }
})

test('order and size survive long runs of taking and adding', () => {
  const fifo = new Fifo<number>()
  const out: (number | undefined)[] = []
  const expected: (number | undefined)[] = []
  let pushed = 0
  let taken = 0
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 500; i++) fifo.push(pushed++)
    for (let i = 0; i < (round % 2 === 0 ? 300 : 650); i++) {
      expected.push(taken < pushed ? taken++ : undefined)
      out.push(fifo.take())
    }
    expect(fifo.size).toBe(pushed - taken)
  }
  expect(out).toEqual(expected)
})

test('a million items pass through', () => {
  const fifo = new Fifo<number>()
  for (let i = 0; i < 1_000_000; i++) fifo.push(i)
  let sum = 0
  for (let item = fifo.take(); item !== undefined; item = fifo.take()) sum += item
  expect(sum).toBe((1_000_000 * 999_999) / 2)
})
