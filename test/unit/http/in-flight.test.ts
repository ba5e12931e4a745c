import { expect, test, vi } from 'vitest'
import { InFlight, type Served } from '../../../packages/libring/src/http/in-flight.ts'

function aServed(): Served & { readonly told: string[] } {
  const told: string[] = []
  return { place: 0, told, ending: () => told.push('ending'), end: () => told.push('end') }
}

test('a partition is settled once nothing of it is being served', async () => {
  const inFlight = new InFlight()
  const [one, two, other] = [aServed(), aServed(), aServed()]
  inFlight.add(1, one)
  inFlight.add(1, two)
  inFlight.add(2, other)
  const settled = vi.fn<(outcome: string) => void>()
  const waiting = inFlight.settled(1, 60_000).then(settled)
  inFlight.remove(1, one)
  inFlight.remove(1, one)
  await Promise.resolve()
  expect([settled.mock.calls, inFlight.count]).toEqual([[], 2])
  inFlight.remove(1, two)
  await waiting
  expect([settled.mock.calls, inFlight.count]).toEqual([[['settled']], 1])
  expect(await inFlight.settled(3, 60_000)).toBe('settled')
})

test('a partition whose time is over is overdue, and nobody waits for it any more', async () => {
  const inFlight = new InFlight()
  const one = aServed()
  inFlight.add(1, one)
  expect(await inFlight.settled(1, 1)).toBe('overdue')
  inFlight.remove(1, one)
  expect(inFlight.count).toBe(0)
})

test('whatever the order in which they end, each is counted out once, and the others stay', () => {
  const inFlight = new InFlight()
  const all = Array.from({ length: 5 }, aServed)
  for (const served of all) inFlight.add(1, served)
  for (const at of [1, 1, 4, 0]) inFlight.remove(1, all[at]!)
  expect(inFlight.count).toBe(2)
  inFlight.end(1)
  expect(all.map(({ told }) => told.length)).toEqual([0, 0, 1, 1, 0])
})

test('those that serve are told of their own partition, or of all', () => {
  const inFlight = new InFlight()
  const [one, other] = [aServed(), aServed()]
  inFlight.add(1, one)
  inFlight.add(2, other)
  inFlight.ending(1)
  inFlight.end(1)
  expect([one.told, other.told]).toEqual([['ending', 'end'], []])
  inFlight.endAll()
  expect(other.told).toEqual(['end'])
})
