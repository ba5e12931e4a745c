import { expect, test } from 'vitest'
import { resolveRingOptions } from '../../../packages/libring/src/ring/options.ts'
import type { RingOptions } from '../../../packages/libring/src/ring/options.ts'

test('defaults are filled in and the result is frozen', () => {
  const options = resolveRingOptions()
  expect(options).toEqual({
    partitions: 512,
    redundancy: 3,
    assignment: 'balanced',
    slack: 50,
    primarySlack: 100,
    keyHash: 'murmur3',
  })
  expect(Object.isFrozen(options)).toBe(true)
})

test('resolving what is resolved changes nothing', () => {
  const options = resolveRingOptions({ partitions: 7, assignment: 'go-uniform' })
  expect(resolveRingOptions(options)).toEqual(options)
})

test('the modes of Go libring hash keys as Go libring does', () => {
  expect(resolveRingOptions({ assignment: 'go-consistent' }).keyHash).toBe('fnv1a64')
  expect(() => resolveRingOptions({ assignment: 'go-uniform', keyHash: 'murmur3' })).toThrow(
    'keyHash must be fnv1a64 when assignment is go-uniform, got "murmur3"',
  )
})

test.each<[string, unknown]>([
  ['partitions', 0],
  ['partitions', 65_537],
  ['partitions', 1.5],
  ['redundancy', 0],
  ['redundancy', 17],
  ['slack', -1],
  ['slack', 1_001],
  ['primarySlack', '100'],
  ['assignment', 'jump'],
  ['keyHash', 'md5'],
])('%s: %j is refused by name', (option, value) => {
  const options = { [option]: value } as RingOptions
  expect(() => resolveRingOptions(options)).toThrow(expect.objectContaining({ option }))
})
