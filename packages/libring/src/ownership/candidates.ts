import { sameClusterMember, type ClusterMember } from './cluster-member.ts'
import type { Candidacy } from './effects.ts'

/** Who takes part in the ring, as seen now and as last decided on. */
export class Candidates {
  readonly #seen = new Map<string, ClusterMember>()
  readonly #bystanders = new Map<string, ClusterMember>()
  #decided: ReadonlyMap<string, ClusterMember> = new Map()

  get size(): number {
    return this.#seen.size
  }

  list(): readonly ClusterMember[] {
    return [...this.#seen.values()]
  }

  /** Members that are there and take no part, but may still hold something. */
  bystanders(): readonly ClusterMember[] {
    return [...this.#bystanders.values()]
  }

  /** `changed` when anything is seen differently; `lost` when somebody takes part no more. */
  update(candidacies: readonly Candidacy[]): { changed: boolean; lost: boolean } {
    let changed = false
    let lost = false
    for (const { name, member, bystander } of candidacies) {
      if (bystander === undefined) this.#bystanders.delete(name)
      else this.#bystanders.set(name, bystander)
      const known = this.#seen.get(name)
      if (member === undefined) {
        if (!this.#seen.delete(name)) continue
        lost = true
      } else {
        if (known !== undefined && sameClusterMember(known, member)) continue
        this.#seen.set(name, member)
      }
      changed = true
    }
    return { changed, lost }
  }

  /** Whether what is seen differs from the last time this was asked. */
  takeChanged(): boolean {
    const decided = this.#decided
    const same =
      decided.size === this.#seen.size &&
      [...this.#seen.values()].every((member) => {
        const known = decided.get(member.name)
        return known !== undefined && sameClusterMember(known, member)
      })
    if (!same) this.#decided = new Map(this.#seen)
    return !same
  }
}
