import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandlerRunner } from '../../packages/libring/src/cluster/handler-runner.ts'
import type { Handled } from '../../packages/libring/src/cluster/handlers.ts'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { aStep, RoleBook } from '../support/ownership.ts'

const PARTITIONS = 3
const RELEASE_TIMEOUT_MS = 1_000

type Op =
  | { readonly do: 'become'; readonly partition: number; readonly role: number | undefined }
  | { readonly do: 'settle'; readonly which: number; readonly how: 'resolve' | 'reject' }
  | { readonly do: 'pass'; readonly ms: number }

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    do: fc.constant('become' as const),
    partition: fc.nat(PARTITIONS - 1),
    role: fc.option(fc.nat(2), { nil: undefined }),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    which: fc.nat(),
    how: fc.constantFrom('resolve' as const, 'reject' as const),
  }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 400, 1_000) }),
)

/** What the handlers were told, how many are at work, and the roles as they really are. */
class Bench {
  readonly clock = new SimClock()
  readonly told = new RoleBook()
  readonly real = new RoleBook()
  readonly working: { readonly event: OwnershipEvent; readonly work: Deferred<void> }[] = []
  readonly runner: HandlerRunner
  overlaps = 0
  #seq = 0

  constructor() {
    const handler = (event: Handled<OwnershipEvent>): Promise<void> => this.#work(event)
    this.runner = new HandlerRunner({
      handlers: { onAcquire: handler, onRelease: handler, onChange: handler },
      clock: this.clock,
      releaseTimeoutMs: RELEASE_TIMEOUT_MS,
      observer: { onFailed: () => {}, onOverdue: (event) => this.#forget(event.partition) },
    })
  }

  become(partition: number, role: number | undefined): void {
    const step = aStep(partition, this.real.roles.get(partition), role, ++this.#seq)
    if (step === undefined) return
    this.real.apply(step)
    this.runner.add(step)
  }

  settle(which: number, how: 'resolve' | 'reject'): void {
    const [call] = this.working.splice(which % Math.max(1, this.working.length), 1)
    if (how === 'resolve') call?.work.resolve()
    else call?.work.reject(new Error('failed'))
  }

  async calm(): Promise<void> {
    for (let i = 0; i < 30; i++) await Promise.resolve()
  }

  #work(event: Handled<OwnershipEvent>): Promise<void> {
    this.told.apply(event)
    const isLate = event.signal.aborted && event.signal.reason.name === 'TimeoutError'
    if (this.working.some((call) => call.event.partition === event.partition)) this.overlaps++
    const work = new Deferred<void>()
    // Whoever is told late is not waited for, so it may overlap with the next.
    if (!isLate) this.working.push({ event, work })
    return work.promise
  }

  #forget(partition: number): void {
    const index = this.working.findIndex(({ event }) => event.partition === partition)
    if (index >= 0) this.working.splice(index, 1)
  }
}

test('handlers of a partition are told one role after the other, and in the end the right one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 60 }), async (ops) => {
      const bench = new Bench()
      for (const step of ops) {
        if (step.do === 'become') bench.become(step.partition, step.role)
        else if (step.do === 'settle') bench.settle(step.which, step.how)
        else bench.clock.runUntil(bench.clock.nowMs() + step.ms)
        await bench.calm()
        expect(bench.overlaps).toBe(0)
      }
      while (bench.working.length > 0) {
        bench.settle(0, 'resolve')
        await bench.calm()
      }
      expect(bench.told.entries()).toEqual(bench.real.entries())
      await bench.runner.whenIdle()
      expect(bench.clock.pending).toBe(0)
    }),
    { seed: 99, numRuns: 300 },
  )
})

test('whatever the handlers do, everything counts as released in time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      const bench = new Bench()
      for (const step of ops) {
        if (step.do === 'become') bench.become(step.partition, step.role)
        else if (step.do === 'settle') bench.settle(step.which, step.how)
        await bench.calm()
      }
      for (let partition = 0; partition < PARTITIONS; partition++) {
        bench.become(partition, undefined)
      }
      await bench.calm()
      bench.clock.runUntil(bench.clock.nowMs() + RELEASE_TIMEOUT_MS)
      await bench.calm()
      let idle = false
      void bench.runner.whenIdle().then(() => (idle = true))
      await bench.calm()
      expect([idle, bench.told.entries()]).toEqual([true, []])
    }),
    { seed: 100, numRuns: 200 },
  )
})
