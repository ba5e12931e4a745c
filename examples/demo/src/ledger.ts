import type { Step } from './messages.ts'

/**
 * Who holds what, put together from what the members tell. They tell it at about the same time, each for
 * itself: for a moment two of them may hold the same index of a partition.
 */
export class Ledger {
  readonly partitions: number
  readonly redundancy: number
  /** The index of each holder of each partition, the last who took one at the end. */
  readonly #held: Map<string, number>[]

  constructor(partitions: number, redundancy: number) {
    this.partitions = partitions
    this.redundancy = redundancy
    this.#held = Array.from({ length: partitions }, () => new Map())
  }

  record(member: string, step: Step): void {
    const held = this.#held[step.partition]!
    held.delete(member)
    if (step.type !== 'release') held.set(member, step.replica)
  }

  /** The owner of each partition. */
  owners(): (string | undefined)[] {
    return this.#held.map((held) => {
      return [...held.keys()].findLast((member) => held.get(member) === 0)
    })
  }

  /** The partitions of which a member holds this index. */
  held(member: string, replica: number): number[] {
    return [...this.#held.keys()].filter((partition) => {
      return this.#held[partition]!.get(member) === replica
    })
  }

  /** The partitions that a member holds without being their owner. */
  backups(member: string): number[] {
    return [...this.#held.keys()].filter((partition) => {
      return (this.#held[partition]!.get(member) ?? 0) > 0
    })
  }

  /** Whether every index of every partition is with one of `members`, and with no other of them. */
  isComplete(members: readonly string[]): boolean {
    const wanted = Math.min(this.redundancy, members.length)
    return this.#held.every((held) => {
      const indexes = members.flatMap((member) => held.get(member) ?? [])
      const isEach = [...Array(wanted).keys()].every((index) => indexes.includes(index))
      return isEach && indexes.length === wanted
    })
  }
}
