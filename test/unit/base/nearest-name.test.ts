import { expect, test } from 'vitest'
import { nearestName } from '../../../packages/libring/src/base/nearest-name.ts'

const names = ['partitions', 'redundancy', 'hostName', 'bind', 'tags', 'slack', 'serf']

test.each([
  ['a letter left out', 'partitons', 'partitions'],
  ['a letter too many', 'partitionss', 'partitions'],
  ['another letter', 'redundansy', 'redundancy'],
  ['two letters swapped', 'tasg', 'tags'],
  ['two letters swapped at the front', 'ibnd', 'bind'],
  ['two edits in a long name', 'partitin', 'partitions'],
  ['another case', 'hostname', 'hostName'],
  ['another case throughout', 'SERF', 'serf'],
  ['the name itself', 'slack', 'slack'],
])('%s: %s was meant to be %s', (_what, name, meant) => {
  expect(nearestName(name, names)).toBe(meant)
})

test.each(['', 'x', 'bat', 'zone', 'partitn', 'listeners', 'x'.repeat(65)])(
  '%o is close to none',
  (name) => {
    expect(nearestName(name, names)).toBeUndefined()
  },
)

test('of several the nearest is meant, and the first of equals', () => {
  expect(nearestName('probeTimeoutM', ['proveTimeoutMs', 'probeTimeoutMs'])).toBe('probeTimeoutMs')
  expect(nearestName('taggs', ['taggy', 'tagge'])).toBe('taggy')
})

test('names of any length are compared in bounded time', () => {
  expect(nearestName('a'.repeat(64), ['a'.repeat(1_000_000), 'a'.repeat(63)])).toBe('a'.repeat(63))
})
