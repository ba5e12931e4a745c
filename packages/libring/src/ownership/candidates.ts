import { sameClusterMember, type ClusterMember } from './cluster-member.ts'
import type { Candidacy } from './effects.ts'
import type { RingTag } from './ring-tag.ts'

/** A member that may take part, as it was told of last. */
interface Candidate {
  /** Its record when it takes part, as far as its status and tags go. */
  readonly member: ClusterMember | undefined
  /** Its record when it is there and takes no part, but may still hold something. */
  readonly bystander: ClusterMember | undefined
  readonly tag: RingTag | undefined
}

/** Whoever is there and may take part in the ring, or may still hold something of it. */
export class Candidates {
  readonly #candidates = new Map<string, Candidate>()
  #size = 0

  /** How many take part, as far as status and tags go. */
  get size(): number {
    return this.#size
  }

  all(): readonly Candidate[] {
    return [...this.#candidates.values()]
  }

  /** What the named member says of the ring. */
  tagOf(name: string): RingTag | undefined {
    return this.#candidates.get(name)?.tag
  }

  /** `changed` when anything is seen differently; `lost` when somebody is not there any more. */
  update(candidacies: readonly Candidacy[]): { changed: boolean; lost: boolean } {
    let changed = false
    let lost = false
    for (const { name, member, bystander, tag } of candidacies) {
      const known = this.#candidates.get(name)
      if (known?.member !== undefined) this.#size--
      if (member === undefined && bystander === undefined) {
        if (!this.#candidates.delete(name)) continue
        lost = true
      } else {
        if (member !== undefined) this.#size++
        const candidate = { member, bystander, tag }
        if (known !== undefined && sameCandidate(known, candidate)) continue
        this.#candidates.set(name, candidate)
        lost ||= known?.member !== undefined && member === undefined
      }
      changed = true
    }
    return { changed, lost }
  }
}

function sameCandidate(left: Candidate, right: Candidate): boolean {
  // The tag is one of the tags that the record has.
  return sameRecord(left.member, right.member) && sameRecord(left.bystander, right.bystander)
}

function sameRecord(left: ClusterMember | undefined, right: ClusterMember | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return sameClusterMember(left, right)
}
