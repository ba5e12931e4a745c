/** Members that were not waited for any more, by the partition that is being taken. */
export class Overridden {
  readonly #names = new Map<number, readonly string[]>()
  readonly #toTell = new Map<string, number[]>()

  note(partitions: readonly number[], name: string): void {
    for (const partition of partitions) {
      this.#names.set(partition, [...(this.#names.get(partition) ?? []), name])
    }
  }

  /**
   * The partition is held now, or not wanted any more. Where it is held, those that were not waited
   * for are to hear of it.
   */
  settle(partition: number, isHeld: boolean): void {
    for (const name of (isHeld && this.#names.get(partition)) || []) {
      const partitions = this.#toTell.get(name) ?? []
      this.#toTell.set(name, partitions)
      partitions.push(partition)
    }
    this.#names.delete(partition)
  }

  /** Remove and return who is to hear of which partitions: of many at once, as messages wait. */
  takeDue(): ReadonlyMap<string, readonly number[]> {
    if (this.#toTell.size === 0) return NOBODY
    const due = new Map(this.#toTell)
    this.#toTell.clear()
    return due
  }
}

const NOBODY: ReadonlyMap<string, readonly number[]> = new Map()
