import type { Step } from './messages.ts'

/** Who holds what, put together from what the members tell. */
export class Ledger {
  readonly partitions: number
  readonly redundancy: number
  /** Holder of each index of each partition. */
  readonly #holders: (string | undefined)[][]

  constructor(partitions: number, redundancy: number) {
    this.partitions = partitions
    this.redundancy = redundancy
    this.#holders = Array.from({ length: partitions }, () =>
      Array.from({ length: redundancy }, () => undefined),
    )
  }

  record(member: string, step: Step): void {
    const holders = this.#holders[step.partition]!
    const before = step.type === 'change' ? step.previousReplica : step.replica
    // Where somebody else has taken the index already, that stands.
    if (step.type !== 'acquire' && holders[before] === member) holders[before] = undefined
    if (step.type !== 'release') holders[step.replica] = member
  }

  /** The owner of each partition. */
  owners(): (string | undefined)[] {
    return this.#holders.map((holders) => holders[0])
  }

  /** The partitions of which a member holds this index. */
  held(member: string, replica: number): number[] {
    return [...this.#holders.keys()].filter((partition) => {
      return this.#holders[partition]![replica] === member
    })
  }

  /** The partitions that a member holds without being their owner. */
  backups(member: string): number[] {
    return [...this.#holders.keys()].filter((partition) => {
      return this.#holders[partition]!.indexOf(member) > 0
    })
  }

  /** Whether every index of every partition is with one of `members`, each with another. */
  isComplete(members: readonly string[]): boolean {
    const wanted = Math.min(this.redundancy, members.length)
    return this.#holders.every((holders) => {
      const present = holders.slice(0, wanted).filter((holder) => members.includes(holder ?? ''))
      return new Set(present).size === wanted
    })
  }
}
