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
  #strangerNames: readonly string[] = []
  #asked: ReadonlySet<string> | undefined

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
        if (this.#others.delete(name)) this.#asked = undefined
        continue
      }
      if (!this.#others.has(name)) {
        come.push(name)
        this.#asked = undefined
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

  /** Names of all who have to be asked; the same object for as long as they are the same. */
  asked(nowMs: Millis): ReadonlySet<string> {
    const strangers = this.#strangers.names(nowMs)
    if (this.#asked === undefined || !sameList(strangers, this.#strangerNames)) {
      this.#asked = new Set([...this.#others.keys(), ...strangers])
      this.#strangerNames = strangers
    }
    return this.#asked
  }
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index])
}
