/** Partitions by member, each list ascending. */
export class SortedLists {
  readonly #lists: number[][]

  constructor(members: number) {
    this.#lists = Array.from({ length: members }, () => [])
  }

  of(member: number): readonly number[] {
    return this.#lists[member]!
  }

  /** Add a partition that is larger than those already there. */
  append(member: number, partition: number): void {
    this.#lists[member]!.push(partition)
  }

  insert(member: number, partition: number): void {
    const list = this.#lists[member]!
    list.splice(lowerBound(list, partition), 0, partition)
  }

  /** Take out a partition that is there. */
  remove(member: number, partition: number): void {
    const list = this.#lists[member]!
    list.splice(lowerBound(list, partition), 1)
  }
}

function lowerBound(list: readonly number[], value: number): number {
  let from = 0
  let to = list.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (list[middle]! < value) from = middle + 1
    else to = middle
  }
  return from
}
