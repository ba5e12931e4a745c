import type { Home } from './acting.ts'
import { candidateOf, sameCandidate, type Candidate } from './candidate.ts'
import type { Candidacy } from './effects.ts'
import { configurationText, type RingConfiguration, type RingTag } from './ring-tag.ts'
import { ViewDigest } from './view-digest.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'

/** Whoever is there and may take part in the ring, or may still hold something of it. */
export class Candidates {
  readonly #candidates = new Map<string, Candidate>()
  readonly #digest = new ViewDigest()
  /** By text, each with how many bear it; routers do not count. */
  readonly #configurations = new Map<
    string,
    { readonly configuration: RingConfiguration; bearers: number }
  >()
  #size = 0

  /** How many take part, as far as status and tags go. */
  get size(): number {
    return this.#size
  }

  all(): readonly Candidate[] {
    return [...this.#candidates.values()]
  }

  /** The same, one by one, for as long as nothing changes. */
  each(): Iterable<Candidate> {
    return this.#candidates.values()
  }

  get(name: string): Candidate | undefined {
    return this.#candidates.get(name)
  }

  /** What the named member says of the ring. */
  tagOf(name: string): RingTag | undefined {
    return this.#candidates.get(name)?.tag
  }

  /** The configuration that everybody bears who bears one; routers do not count. */
  soleConfiguration(): RingConfiguration | undefined {
    if (this.#configurations.size !== 1) return undefined
    for (const { configuration } of this.#configurations.values()) return configuration
    return undefined
  }

  /** A number for everything that an assignment depends on, see {@link ViewDigest}. */
  digest(away: readonly Home[], options: ResolvedRingOptions): number {
    return this.#digest.of(away, options)
  }

  /** `changed` when anything is seen differently; `lost` when somebody is not there any more. */
  update(candidacies: readonly Candidacy[]): { changed: boolean; lost: boolean } {
    let changed = false
    let lost = false
    for (const { name, member, bystander, tag } of candidacies) {
      const known = this.#candidates.get(name)
      const candidate = candidateOf(member, bystander, tag)
      if (isSame(known, candidate)) continue
      this.#put(name, known, candidate)
      lost ||= candidate === undefined || (known?.member !== undefined && member === undefined)
      changed = true
    }
    return { changed, lost }
  }

  #put(name: string, known: Candidate | undefined, candidate: Candidate | undefined): void {
    if (candidate === undefined) this.#candidates.delete(name)
    else this.#candidates.set(name, candidate)
    if (known?.member !== undefined) this.#size--
    if (candidate?.member !== undefined) this.#size++
    this.#digest.replace(known, candidate)
    this.#count(candidate?.tag, 1)
    this.#count(known?.tag, -1)
  }

  #count(tag: RingTag | undefined, more: 1 | -1): void {
    if (tag === undefined || tag.standing === 'router') return
    const text = configurationText(tag.configuration)
    const { configuration, bearers } = this.#configurations.get(text) ?? {
      configuration: tag.configuration,
      bearers: 0,
    }
    if (bearers + more > 0)
      this.#configurations.set(text, { configuration, bearers: bearers + more })
    else this.#configurations.delete(text)
  }
}

function isSame(left: Candidate | undefined, right: Candidate | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return sameCandidate(left, right)
}
