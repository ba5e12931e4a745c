import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { diff } from '../../../packages/libring/src/ring/diff.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { namesOf, ringVectors } from '../../support/ring-vectors.ts'

type Distribution = 'consistent' | 'uniform'

interface SlotEvent {
  type: 'acquire' | 'release'
  partition: number
  replica: number
  from: string | null
  to: string | null
}

const members = ringVectors<{
  cases: { distribution: Distribution; names: string[]; partitions: number; rows: number[][] }[]
}>('go-libring-members')

const events = ringVectors<{
  cases: {
    distribution: Distribution
    local: string
    partitions: number
    redundancy: number
    script: string
    steps: { ring: string[]; slot_count: number; slot_sha256: string; slot_events?: SlotEvent[] }[]
  }[]
}>('go-libring-events')

const keys = ringVectors<{
  partitions: number[]
  keys: { hex: string; utf8?: string; p: number[] }[]
}>('go-libring-keys')

/** What `local` does for the step from one ring to the next: by partition, releases first. */
function slotEvents(local: string, before: Ring, after: Ring): SlotEvent[] {
  const moves = diff(before, after)
  const events: SlotEvent[] = []
  for (const { partition, replica, from, to } of moves) {
    if (from?.name !== local) continue
    events.push({ type: 'release', partition, replica, from: null, to: to?.name ?? null })
  }
  for (const { partition, replica, from, to } of moves) {
    if (to?.name !== local) continue
    events.push({ type: 'acquire', partition, replica, from: from?.name ?? null, to: null })
  }
  return events.sort((left, right) => left.partition - right.partition)
}

const ringOf = (names: string[], distribution: Distribution, partitions: number, redundancy = 3) =>
  new Ring(
    [...names].reverse().map((name) => ({ name })),
    { assignment: `go-${distribution}`, partitions, redundancy },
  )

describe('the preference list of every partition is that of Go libring', () => {
  test.each(members.cases)(
    '$distribution, $names.length members',
    ({ distribution, names, partitions, rows }) => {
      const ring = ringOf(names, distribution, partitions)
      expect(namesOf(ring.members)).toEqual(names)
      const actual = rows.map((_, partition) => namesOf(ring.membersForPartition(partition)))
      expect(actual).toEqual(rows.map((row) => row.map((index) => names[index])))
    },
  )
})

describe('what one member gains and loses at each step is the exact difference', () => {
  // In the coalesced scripts the reference confuses members, so that one is there twice: no ring
  // of ours can have that.
  const scripts = events.cases.filter(({ script }) => !script.startsWith('coalesced'))

  test('the vectors hold scripts for both distributions', () => {
    expect(scripts).toHaveLength(14)
  })

  test.each(scripts)(
    '$distribution, $partitions partitions, redundancy $redundancy, seen by $local',
    ({ distribution, local, partitions, redundancy, steps }) => {
      let before = ringOf([], distribution, partitions, redundancy)
      for (const step of steps) {
        const after = ringOf(step.ring, distribution, partitions, redundancy)
        const actual = slotEvents(local, before, after)
        // Large cases hold a digest instead of the events.
        expect(actual).toEqual(step.slot_events ?? actual)
        expect(actual).toHaveLength(step.slot_count)
        const digest = createHash('sha256').update(JSON.stringify(actual)).digest('hex')
        expect(digest).toBe(step.slot_sha256)
        before = after
      }
    },
  )
})

describe('every key has the partition that Go libring gives it', () => {
  test.each(keys.partitions.map((partitions, at) => ({ partitions, at })))(
    '$partitions partitions',
    ({ partitions, at }) => {
      const ring = ringOf(['a'], 'consistent', partitions)
      for (const { hex, utf8, p } of keys.keys) {
        const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
        expect(ring.partitionForKey(bytes)).toBe(p[at])
        expect(ring.partitionForKey(utf8 ?? bytes)).toBe(p[at])
      }
    },
  )
})
