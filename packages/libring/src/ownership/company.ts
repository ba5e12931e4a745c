import type { Millis } from '../base/time.ts'
import type { ClusterMember } from './cluster-member.ts'
import { Strangers } from './strangers.ts'

/**
 * Who has to be asked before something is taken: members that can hand off, and strangers that
 * asked us lately.
 */
export class Company {
  readonly #others = new Map<string, ClusterMember>()
  readonly #strangers: Strangers
  /** Who was to be asked when that was told last. */
  readonly #asked = new Set<string>()
  #askedStrangers: readonly string[] = []
  /** Names for which that may be otherwise by now. */
  readonly #touched = new Set<string>()

  /** @param keepMs for how long a stranger that asks no more is remembered. */
  constructor(keepMs: Millis) {
    this.#strangers = new Strangers(keepMs)
  }

  /** How many members there are that can hand off. */
  get size(): number {
    return this.#others.size
  }

  has(name: string): boolean {
    return this.#others.has(name)
  }

  get(name: string): ClusterMember | undefined {
    return this.#others.get(name)
  }

  /** Names of members that can hand off. */
  names(): readonly string[] {
    return [...this.#others.keys()]
  }

  /**
   * @param seen members that have changed, each with its record while it can hand off.
   * @param gone names of members that are not there any more.
   * @returns names of those that have come.
   */
  see(
    seen: ReadonlyMap<string, ClusterMember | undefined>,
    gone: readonly string[],
  ): readonly string[] {
    const come: string[] = []
    for (const [name, member] of seen) {
      if (member === undefined) {
        if (this.#others.delete(name)) this.#touched.add(name)
        continue
      }
      if (!this.#others.has(name)) {
        come.push(name)
        this.#touched.add(name)
      }
      this.#others.set(name, member)
      this.#strangers.delete(name)
    }
    for (const name of gone) this.#strangers.delete(name)
    return come
  }

  /** Somebody we do not see asked. @returns the name of a stranger that is forgotten for it. */
  meet(name: string, nowMs: Millis): string | undefined {
    return this.#strangers.add(name, nowMs)
  }

  /** When the next stranger is forgotten. */
  deadlineMs(): Millis | undefined {
    return this.#strangers.deadlineMs()
  }

  /** Who has to be asked that had not to be when this was called last, and the other way round. */
  takeChanges(nowMs: Millis): { come: readonly string[]; gone: readonly string[] } {
    const strangers = this.#strangers.names(nowMs)
    // Mostly there is none, before and now.
    for (const name of this.#askedStrangers) this.#touched.add(name)
    for (const name of strangers) this.#touched.add(name)
    this.#askedStrangers = strangers
    const come: string[] = []
    const gone: string[] = []
    for (const name of this.#touched) {
      const isAsked = this.#others.has(name) || strangers.includes(name)
      if (isAsked === this.#asked.has(name)) continue
      if (isAsked) this.#asked.add(name)
      else this.#asked.delete(name)
      ;(isAsked ? come : gone).push(name)
    }
    this.#touched.clear()
    return { come, gone }
  }
}
