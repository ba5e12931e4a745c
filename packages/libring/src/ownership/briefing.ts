import type { Millis } from '../base/time.ts'

/** How many are asked at a time. */
const ASKED_MAX = 3

/** How long they have before others are asked. */
const REPEAT_MS = 1_000

/**
 * Learning from members that were there before what happened before us. The first that knows is
 * enough; when none does, there is nothing to know.
 */
export class Briefing {
  readonly #timeoutMs: Millis
  /** Who has yet to answer, next to be asked first. */
  #others: readonly string[] = []
  readonly #ignorant = new Set<string>()
  readonly #asked = new Set<string>()
  #untilMs: Millis | undefined
  #nextMs: Millis = -Infinity
  #isOver = false

  /** @param timeoutMs for how long others are asked at most, from when the first was seen. */
  constructor(timeoutMs: Millis) {
    this.#timeoutMs = timeoutMs
  }

  /** Whether we know what there is to know, or have given up. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether there is somebody who may tell us yet. */
  get isUnderWay(): boolean {
    return !this.#isOver && this.#others.length > 0
  }

  deadlineMs(): Millis | undefined {
    if (!this.isUnderWay) return undefined
    return Math.min(this.#nextMs, this.#untilMs ?? Infinity)
  }

  /** These are there and can be asked. */
  see(names: readonly string[], nowMs: Millis): void {
    if (this.#isOver) return
    const others = names.filter((name) => !this.#ignorant.has(name))
    const known = this.#others.filter((name) => others.includes(name))
    this.#others = [...known, ...others.filter((name) => !known.includes(name))]
    for (const name of this.#asked) if (!others.includes(name)) this.#asked.delete(name)
    if (others.length > 0) this.#untilMs ??= nowMs + this.#timeoutMs
    if (this.#asked.size === 0) this.#nextMs = nowMs
  }

  /** Whom to ask now. */
  takeAsks(nowMs: Millis): readonly string[] {
    if (this.#isOver) return []
    if (nowMs >= (this.#untilMs ?? Infinity)) this.end()
    if (this.#isOver || nowMs < this.#nextMs) return []
    const asks = this.#others.slice(0, ASKED_MAX)
    this.#others = [...this.#others.slice(ASKED_MAX), ...asks]
    this.#asked.clear()
    for (const name of asks) this.#asked.add(name)
    this.#nextMs = nowMs + REPEAT_MS
    return asks
  }

  hear(name: string, knows: 'informed' | 'ignorant', nowMs: Millis): void {
    if (this.#isOver) return
    if (knows === 'informed') return this.end()
    this.#ignorant.add(name)
    this.#others = this.#others.filter((other) => other !== name)
    this.#asked.delete(name)
    if (this.#asked.size === 0) this.#nextMs = nowMs
  }

  /** What we know now is what there is. */
  end(): void {
    this.#isOver = true
    this.#others = []
    this.#ignorant.clear()
    this.#asked.clear()
  }
}
