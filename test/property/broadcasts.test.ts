import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Broadcasts, type Broadcast } from '../../packages/libring/src/swim/broadcasts.ts'

interface Waiting extends Broadcast {
  readonly order: number
  transmissions: number
}

// A slow twin: one list, sorted anew for every message that is taken.
class NaiveBroadcasts {
  #queued: Waiting[] = []
  #order = 0
  readonly finished: number[] = []

  get size(): number {
    return this.#queued.length
  }

  queue(broadcast: Broadcast): void {
    const { key } = broadcast
    this.#finish(this.#queued.filter((queued) => key !== undefined && queued.key === key))
    this.#queued.push({ ...broadcast, order: this.#order++, transmissions: 0 })
  }

  take(bytesMax: number, overheadBytes: number, transmitLimit: number, countMax: number) {
    const taken: Waiting[] = []
    let room = bytesMax - overheadBytes
    while (taken.length < countMax) {
      const [next] = this.#inOrder().filter(
        (one) => one.bytes.length <= room && !taken.includes(one),
      )
      if (next === undefined) break
      taken.push(next)
      room -= next.bytes.length + overheadBytes
    }
    for (const one of taken) one.transmissions++
    this.#finish(taken.filter(({ transmissions }) => transmissions >= transmitLimit))
    return taken.map(({ bytes }) => bytes)
  }

  prune(sizeMax: number): void {
    this.#finish(this.#inOrder().slice(sizeMax).toReversed())
  }

  #inOrder() {
    return this.#queued.toSorted((a, b) => {
      const byLength = b.bytes.length - a.bytes.length
      return a.transmissions - b.transmissions || byLength || b.order - a.order
    })
  }

  #finish(over: Waiting[]): void {
    this.#queued = this.#queued.filter((queued) => !over.includes(queued))
    for (const { ticket } of over) if (ticket !== undefined) this.finished.push(ticket)
  }
}

const step = fc.oneof(
  fc.record({
    key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    length: fc.nat(6),
  }),
  fc.record({ room: fc.nat(30), limit: fc.nat(4), countMax: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ sizeMax: fc.nat(12) }),
)

test('messages are handed out, replaced and dropped as by a list that is sorted every time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const fast = new Broadcasts()
      const naive = new NaiveBroadcasts()
      for (const [ticket, step] of steps.entries()) {
        if ('length' in step) {
          const { key, length } = step
          const bytes = new Uint8Array(length).fill(ticket)
          const broadcast = { bytes, ticket, ...(key !== undefined && { key }) }
          fast.queue(broadcast)
          naive.queue(broadcast)
        } else if ('room' in step) {
          const { room, limit, countMax } = step
          expect(fast.take(room, 2, limit, countMax)).toEqual(naive.take(room, 2, limit, countMax))
        } else {
          fast.prune(step.sizeMax)
          naive.prune(step.sizeMax)
        }
        expect(fast.size).toBe(naive.size)
        const finished: number[] = []
        for (let over = fast.takeFinished(); over !== undefined;) {
          finished.push(over)
          over = fast.takeFinished()
        }
        expect(finished).toEqual(naive.finished.splice(0))
      }
    }),
    { seed: 11, numRuns: 400 },
  )
})
