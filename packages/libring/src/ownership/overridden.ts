/** Members that were not waited for any more, by the partition that is being taken. */
export class Overridden {
  readonly #names = new Map<number, readonly string[]>()

  note(partitions: readonly number[], name: string): void {
    for (const partition of partitions) {
      this.#names.set(partition, [...(this.#names.get(partition) ?? []), name])
    }
  }

  /** Remove and return those of a partition that is taken now, or not wanted any more. */
  take(partition: number): readonly string[] {
    const names = this.#names.get(partition) ?? []
    this.#names.delete(partition)
    return names
  }
}
