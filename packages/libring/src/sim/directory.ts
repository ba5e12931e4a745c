import type { Member, MemberEventType, MemberStatus } from '../base/member.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { SimClock } from './clock.ts'

/** How news of members travels where there is no gossip. */
export interface DirectoryOptions {
  /** Least and most time until a member hears of a change. */
  readonly newsMs: readonly [min: Millis, max: Millis]
  /** Least and most time until a member that vanished is held for failed. */
  readonly detectionMs: readonly [min: Millis, max: Millis]
}

/** One change of one member. All hear of them in the same order. */
export interface Change {
  readonly type: MemberEventType
  readonly member: Member
  readonly incarnation: number
  readonly atMs: Millis
}

/** Somebody who is told of changes, and of what others send. */
export interface Reader {
  readonly host: string
  /** How many of all changes it knows of. */
  readonly position: number
  /** Know of the first `until` changes, at least. */
  hearUntil(until: number): void
  /** Call back once, at `atMs` or when it next can. */
  at(atMs: Millis, callback: () => void): void
  /** Somebody sent a message. */
  receive(from: string, topic: string, message: Uint8Array): void
}

interface Follower {
  readonly reader: Reader
  /** Whether the next news is under way to it. */
  isWaiting: boolean
  isGone: boolean
}

/** Changes are forgotten that everybody knows of, so many at a time. */
const FORGET_MIN = 1_024

/**
 * One truth about who is there, told to every member in one order, each at its own time: what
 * gossip amounts to where all goes well, at the cost of a call for each member and change.
 *
 * So somebody knows of everything up to a certain change, and of nothing after it; and two that
 * exchange members both know what either of them knew.
 */
export class Directory {
  readonly #clock: SimClock
  readonly #random: Random
  readonly #options: DirectoryOptions
  readonly #readers = new Map<string, Follower>()
  readonly #latest = new Map<string, Change>()
  #changes: Change[] = []
  #forgotten = 0

  constructor(clock: SimClock, random: Random, options: DirectoryOptions) {
    this.#clock = clock
    this.#random = random
    this.#options = options
  }

  /** How many changes there were. */
  get position(): number {
    return this.#forgotten + this.#changes.length
  }

  /** The longest that news can take. */
  get newsMsMax(): Millis {
    return this.#options.newsMs[1]
  }

  statusOf(name: string): MemberStatus | undefined {
    return this.#latest.get(name)?.member.status
  }

  /** The last change of everybody there ever was. */
  latest(): readonly Change[] {
    return [...this.#latest.values()]
  }

  /** What changed after the first `from` changes, up to the first `until`. */
  changes(from: number, until: number): readonly Change[] {
    return this.#changes.slice(from - this.#forgotten, until - this.#forgotten)
  }

  /** Who is told, under the name of a member. */
  reader(name: string): Reader | undefined {
    return this.#readers.get(name)?.reader
  }

  /** Tell `reader` of changes from now on. */
  follow(name: string, reader: Reader): void {
    this.#readers.set(name, { reader, isWaiting: false, isGone: false })
  }

  /** Tell it of nothing more. */
  unfollow(name: string, reader: Reader): void {
    const follower = this.#readers.get(name)
    if (follower?.reader !== reader) return
    follower.isGone = true
    this.#readers.delete(name)
  }

  publish(type: MemberEventType, member: Member): Change {
    const incarnation = (this.#latest.get(member.name)?.incarnation ?? -1) + 1
    const change = { type, member, incarnation, atMs: this.#clock.nowMs() }
    this.#latest.set(member.name, change)
    this.#changes.push(change)
    for (const follower of this.#readers.values()) this.#tell(follower)
    if (this.#changes.length >= 2 * FORGET_MIN) this.#forget()
    return change
  }

  /** The member has vanished. It is held for failed before long, unless it is back by then. */
  miss(name: string): void {
    const seen = this.#latest.get(name)
    this.#clock.after(this.#draw(this.#options.detectionMs), () => {
      if (seen === undefined || this.#latest.get(name) !== seen) return
      this.publish('member-failed', Object.freeze({ ...seen.member, status: 'failed' }))
    })
  }

  /** Have a reader hear of the next change it does not know, in its time. */
  #tell(follower: Follower): void {
    const { reader } = follower
    const next = this.#changes[reader.position - this.#forgotten]
    if (follower.isWaiting || next === undefined) return
    follower.isWaiting = true
    reader.at(next.atMs + this.#draw(this.#options.newsMs), () => {
      follower.isWaiting = false
      if (follower.isGone) return
      reader.hearUntil(this.#ripeUntil(reader.position))
      this.#tell(follower)
    })
  }

  /** Of a reader that knows of the first `from` changes: the next one, and all that are as old. */
  #ripeUntil(from: number): number {
    const ripeMs = this.#clock.nowMs() - this.#options.newsMs[0]
    let until = from + 1
    while ((this.#changes[until - this.#forgotten]?.atMs ?? Infinity) <= ripeMs) until++
    return until
  }

  #forget(): void {
    let known = this.position
    for (const { reader } of this.#readers.values()) known = Math.min(known, reader.position)
    this.#changes = this.#changes.slice(known - this.#forgotten)
    this.#forgotten = known
  }

  #draw([min, max]: readonly [Millis, Millis]): Millis {
    return min + fraction(this.#random) * (max - min)
  }
}

/** Changes as Serf tells them: those of one kind that follow each other together. */
export function together(changes: readonly Change[]): (readonly Change[])[] {
  const groups: Map<string, Change>[] = []
  let type: MemberEventType | undefined
  for (const change of changes) {
    const { name } = change.member
    if (type !== change.type || groups.at(-1)!.has(name)) groups.push(new Map())
    groups.at(-1)!.set(name, change)
    type = change.type
  }
  return groups.map((group) => [...group.values()])
}
