/** Something that is being served for a partition. */
export interface Served {
  /** Where it stands among those of its partition. For {@link InFlight} alone. */
  place: number
  /** The partition is being let go, and those that may go on for long should end. */
  ending(): void
  /** The time to end is over. */
  end(): void
}

/**
 * What is being served here, by partition, so that a partition is let go after its requests.
 *
 * In lists, not in sets: to go into one and out of it again takes half the time.
 */
export class InFlight {
  readonly #byPartition = new Map<number, Served[]>()
  readonly #waiting = new Map<number, Set<() => void>>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Not one that is there already. */
  add(partition: number, served: Served): void {
    let all = this.#byPartition.get(partition)
    if (all === undefined) this.#byPartition.set(partition, (all = []))
    served.place = all.length
    all.push(served)
    this.#count++
  }

  /** Does nothing for what is not there any more. */
  remove(partition: number, served: Served): void {
    const all = this.#byPartition.get(partition)
    if (all === undefined || all[served.place] !== served) return
    // The last one takes its place.
    const last = all.pop()!
    if (last !== served) {
      all[served.place] = last
      last.place = served.place
    }
    this.#count--
    if (all.length > 0 || this.#waiting.size === 0) return
    const waiting = this.#waiting.get(partition)
    if (waiting === undefined) return
    this.#waiting.delete(partition)
    for (const resolve of waiting) resolve()
  }

  /** The partition is being let go. */
  ending(partition: number): void {
    for (const served of [...(this.#byPartition.get(partition) ?? [])]) served.ending()
  }

  /** Nobody may go on with the partition. */
  end(partition: number): void {
    for (const served of [...(this.#byPartition.get(partition) ?? [])]) served.end()
  }

  /** Nobody may go on with any partition. */
  endAll(): void {
    for (const partition of this.#byPartition.keys()) this.end(partition)
  }

  /** Resolves once nothing of the partition is being served, or after `timeoutMs`. */
  settled(partition: number, timeoutMs: number): Promise<'settled' | 'overdue'> {
    const all = this.#byPartition.get(partition)
    if (all === undefined || all.length === 0) return Promise.resolve('settled')
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(partition) ?? new Set()
      this.#waiting.set(partition, waiting)
      const onSettled = (): void => {
        clearTimeout(timer)
        resolve('settled')
      }
      const timer = setTimeout(() => {
        waiting.delete(onSettled)
        resolve('overdue')
      }, timeoutMs)
      waiting.add(onSettled)
    })
  }
}
