import { describe, expect, test } from 'vitest'
import {
  parseSnapshotLine,
  snapshotLine,
  type SnapshotRecord,
} from '../../../packages/libring/src/serf/snapshot-lines.ts'

describe('lines of Serf', () => {
  test.each<[string, SnapshotRecord]>([
    [
      'alive: a 127.0.0.1:17946',
      { type: 'alive', name: 'a', address: { host: '127.0.0.1', port: 17_946 } },
    ],
    [
      'alive: a name with blanks [fd00::1]:7946',
      { type: 'alive', name: 'a name with blanks', address: { host: 'fd00::1', port: 7_946 } },
    ],
    ['not-alive: a b', { type: 'not-alive', name: 'a b' }],
    ['clock: 7', { type: 'clock', ltime: 7n }],
    ['event-clock: 9007199254740993', { type: 'event-clock', ltime: 9_007_199_254_740_993n }],
    ['query-clock: 0', { type: 'query-clock', ltime: 0n }],
    ['leave', { type: 'leave' }],
  ])('%s', (line, record) => {
    expect(parseSnapshotLine(line)).toEqual(record)
    expect(snapshotLine(record)).toBe(line)
  })

  test.each(['# by hand', '#', 'coordinate: {"Vec":[0]}'])('nothing to remember in %s', (line) => {
    expect(parseSnapshotLine(line)).toEqual({ type: 'nothing' })
  })
})

test.each([
  '',
  'leaves',
  ' leave',
  'left',
  'alive',
  'alive:',
  'alive: a',
  'alive:  127.0.0.1:7946',
  'alive: a 127.0.0.1',
  'alive: a 127.0.0.1:0',
  'alive: a 127.0.0.1:65536',
  'alive: a localhost:7946',
  'alive: a fd00::1:7946:x',
  `alive: ${'n'.repeat(129)} 127.0.0.1:7946`,
  'not-alive: ',
  'clock: ',
  'clock: -1',
  'clock: 1.5',
  'clock: 0x10',
  'clock: 9223372036854775808',
  `clock: ${'9'.repeat(1_000)}`,
  'clock: 1 ',
  'CLOCK: 1',
  '\u0000',
])('no line of a snapshot: %j', (line) => {
  expect(parseSnapshotLine(line)).toBeUndefined()
})

test('a name that would be read as further lines makes no line', () => {
  const address = { host: '127.0.0.1', port: 7_946 }
  expect(snapshotLine({ type: 'alive', name: 'a\nleave', address })).toBeUndefined()
  expect(snapshotLine({ type: 'not-alive', name: 'a\nleave' })).toBeUndefined()
  expect(snapshotLine({ type: 'alive', name: '', address })).toBeUndefined()
})
