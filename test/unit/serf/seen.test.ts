import { describe, expect, test } from 'vitest'
import { LTIME_LAST } from '../../../packages/libring/src/serf/lamport.ts'
import { eventKey, SeenMessages } from '../../../packages/libring/src/serf/seen.ts'

test('a message is new once; another of the same time is new too', () => {
  const seen = new SeenMessages()
  expect(seen.admit(5n, 'a')).toBe('new')
  expect(seen.admit(5n, 'a')).toBe('seen')
  expect(seen.admit(5n, 'b')).toBe('new')
  expect(seen.admit(6n, 'a')).toBe('new')
})

test('the clock runs ahead of everything seen', () => {
  const seen = new SeenMessages()
  seen.admit(600n, 'a')
  expect(seen.clock.time).toBe(601n)
})

test('a message more than 512 behind the clock is too old to tell', () => {
  const seen = new SeenMessages()
  seen.admit(600n, 'a')
  expect(seen.admit(88n, 'b')).toBe('too-old')
  expect(seen.admit(89n, 'b')).toBe('new')
})

test('a young clock takes everything for new', () => {
  const seen = new SeenMessages()
  seen.admit(511n, 'a')
  expect(seen.admit(0n, 'b')).toBe('new')
})

test('a slot is taken over by the time 512 later', () => {
  const seen = new SeenMessages()
  seen.admit(5n, 'a')
  seen.admit(517n, 'a')
  expect(seen.admit(517n, 'a')).toBe('seen')
  expect(seen.admit(5n, 'a')).toBe('too-old')
})

describe('memory that is full', () => {
  const long = 'x'.repeat(60_000)
  /** Sixty-nine of them fill the memory. */
  const fill = (seen: SeenMessages, ltime: bigint, count = 80) => {
    const sightings = Array.from({ length: count }, (_, i) => seen.admit(ltime, `${long}${i}`))
    return sightings.filter((sighting) => sighting === 'new').length
  }

  test('takes no more of the time that fills it', () => {
    const seen = new SeenMessages()
    expect(fill(seen, 5n)).toBe(69)
    expect(seen.admit(5n, 'a'.repeat(60_000))).toBe('full')
    expect(seen.admit(5n, `${long}0`)).toBe('seen')
  })

  test.each([5n, LTIME_LAST - 1n])('makes room for what is later than time %i', (ltime) => {
    const seen = new SeenMessages()
    fill(seen, ltime)
    expect(fill(seen, ltime + 1n)).toBe(69)
    expect(seen.admit(ltime + 1n, `${long}0`)).toBe('seen')
  })

  test('forgets the earliest times, and no more of them than it must', () => {
    const forgotten: number[] = []
    const seen = new SeenMessages((at) => forgotten.push(at))
    for (const ltime of [7n, 5n, 6n]) expect(fill(seen, ltime, 20)).toBe(20)
    expect(fill(seen, 9n, 20)).toBe(20)
    expect(forgotten).toEqual([5])
    expect(fill(seen, 6n, 20)).toBe(0)
  })

  test('takes what is of the times it forgot for too old, not for new', () => {
    const seen = new SeenMessages()
    fill(seen, 5n)
    seen.admit(6n, long)
    for (const key of [`${long}0`, `${long}79`, 'b']) expect(seen.admit(5n, key)).toBe('too-old')
    expect(seen.admit(6n, long)).toBe('seen')
  })

  test('makes no room for what is earlier than all it holds', () => {
    const seen = new SeenMessages()
    fill(seen, 9n)
    expect(seen.admit(8n, long)).toBe('full')
    expect(seen.admit(9n, `${long}0`)).toBe('seen')
  })

  test('forgets nothing for the sake of what has no room anyway', () => {
    const forgotten: number[] = []
    const seen = new SeenMessages((at) => forgotten.push(at))
    for (const ltime of [5n, 6n, 517n]) fill(seen, ltime, 1)
    expect(forgotten).toEqual([5])
    expect(seen.admit(1_029n, 'x'.repeat(5_000_000))).toBe('full')
    expect(forgotten).toEqual([5])
    expect(seen.admit(517n, `${long}0`)).toBe('too-old')
  })
})

test('name and payload of an event cannot be taken for each other', () => {
  const payload = (text: string) => new TextEncoder().encode(text)
  const keys = [
    eventKey({ name: 'ab', payload: payload('c') }),
    eventKey({ name: 'a', payload: payload('bc') }),
    eventKey({ name: 'ab63', payload: payload('') }),
    eventKey({ name: '2:ab', payload: payload('c') }),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})
