import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  foldEvents,
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../packages/libring/src/ownership/event.ts'
import { FoldedSteps, Holdings } from '../../packages/libring/src/ownership/folded-steps.ts'
import { RoleBook, stepScripts } from '../support/ownership.ts'

const seed = 20_251
const PARTITIONS = 4

test('any stretch of steps of one partition folds to the difference of its two ends', () => {
  fc.assert(
    fc.property(stepScripts(1), fc.nat(), fc.nat(), (events, left, right) => {
      if (events.length === 0) return
      const from = left % events.length
      const stretch = events.slice(from, from + 1 + (right % (events.length - from)))
      const folded = foldAll(stretch)
      const before = roleBefore(stretch[0]!)
      const after = roleAfter(stretch.at(-1)!)
      const ends = folded && [roleBefore(folded), roleAfter(folded), folded.seq]
      expect(ends).toEqual(before === after ? undefined : [before, after, stretch.at(-1)!.seq])
    }),
    { seed, numRuns: 500 },
  )
})

test('wherever a script is cut, folding the parts leads to the same roles as telling each step', () => {
  fc.assert(
    fc.property(stepScripts(PARTITIONS), fc.array(fc.boolean()), (events, cuts) => {
      const told = new RoleBook()
      for (const event of events) told.apply(event)

      const read = new RoleBook()
      const waiting = new FoldedSteps()
      for (const [index, event] of events.entries()) {
        waiting.add(event)
        if (cuts[index] === true) drain(waiting, read)
      }
      drain(waiting, read)
      expect(read.entries()).toEqual(told.entries())
    }),
    { seed, numRuns: 500 },
  )
})

test('a reader who joins late, and takes as slowly as it likes, ends with the same roles', () => {
  const readers = fc.record({ opensAt: fc.nat({ max: 60 }), takes: fc.array(fc.nat({ max: 3 })) })
  fc.assert(
    fc.property(stepScripts(PARTITIONS), readers, (events, { opensAt, takes }) => {
      const told = new RoleBook()
      const holdings = new Holdings()
      const read = new RoleBook()
      let waiting: FoldedSteps | undefined
      let lastSeq = 0
      const take = (): boolean => {
        const event = waiting?.take()
        if (event === undefined) return false
        expect(event.seq).toBeGreaterThan(lastSeq)
        lastSeq = event.seq
        read.apply(event)
        return true
      }
      for (const [index, event] of events.entries()) {
        if (index === opensAt) waiting = new FoldedSteps(holdings.events())
        told.apply(event)
        holdings.apply(event)
        waiting?.add(event)
        expect(waiting?.size ?? 0).toBeLessThanOrEqual(PARTITIONS)
        for (let i = takes[index] ?? 0; i > 0; i--) take()
      }
      waiting ??= new FoldedSteps(holdings.events())
      while (take());
      expect(read.entries()).toEqual(told.entries())
      expect(holdings.size).toBe(told.roles.size)
    }),
    { seed, numRuns: 500 },
  )
})

function foldAll(events: readonly OwnershipEvent[]): OwnershipEvent | undefined {
  let folded: OwnershipEvent | undefined
  for (const event of events) folded = folded === undefined ? event : foldEvents(folded, event)
  return folded
}

function drain(waiting: FoldedSteps, read: RoleBook): void {
  for (let event = waiting.take(); event !== undefined; event = waiting.take()) read.apply(event)
}
