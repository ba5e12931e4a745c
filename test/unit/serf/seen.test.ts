import { expect, test } from 'vitest'
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

test('what is remembered is bounded, and room comes back as slots are taken over', () => {
  const seen = new SeenMessages()
  const long = 'x'.repeat(60_000)
  const sightings = Array.from({ length: 80 }, (_, i) => seen.admit(5n, `${long}${i}`))
  expect(sightings.filter((sighting) => sighting === 'new').length).toBe(69)
  expect(sightings.at(-1)).toBe('full')
  expect(seen.admit(517n, 'a')).toBe('new')
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
