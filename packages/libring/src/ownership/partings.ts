import type { Millis } from '../base/time.ts'

/** How often a newcomer is asked whether it has what it is waited for with. */
const REPEAT_MS = 2_000

/** Which newcomers the local member waits for before it lets its backups go. */
export class Partings {
  readonly #awaited = new Map<number, readonly string[]>()
  #askAtMs: Millis = Infinity

  /** @param awaited nobody, once the partition is not parted with any more. */
  set(partition: number, awaited: readonly string[], nowMs: Millis): void {
    if (awaited.length === 0) {
      this.#awaited.delete(partition)
      return
    }
    const known = this.#awaited.get(partition) ?? []
    this.#awaited.set(partition, awaited)
    if (awaited.some((name) => !known.includes(name))) this.#askAtMs = nowMs
  }

  /** Whom to ask now for what: everything each is waited for with. */
  takeDue(nowMs: Millis): ReadonlyMap<string, readonly number[]> {
    if (nowMs < (this.deadlineMs() ?? Infinity)) return NOBODY
    const due = new Map<string, number[]>()
    this.#askAtMs = nowMs + REPEAT_MS
    for (const [partition, awaited] of this.#awaited) {
      for (const name of awaited) {
        const partitions = due.get(name) ?? []
        due.set(name, partitions)
        partitions.push(partition)
      }
    }
    return due
  }

  deadlineMs(): Millis | undefined {
    return this.#awaited.size > 0 ? this.#askAtMs : undefined
  }
}

const NOBODY: ReadonlyMap<string, readonly number[]> = new Map()
