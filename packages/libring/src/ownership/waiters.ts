import type { Millis } from '../base/time.ts'
import type { AskGroup } from './messages.ts'

/** One partition that a member is taking and has asked us about. */
export interface Waiter {
  readonly name: string
  /** The process that asked. */
  readonly life: bigint
  readonly attempt: number
  /** Whether we are to let it go, should we hold it. */
  readonly letGo: boolean
}

interface Questions {
  readonly askedAtMs: Millis
  readonly byPartition: ReadonlyMap<number, Waiter>
}

/** Who waits for us, as each said last. What is not said again is forgotten. */
export class Waiters {
  readonly #keepMs: Millis
  /** By who asks; whoever asked longest ago first. */
  readonly #questions = new Map<string, Questions>()
  /** Nothing is old before. */
  #oldAtMs: Millis = Infinity

  /** @param keepMs for how long a question stands that is not repeated. */
  constructor(keepMs: Millis) {
    this.#keepMs = keepMs
  }

  /** All that `name` asks; it stands for everything it asked before. */
  set(name: string, life: bigint, groups: readonly AskGroup[], nowMs: Millis): void {
    const byPartition = new Map<number, Waiter>()
    for (const { attempt, letGo, partitions } of groups) {
      for (const partition of partitions) {
        byPartition.set(partition, { name, life, attempt, letGo })
      }
    }
    this.#questions.delete(name)
    if (byPartition.size > 0) {
      this.#questions.set(name, { askedAtMs: nowMs, byPartition })
      this.#oldAtMs = Math.min(this.#oldAtMs, nowMs + this.#keepMs)
    }
    this.#forgetOld(nowMs)
  }

  drop(name: string): void {
    this.#questions.delete(name)
  }

  /** The question of `name` about `partition`, while it stands. */
  get(name: string, partition: number, nowMs: Millis): Waiter | undefined {
    this.#forgetOld(nowMs)
    return this.#questions.get(name)?.byPartition.get(partition)
  }

  /** Whether `name` has asked about `partition` within the last `withinMs`. */
  hasAsked(name: string, partition: number, withinMs: Millis, nowMs: Millis): boolean {
    const questions = this.#questions.get(name)
    if (questions === undefined || nowMs >= questions.askedAtMs + withinMs) return false
    return this.get(name, partition, nowMs) !== undefined
  }

  /** Everybody who waits for `partition`. */
  of(partition: number, nowMs: Millis): readonly Waiter[] {
    this.#forgetOld(nowMs)
    const found: Waiter[] = []
    for (const { byPartition } of this.#questions.values()) {
      const waiter = byPartition.get(partition)
      if (waiter !== undefined) found.push(waiter)
    }
    return found
  }

  /** Who waits for any of `partitions`, with what each asks of them. */
  byName(
    partitions: readonly number[],
    nowMs: Millis,
  ): ReadonlyMap<string, ReadonlyMap<number, Waiter>> {
    const waiting = new Map<string, Map<number, Waiter>>()
    for (const partition of partitions) {
      for (const waiter of this.of(partition, nowMs)) {
        const waiters = waiting.get(waiter.name) ?? new Map<number, Waiter>()
        waiting.set(waiter.name, waiters)
        waiters.set(partition, waiter)
      }
    }
    return waiting
  }

  #forgetOld(nowMs: Millis): void {
    if (nowMs < this.#oldAtMs) return
    this.#oldAtMs = Infinity
    for (const [name, { askedAtMs }] of this.#questions) {
      if (nowMs < askedAtMs + this.#keepMs) {
        this.#oldAtMs = askedAtMs + this.#keepMs
        return
      }
      this.#questions.delete(name)
    }
  }
}
