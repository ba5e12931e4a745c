import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  parseSnapshotLine,
  snapshotLine,
  type SnapshotRecord,
} from '../../packages/libring/src/serf/snapshot-lines.ts'
import { Snapshot } from '../../packages/libring/src/serf/snapshot.ts'

const anyName = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('a', 'b', 'c', ' ', 'a b', 'a 127.0.0.1:1', 'leave', 'a\nleave', 'x\r'),
)
const anyAddress = fc.record({
  host: fc.oneof(fc.ipV4(), fc.constantFrom('fd00::1', '::1', 'fd00::1:0:0:2')),
  port: fc.integer({ min: 1, max: 65_535 }),
})
const anyLtime = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n })
const anyRecord: fc.Arbitrary<SnapshotRecord> = fc.oneof(
  fc.record({ type: fc.constant('alive' as const), name: anyName, address: anyAddress }),
  fc.record({ type: fc.constant('not-alive' as const), name: anyName }),
  fc.record({
    type: fc.constantFrom('clock' as const, 'event-clock' as const, 'query-clock' as const),
    ltime: anyLtime,
  }),
)

test('a line says what its record says, and is one line', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const line = snapshotLine(record)
      if (line === undefined) {
        expect('name' in record && record.name).toContain('\n')
        return
      }
      expect(line).not.toContain('\n')
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(256)
      expect(parseSnapshotLine(line)).toEqual(record)
    }),
  )
})

test('no text makes the reader throw', () => {
  const prefix = fc.constantFrom('', 'alive: ', 'not-alive: ', 'clock: ', 'event-clock: ', 'leave')
  fc.assert(
    fc.property(prefix, fc.string({ unit: 'binary' }), (start, rest) => {
      const record = parseSnapshotLine(start + rest)
      if (record === undefined || record.type === 'nothing') return
      expect(snapshotLine(record)).toBeDefined()
    }),
  )
})

test('lines read back, and the shortest file, say what was noted', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 60 }),
      fc.boolean(),
      fc.nat(70),
      (records, rejoinAfterLeave, leaveAt) => {
        const noted = new Snapshot({ rejoinAfterLeave })
        const farewell = leaveAt <= records.length ? [{ type: 'leave' } as const] : []
        const all = records.toSpliced(leaveAt, 0, ...farewell)
        const lines = all.map((record) => noted.note(record)).filter((line) => line !== undefined)
        for (const text of [lines, noted.lines()]) {
          const read = new Snapshot({ rejoinAfterLeave })
          for (const line of text) expect(read.replay(line), line).toBe(true)
          expect(read.lines().toSorted()).toEqual(noted.lines().toSorted())
        }
      },
    ),
  )
})
