import type { ConsumerStep } from './consumer.ts'

export interface StepOutcome {
  readonly error?: string | undefined
  readonly state?: Uint8Array | undefined
}

export interface OutboxEntry {
  /** From 1, growing by one from step to step of a session. */
  readonly id: number
  readonly step: ConsumerStep
  readonly isCalledOff: boolean
}

interface Entry extends OutboxEntry {
  isCalledOff: boolean
  readonly onSettled: (outcome: StepOutcome) => void
}

/**
 * Steps that are not acknowledged, in order. Of one partition at most two: the latest, and one
 * that was called off and that the consumer still has to hear of, or it would take itself for a
 * holder. What came in between never counted.
 */
export class Outbox {
  readonly #entries = new Map<number, Entry>()
  readonly #byPartition = new Map<number, Entry[]>()
  #lastId = 0

  get size(): number {
    return this.#entries.size
  }

  /** By id. */
  entries(): readonly OutboxEntry[] {
    return [...this.#entries.values()]
  }

  add(step: ConsumerStep, onSettled: (outcome: StepOutcome) => void): OutboxEntry {
    this.#lastId++
    const entry: Entry = { id: this.#lastId, step, isCalledOff: false, onSettled }
    const earlier = this.#byPartition.get(step.partition) ?? []
    // It may have heard of an acquire among them, so it has to hear of a release.
    const kept = earlier.find((each) => each.step.type === 'release') ?? earlier.at(-1)
    for (const each of earlier) if (each !== kept) this.#entries.delete(each.id)
    this.#byPartition.set(step.partition, kept === undefined ? [entry] : [kept, entry])
    this.#entries.set(entry.id, entry)
    return entry
  }

  /** Whether it was there. An acknowledgement of what was called off only takes it out. */
  settle(id: number, outcome: StepOutcome): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined) return false
    this.#entries.delete(id)
    const rest = (this.#byPartition.get(entry.step.partition) ?? []).filter((e) => e !== entry)
    if (rest.length === 0) this.#byPartition.delete(entry.step.partition)
    else this.#byPartition.set(entry.step.partition, rest)
    if (!entry.isCalledOff) entry.onSettled(outcome)
    return true
  }

  callOff({ id }: OutboxEntry): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.isCalledOff = true
  }
}
