import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { SnapshotRecord } from '../../../packages/libring/src/serf/snapshot-lines.ts'
import { Snapshot, SNAPSHOT_MEMBERS_MAX } from '../../../packages/libring/src/serf/snapshot.ts'

const OF_AN_AGENT = readFileSync(
  new URL('../../vectors/serf/snapshot.txt', import.meta.url),
  'utf8',
)

function replayed(text: string, rejoinAfterLeave = false): Snapshot {
  const snapshot = new Snapshot({ rejoinAfterLeave })
  for (const line of text.trimEnd().split('\n')) expect(snapshot.replay(line), line).toBe(true)
  return snapshot
}

const alive = (name: string, host = '127.0.0.1'): SnapshotRecord => {
  return { type: 'alive', name, address: { host, port: 7_946 } }
}

describe('the snapshot that an agent left behind', () => {
  test('names nobody after its farewell, and the clock that followed', () => {
    const snapshot = replayed(OF_AN_AGENT)
    expect(snapshot.lines()).toEqual(['clock: 7', 'event-clock: 0', 'query-clock: 0'])
    expect(snapshot.addressesBeside('b')).toEqual([])
  })

  test('names everybody alive when one rejoins after a farewell', () => {
    const snapshot = replayed(OF_AN_AGENT, true)
    expect(snapshot.lines()).toEqual([
      'alive: a 127.0.0.1:17946',
      'clock: 7',
      'event-clock: 1',
      'query-clock: 4',
    ])
    expect(snapshot.addressesBeside('b')).toEqual([{ host: '127.0.0.1', port: 17_946 }])
    expect(snapshot.addressesBeside('a')).toEqual([])
  })
})

test('what is new makes a line, what is known does not', () => {
  const snapshot = new Snapshot({ rejoinAfterLeave: false })
  const lines = [
    alive('a'),
    alive('a'),
    alive('a', '127.0.0.2'),
    { type: 'not-alive', name: 'b' } as const,
    { type: 'not-alive', name: 'a' } as const,
    { type: 'not-alive', name: 'a' } as const,
    { type: 'clock', ltime: 0n } as const,
    { type: 'clock', ltime: 5n } as const,
    { type: 'clock', ltime: 4n } as const,
    { type: 'event-clock', ltime: 4n } as const,
  ].map((record) => snapshot.note(record))
  expect(lines).toEqual([
    'alive: a 127.0.0.1:7946',
    undefined,
    'alive: a 127.0.0.2:7946',
    undefined,
    'not-alive: a',
    undefined,
    undefined,
    'clock: 5',
    undefined,
    'event-clock: 4',
  ])
})

test('after our own farewell nothing counts any more but the time of intents', () => {
  const snapshot = new Snapshot({ rejoinAfterLeave: true })
  snapshot.note(alive('a'))
  expect(snapshot.note({ type: 'leave' })).toBe('leave')
  expect(snapshot.note({ type: 'not-alive', name: 'a' })).toBeUndefined()
  expect(snapshot.note({ type: 'event-clock', ltime: 9n })).toBeUndefined()
  expect(snapshot.note({ type: 'clock', ltime: 9n })).toBe('clock: 9')
  expect(snapshot.note({ type: 'leave' })).toBeUndefined()
  expect(snapshot.lines()).toContain('alive: a 127.0.0.1:7946')
})

test('a farewell of long ago does not end what is noted now', () => {
  const snapshot = replayed('alive: a 127.0.0.1:7946\nleave')
  expect(snapshot.note(alive('a'))).toBe('alive: a 127.0.0.1:7946')
})

test('it is written anew once half of it is of the past, and never while it is small', () => {
  const snapshot = new Snapshot({ rejoinAfterLeave: false })
  expect(snapshot.isBloated(131_072)).toBe(false)
  expect(snapshot.isBloated(131_073)).toBe(true)
  for (let i = 0; i < 1_000; i++) snapshot.note(alive(`member-${i}`))
  expect(snapshot.isBloated(256_000)).toBe(false)
  expect(snapshot.isBloated(256_001)).toBe(true)
})

test('no more members are remembered than there may be', () => {
  const snapshot = new Snapshot({ rejoinAfterLeave: false })
  for (let i = 0; i < SNAPSHOT_MEMBERS_MAX; i++) snapshot.replay(`alive: m${i} 127.0.0.1:7946`)
  expect(snapshot.replay('alive: one-more 127.0.0.1:7946')).toBe(true)
  expect(snapshot.note(alive('another'))).toBeUndefined()
  expect(snapshot.note(alive('m7', '127.0.0.9'))).toBe('alive: m7 127.0.0.9:7946')
  expect(snapshot.addressesBeside('')).toHaveLength(SNAPSHOT_MEMBERS_MAX)
})
