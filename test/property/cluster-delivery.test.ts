import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Handled } from '../../packages/libring/src/cluster/handlers.ts'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import {
  foldEvents,
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../packages/libring/src/ownership/event.ts'
import { calm } from '../support/cluster.ts'
import { DeliveryBench, RELEASE_TIMEOUT_MS } from '../support/delivery-bench.ts'

const PARTITIONS = 3
const partition = fc.nat(PARTITIONS - 1)
const role = fc.option(fc.nat(2), { nil: undefined })
const become = fc.record({ do: fc.constant('become' as const), partition, role })

type WorkOp =
  | { readonly do: 'become'; readonly partition: number; readonly role: number | undefined }
  | { readonly do: 'handler' | 'task'; readonly which: number; readonly how: 'resolve' | 'reject' }
  | { readonly do: 'pass'; readonly ms: number }

const workOp: fc.Arbitrary<WorkOp> = fc.oneof(
  { weight: 3, arbitrary: become },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('handler' as const, 'task' as const),
      which: fc.nat(),
      how: fc.constantFrom('resolve' as const, 'reject' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 500, 5_000) }),
  },
)

/** Handlers and tasks that end when a test says so, and what is wrong with what is told of them. */
class WorkBench {
  readonly faults: string[] = []
  readonly handlers: { readonly event: OwnershipEvent; readonly work: Deferred<void> }[] = []
  readonly bench: DeliveryBench

  constructor() {
    const handler = (event: Handled<OwnershipEvent>): Promise<void> => this.#handle(event)
    this.bench = new DeliveryBench({ onAcquire: handler, onRelease: handler, onChange: handler })
    const { settled, letGo, overdue } = this.bench
    settled.push = (...items) => {
      for (const told of items) this.#check(told.partition, told.seq)
      return Array.prototype.push.apply(settled, items)
    }
    letGo.push = (...items) => {
      for (const [at, seq] of items) this.#checkLetGo(at, seq)
      return Array.prototype.push.apply(letGo, items)
    }
    overdue.push = (text = '') => {
      const partitionOverdue = Number(text.split(' ')[1])
      remove(this.handlers, ({ event }) => event.partition === partitionOverdue)
      remove(this.bench.tasks, (task) => {
        return task.partition === partitionOverdue && task.context.signal.aborted
      })
      return 0
    }
    void this.bench.delivery.runPartitions((at, context) => {
      if (this.bench.tasks.some((task) => task.partition === at)) this.#fault(at, 'two tasks')
      if (this.handlers.some(({ event }) => event.partition === at)) {
        this.#fault(at, 'a task beside a handler')
      }
      const taken = this.bench.latestOf(at)
      if (taken === undefined || roleAfter(taken) !== 0) this.#fault(at, 'a task without index 0')
      return this.bench.recorder(at, context)
    })
  }

  end(what: 'handler' | 'task', which: number, how: 'resolve' | 'reject'): void {
    const works = what === 'handler' ? this.handlers : this.bench.tasks
    const [ended] = works.splice(which % Math.max(1, works.length), 1)
    if (how === 'resolve') ended?.work.resolve()
    else ended?.work.reject(new Error('failed'))
  }

  #handle(event: Handled<OwnershipEvent>): Promise<void> {
    const work = new Deferred<void>()
    const isLate = event.signal.aborted && event.signal.reason.name === 'TimeoutError'
    if (isLate) return work.promise
    if (this.bench.tasks.some((task) => task.partition === event.partition)) {
      this.#fault(event.partition, `${event.type} beside a task`)
    }
    this.handlers.push({ event, work })
    return work.promise
  }

  #check(at: number, seq: number): void {
    const before = this.bench.settledOf(at).at(-1) ?? 0
    if (seq <= before) this.#fault(at, `${seq} told after ${before}`)
    if (seq > this.bench.latestOf(at)!.seq) this.#fault(at, `${seq} told, which is to come`)
    if (this.handlers.some(({ event }) => event.partition === at && event.seq <= seq)) {
      this.#fault(at, `${seq} told while a handler is at work`)
    }
    const isLatest = seq === this.bench.latestOf(at)!.seq
    const isLeft = this.bench.tasks.some((task) => {
      return task.partition === at && task.context.signal.aborted
    })
    if (isLatest && isLeft) this.#fault(at, `${seq} told while a task is ending`)
  }

  /** Index 0 was given up by that step, and nobody works for it. */
  #checkLetGo(at: number, seq: number): void {
    const isGivenUp = this.bench.published.some((event) => {
      return event.seq === seq && event.partition === at && roleBefore(event) === 0
    })
    if (!isGivenUp) this.#fault(at, `${seq} let go, which gave up nothing`)
    const isAtWork = this.handlers.some(({ event }) => {
      const isOfPrimary = roleAfter(event) === 0 || roleBefore(event) === 0
      return event.partition === at && event.seq <= seq && isOfPrimary
    })
    const hasTask = this.bench.tasks.some((task) => task.partition === at)
    if (isAtWork || hasTask) this.#fault(at, `${seq} let go while it is worked for`)
    const hasBeen = this.bench.letGo.some(([before, of]) => before === at && of >= seq)
    if (hasBeen) this.#fault(at, `${seq} let go again`)
  }

  #fault(at: number, what: string): void {
    this.faults.push(`partition ${at}: ${what}`)
  }
}

function remove<T>(items: T[], isGone: (item: T) => boolean): void {
  const kept = items.filter((item) => !isGone(item))
  items.splice(0, items.length, ...kept)
}

test('whatever handlers and tasks do, a step is told to be dealt with once it is, and not before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(workOp, { maxLength: 60 }), async (ops) => {
      const world = new WorkBench()
      const { bench } = world
      for (const op of ops) {
        if (op.do === 'become') bench.tell(op.partition, op.role)
        else if (op.do === 'pass') await bench.pass(op.ms)
        else world.end(op.do, op.which, op.how)
        await calm()
        expect(world.faults).toEqual([])
      }
      for (let at = 0; at < PARTITIONS; at++) bench.tell(at, undefined)
      await calm()
      await bench.pass(RELEASE_TIMEOUT_MS)
      expect(world.faults).toEqual([])
      for (let at = 0; at < PARTITIONS; at++) {
        expect(bench.settledOf(at).at(-1)).toBe(bench.latestOf(at)?.seq)
      }
      expect([await isLetGo(bench), bench.clock.pending]).toEqual([true, 0])
    }),
    { seed: 101, numRuns: 400 },
  )
})

test('whatever they do, a partition is served in the end where they come to succeed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(workOp, { maxLength: 40 }), async (ops) => {
      const world = new WorkBench()
      const { bench } = world
      for (const op of ops) {
        if (op.do === 'become') bench.tell(op.partition, op.role)
        else if (op.do === 'pass') await bench.pass(op.ms)
        else world.end(op.do, op.which, op.how)
        await calm()
      }
      for (let round = 0; round < 20; round++) {
        while (world.handlers.length > 0) {
          world.end('handler', 0, 'resolve')
          await calm()
        }
        await bench.pass(30_000)
      }
      expect(world.faults).toEqual([])
      for (let at = 0; at < PARTITIONS; at++) {
        const event = bench.latestOf(at)
        const isHeld = event !== undefined && roleAfter(event) === 0
        const atWork = bench.tasks.filter(({ context }) => !context.signal.aborted)
        expect(bench.delivery.isServing(at)).toBe(isHeld)
        expect(atWork.filter((task) => task.partition === at)).toHaveLength(isHeld ? 1 : 0)
        expect(bench.settledOf(at).at(-1)).toBe(event?.seq)
      }
    }),
    { seed: 102, numRuns: 200 },
  )
})

async function isLetGo({ delivery }: DeliveryBench): Promise<boolean> {
  let letGo = false
  void delivery.whenLetGo().then(() => (letGo = true))
  await calm()
  return letGo
}

type Wanted = OwnershipEvent['type'] | 'any'

type ReadOp =
  | { readonly do: 'become'; readonly partition: number; readonly role: number | undefined }
  | { readonly do: 'open'; readonly wanted: Wanted }
  | { readonly do: 'ask' | 'leave'; readonly which: number }

const readOp: fc.Arbitrary<ReadOp> = fc.oneof(
  { weight: 4, arbitrary: become },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      wanted: fc.constantFrom('any' as const, 'acquire' as const, 'release' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('ask' as const), which: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat() }),
  },
)

/** A reader by the book: every step kept, nothing folded before it has to be. */
class NaiveReader {
  readonly reader: AsyncIterator<OwnershipEvent>
  readonly given: OwnershipEvent[] = []
  /** In the order in which they came; those older than the reader are not waited for. */
  readonly #waiting: { readonly event: OwnershipEvent; readonly isOld: boolean }[]
  readonly #wanted: Wanted
  #inHand: { readonly event: OwnershipEvent; readonly isOld: boolean }[] = []
  #asked = 0

  constructor(reader: AsyncIterator<OwnershipEvent>, wanted: Wanted, held: OwnershipEvent[]) {
    this.reader = reader
    this.#wanted = wanted
    this.#waiting = held.map((event) => ({ event, isOld: true }))
  }

  add(event: OwnershipEvent): void {
    this.#waiting.push({ event, isOld: false })
    this.#give()
  }

  ask(): void {
    this.#inHand = []
    this.#asked++
    this.#give()
  }

  /** The first step of the partition that is not dealt with. */
  owes(at: number): number | undefined {
    const folded = this.#folded(at)
    const isWaiting = folded !== undefined && this.#wants(folded)
    const owed = [...this.#inHand, ...(isWaiting ? this.#sinceLastNothing(at) : [])]
    const steps = owed.filter(({ event, isOld }) => event.partition === at && !isOld)
    return steps.length === 0 ? undefined : Math.min(...steps.map(({ event }) => event.seq))
  }

  #give(): void {
    while (this.#asked > 0) {
      const at = this.#oldest()
      if (at === undefined) return
      const folded = this.#folded(at)!
      const steps = this.#sinceLastNothing(at)
      remove(this.#waiting, ({ event }) => event.partition === at)
      if (!this.#wants(folded)) continue
      this.#asked--
      this.given.push(folded)
      this.#inHand.push(...steps)
    }
  }

  /** The partition whose last step is the oldest, among those where something is left to tell. */
  #oldest(): number | undefined {
    const lasts = this.#waiting.filter(({ event }, index) => {
      return !this.#waiting
        .slice(index + 1)
        .some((later) => later.event.partition === event.partition)
    })
    return lasts.find(({ event }) => this.#folded(event.partition) !== undefined)?.event.partition
  }

  #folded(at: number): OwnershipEvent | undefined {
    let folded: OwnershipEvent | undefined
    for (const { event } of this.#sinceLastNothing(at)) {
      folded = folded === undefined ? event : foldEvents(folded, event)
    }
    return folded
  }

  /** The steps of a partition that wait, without those that came to nothing together. */
  #sinceLastNothing(at: number): { readonly event: OwnershipEvent; readonly isOld: boolean }[] {
    let left: { readonly event: OwnershipEvent; readonly isOld: boolean }[] = []
    let folded: OwnershipEvent | undefined
    for (const step of this.#waiting.filter(({ event }) => event.partition === at)) {
      folded = folded === undefined ? step.event : foldEvents(folded, step.event)
      left = folded === undefined ? [] : [...left, step]
    }
    return left
  }

  #wants(event: OwnershipEvent): boolean {
    return this.#wanted === 'any' || event.type === this.#wanted
  }
}

test('whatever iterators do, they hold up what they were given and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(readOp, { maxLength: 80 }), async (ops) => {
      const bench = new DeliveryBench()
      const readers: NaiveReader[] = []
      const taken: OwnershipEvent[][] = []
      const held = new Map<number, OwnershipEvent>()
      const settled = new Map<number, number>()

      for (const op of ops) {
        if (op.do === 'become') {
          const event = bench.tell(op.partition, op.role)
          if (event === undefined) continue
          const before = held.get(op.partition)
          const after = before === undefined ? event : foldEvents(before, event)
          held.delete(op.partition)
          if (after !== undefined && roleAfter(after) !== undefined) held.set(op.partition, after)
          for (const reader of readers) reader.add(event)
        } else if (op.do === 'open') {
          const reader = bench.delivery.stream(op.wanted)[Symbol.asyncIterator]()
          const naive = new NaiveReader(reader, op.wanted, [...held.values()])
          readers.push(naive)
          taken.push([])
        } else if (readers.length > 0) {
          const index = op.which % readers.length
          const naive = readers[index]!
          if (op.do === 'leave') {
            void naive.reader.return?.()
            readers.splice(index, 1)
            taken.splice(index, 1)
          } else {
            const events = taken[index]!
            void naive.reader.next().then(({ value }) => value !== undefined && events.push(value))
            naive.ask()
          }
        }
        await calm()
        expect(taken).toEqual(readers.map(({ given }) => given))
        for (let at = 0; at < PARTITIONS; at++) {
          const seq = bench.latestOf(at)?.seq ?? 0
          const owed = readers.flatMap((reader) => reader.owes(at) ?? [])
          const upTo = owed.length === 0 ? seq : Math.min(...owed) - 1
          settled.set(at, Math.max(settled.get(at) ?? 0, upTo))
          const told = bench.settledOf(at).at(-1) ?? 0
          // Between two steps of a partition any number says the same.
          expect(stepsUpTo(at, told)).toBe(stepsUpTo(at, settled.get(at)!))
        }
      }

      function stepsUpTo(at: number, seq: number): number {
        return bench.published.filter((event) => event.partition === at && event.seq <= seq).length
      }
    }),
    { seed: 103, numRuns: 400 },
  )
})
