import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { aClusterMember } from '../../support/ownership.ts'
import { OwnershipRun } from '../../support/ownership-run.ts'
import { ringVectors } from '../../support/ring-vectors.ts'

interface SlotEvent {
  readonly type: 'acquire' | 'release'
  readonly partition: number
  readonly replica: number
  readonly from: string | null
  readonly to: string | null
}

interface Step {
  readonly op: string
  readonly members: readonly string[]
  /** The name that Go shows for each of the ring's members, in the order of their keys. */
  readonly ring: readonly string[]
  readonly slot_count: number
  readonly slot_sha256: string
  readonly slot_events?: readonly SlotEvent[]
}

interface Case {
  readonly distribution: 'consistent' | 'uniform'
  readonly local: string
  readonly partitions: number
  readonly redundancy: number
  readonly script: string
  readonly steps: readonly Step[]
}

const { cases } = ringVectors<{ readonly cases: readonly Case[] }>('go-libring-events')

/**
 * Who was in the ring at each step of the script in which one event carries several members. Go
 * confuses their records there, so that `ring` has wrong names; who is in it, it gets from the
 * wrong record too.
 */
const COALESCED: readonly (readonly string[])[] = [
  ['c'],
  ['a', 'c', 'd'],
  ['a', 'b', 'c', 'd', 'e', 'f'],
  ['b', 'c', 'e', 'f'],
  ['c', 'e'],
  ['c', 'e'],
]

describe('the steps are the exact difference of slots that Go libring should have told', () => {
  test.each(
    cases.map((vector) => {
      const { distribution, local, partitions, redundancy, script } = vector
      const title = `${distribution}, ${local} of ${partitions} partitions x ${redundancy}, ${script}`
      return [title, vector] as const
    }),
  )('%s', (_, vector) => {
    const run = new OwnershipRun(
      vector.local,
      {
        partitions: vector.partitions,
        redundancy: vector.redundancy,
        assignment: `go-${vector.distribution}`,
      },
      { settleMs: 0 },
    )
    run.start([])
    let before = new Map<string, string>()
    for (const [index, { ring, slot_count, slot_events, slot_sha256 }] of vector.steps.entries()) {
      const keys = vector.script.startsWith('coalesced') ? COALESCED[index]! : ring
      const shown = new Map(keys.map((key, i) => [key, ring[i]!]))
      const events = changeTo(run, keys)
      const slots = events.flatMap((event) => slotEventsOf(event, before, shown))
      expect(slots).toHaveLength(slot_count)
      // Of the large cases there is a digest only.
      expect(slots).toEqual(slot_events ?? slots)
      expect(createHash('sha256').update(JSON.stringify(slots)).digest('hex')).toBe(slot_sha256)
      before = shown
    }
  })
})

/** One decision that makes exactly `names` the members of the ring. */
function changeTo(run: OwnershipRun, names: readonly string[]): OwnershipEvent[] {
  const candidacies = [
    ...run.shown
      .filter((name) => !names.includes(name))
      .map((name) => ({ name, member: undefined })),
    ...names.map((name) => ({ name, member: aClusterMember(name) })),
  ]
  return run.change(candidacies)
}

function slotEventsOf(
  event: OwnershipEvent,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): SlotEvent[] {
  const { partition } = event
  const slots: SlotEvent[] = []
  if (event.type !== 'acquire') {
    const replica = event.type === 'release' ? event.replica : event.previousReplica
    const to = event.to === undefined ? null : after.get(event.to.name)!
    slots.push({ type: 'release', partition, replica, from: null, to })
  }
  if (event.type !== 'release') {
    const from = event.from === undefined ? null : before.get(event.from.name)!
    slots.push({ type: 'acquire', partition, replica: event.replica, from, to: null })
  }
  return slots
}
