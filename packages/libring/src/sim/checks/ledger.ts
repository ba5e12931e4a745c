import type { Millis } from '../../base/time.ts'
import type { Outcome } from '../../cluster/invoke.ts'
import type { OwnershipEvent } from '../../ownership/event.ts'
import { roleAfter, roleBefore } from '../../ownership/event.ts'
import type { SimNode } from '../node.ts'

/** What one process holds, by the steps it told. */
interface Book {
  readonly beganAtMs: Millis
  readonly roles: Map<number, number>
  readonly tokens: Map<number, bigint>
  /** Of partitions whose index 0 was let go: the step, and until when that may take. */
  readonly lettingGo: Map<number, { readonly event: OwnershipEvent; readonly untilMs: Millis }>
  /** Partitions that handlers know to be held under index 0, or are at work to take. */
  readonly served: Set<number>
  /** The index that an `onAcquire` was to take and did not, by partition. */
  readonly failed: Map<number, number>
  /** When it let everything go since it was stopped; `due` until then. */
  lapse: 'none' | 'due' | Millis
}

/** Who holds what, by what was told and done. */
export class Ledger {
  readonly #nowMs: () => Millis
  readonly #releaseTimeoutMs: Millis
  readonly #books = new Map<string, Book>()
  #steps = 0

  constructor(nowMs: () => Millis, releaseTimeoutMs: Millis) {
    this.#nowMs = nowMs
    this.#releaseTimeoutMs = releaseTimeoutMs
  }

  begin({ name }: SimNode): void {
    this.#books.set(name, {
      beganAtMs: this.#nowMs(),
      roles: new Map(),
      tokens: new Map(),
      lettingGo: new Map(),
      served: new Set(),
      failed: new Map(),
      lapse: 'none',
    })
  }

  end({ name }: SimNode): void {
    this.#books.delete(name)
  }

  step({ name }: SimNode, event: OwnershipEvent): void {
    const book = this.#books.get(name)
    if (book === undefined) return
    this.#steps++
    if (book.lapse === 'due') book.lapse = this.#nowMs()
    const { partition } = event
    const role = roleAfter(event)
    if (role === undefined) book.roles.delete(partition)
    else book.roles.set(partition, role)
    if (event.type !== 'release' && event.token !== undefined) {
      book.tokens.set(partition, event.token)
    }
    if (role === 0) book.lettingGo.delete(partition)
    if (roleBefore(event) !== 0 || role === 0) return
    // What no handler was told of cancels out. A release is told where one has failed, too.
    const isTold = event.type === 'release' && book.failed.get(partition) === 0
    if (!book.served.has(partition) && !isTold) return
    book.lettingGo.set(partition, { event, untilMs: this.#nowMs() + this.#releaseTimeoutMs })
  }

  /** The process was stopped for so long that all it holds has ended. */
  stalled({ name }: SimNode): void {
    const book = this.#books.get(name)
    if (book !== undefined) book.lapse = 'due'
  }

  handler({ name }: SimNode, event: OwnershipEvent): void {
    const book = this.#books.get(name)
    book?.failed.delete(event.partition)
    if (roleAfter(event) === 0) book?.served.add(event.partition)
    // Of a handler that was to let it go, and never did, the time is over.
    else if (roleBefore(event) !== 0) book?.served.delete(event.partition)
  }

  handled({ name }: SimNode, event: OwnershipEvent, outcome: Outcome): void {
    const { partition, seq, type } = event
    const book = this.#books.get(name)
    if (book === undefined) return
    const hasFailed = type === 'acquire' && outcome.type === 'failed'
    if (hasFailed) book.failed.set(partition, event.replica)
    if (hasFailed || roleAfter(event) !== 0) book.served.delete(partition)
    const letGo = book.lettingGo.get(partition)?.event
    if (letGo === undefined) return
    // With what has come to nothing a change to another index becomes an acquire of that one.
    const isOver = seq >= letGo.seq || (hasFailed && letGo.type === 'change')
    if (isOver) book.lettingGo.delete(partition)
  }

  /** How many steps were told so far, by all. */
  get steps(): number {
    return this.#steps
  }

  /** Names of all whose process is up. */
  get names(): readonly string[] {
    return [...this.#books.keys()]
  }

  /** When the process of the node began. */
  beganAtMs(name: string): Millis {
    return this.#books.get(name)?.beganAtMs ?? Infinity
  }

  /** The index under which the node holds the partition. */
  roleOf(name: string, partition: number): number | undefined {
    return this.#books.get(name)?.roles.get(partition)
  }

  /** The token under which it holds, or held last, index 0. */
  tokenOf(name: string, partition: number): bigint | undefined {
    return this.#books.get(name)?.tokens.get(partition)
  }

  /** What the node holds, by partition. */
  rolesOf(name: string): ReadonlyMap<number, number> {
    return this.#books.get(name)?.roles ?? new Map()
  }

  /** Whether the node let index 0 go, and a handler has yet to be done with that. */
  isLettingGo(name: string, partition: number): boolean {
    const untilMs = this.#books.get(name)?.lettingGo.get(partition)?.untilMs
    return untilMs !== undefined && this.#nowMs() < untilMs
  }

  /**
   * Whether what the node lets go now is all that it held when it was stopped for long. It does so at
   * one moment, before anything else, whoever the plan names: nobody asked for that.
   */
  isLapsing(name: string): boolean {
    const lapse = this.#books.get(name)?.lapse
    return lapse === 'due' || lapse === this.#nowMs()
  }

  /** Who holds index 0 of the partition. */
  primariesOf(partition: number): readonly string[] {
    const found: string[] = []
    for (const [name, { roles }] of this.#books) if (roles.get(partition) === 0) found.push(name)
    return found
  }
}
