import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HandlerRunner } from '../../packages/libring/src/cluster/handler-runner.ts'
import type { Handled } from '../../packages/libring/src/cluster/handlers.ts'
import { invokeInLaterTurn } from '../../packages/libring/src/cluster/invoke.ts'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import {
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../packages/libring/src/ownership/event.ts'
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

/** What the last step was that a partition's handler was told, and what came of it. */
interface Told {
  readonly event: OwnershipEvent
  isUndone: boolean
}

/** What the handlers were told, how many are at work, and the roles as they really are. */
class Bench {
  readonly clock = new SimClock()
  readonly told = new Map<number, Told>()
  readonly real = new RoleBook()
  readonly working: { readonly event: OwnershipEvent; readonly work: Deferred<void> }[] = []
  readonly runner: HandlerRunner
  readonly faults: string[] = []
  #seq = 0

  constructor() {
    const handler = (event: Handled<OwnershipEvent>): Promise<void> => this.#work(event)
    this.runner = new HandlerRunner({
      handlers: { onAcquire: handler, onRelease: handler, onChange: handler },
      clock: this.clock,
      releaseTimeoutMs: RELEASE_TIMEOUT_MS,
      invoke: invokeInLaterTurn,
      observer: {
        onFailed: () => {},
        onOverdue: (event) => this.#forget(event.partition),
        onState: () => {},
        onProgress: () => {},
      },
    })
  }

  get isIdle(): boolean {
    return Array.from({ length: PARTITIONS }, (_, partition) => this.runner.owes(partition)).every(
      (since) => since === undefined,
    )
  }

  /** The roles that the handlers were told last. */
  get toldRoles(): readonly (readonly [number, number])[] {
    return [...this.told]
      .flatMap(([partition, { event }]) => {
        const role = roleAfter(event)
        return role === undefined ? [] : [[partition, role] as const]
      })
      .sort(([left], [right]) => left - right)
  }

  become(partition: number, role: number | undefined): void {
    const step = aStep(partition, this.real.roles.get(partition), role, ++this.#seq)
    if (step === undefined) return
    this.real.apply(step)
    this.runner.add(step)
  }

  settle(which: number, how: 'resolve' | 'reject'): void {
    const [call] = this.working.splice(which % Math.max(1, this.working.length), 1)
    if (call === undefined) return
    if (how === 'resolve') {
      call.work.resolve()
      return
    }
    this.told.get(call.event.partition)!.isUndone = true
    call.work.reject(new Error('failed'))
  }

  pass(ms: number): void {
    this.clock.runUntil(this.clock.nowMs() + ms)
  }

  async calm(): Promise<void> {
    for (let i = 0; i < 30; i++) await Promise.resolve()
  }

  #work(event: Handled<OwnershipEvent>): Promise<void> {
    const { partition } = event
    const last = this.told.get(partition)
    if (!follows(last, event)) this.faults.push(`${textOf(event)} after ${textOf(last?.event)}`)
    this.told.set(partition, { event, isUndone: false })
    const isLate = event.signal.aborted && event.signal.reason.name === 'TimeoutError'
    if (this.working.some((call) => call.event.partition === partition)) {
      this.faults.push(`${textOf(event)} beside another`)
    }
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

/** Whether `next` begins where the step before ended, or where it began if it came to nothing. */
function follows(last: Told | undefined, next: OwnershipEvent): boolean {
  if (last === undefined) return roleBefore(next) === undefined
  if (roleBefore(next) === roleAfter(last.event)) return true
  const isRetried = last.event.type === 'acquire' || roleAfter(last.event) === 0
  return last.isUndone && isRetried && roleBefore(next) === roleBefore(last.event)
}

function textOf(event: OwnershipEvent | undefined): string {
  return event === undefined ? 'nothing' : `${event.type} ${event.partition} as ${event.replica}`
}

test('handlers of a partition are told one role after the other, and in the end the right one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 60 }), async (ops) => {
      const bench = new Bench()
      for (const step of ops) {
        if (step.do === 'become') bench.become(step.partition, step.role)
        else if (step.do === 'settle') bench.settle(step.which, step.how)
        else bench.pass(step.ms)
        await bench.calm()
        expect(bench.faults).toEqual([])
      }
      while (!bench.isIdle) {
        bench.settle(0, 'resolve')
        await bench.calm()
        // Some may wait to be told again.
        if (bench.working.length === 0) bench.pass(30_000)
        await bench.calm()
      }
      expect(bench.faults).toEqual([])
      expect(bench.toldRoles).toEqual(bench.real.entries())
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
      bench.pass(RELEASE_TIMEOUT_MS)
      await bench.calm()
      expect([bench.isIdle, bench.toldRoles]).toEqual([true, []])
    }),
    { seed: 100, numRuns: 200 },
  )
})
