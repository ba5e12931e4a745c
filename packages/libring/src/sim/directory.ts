import type { Member, MemberEventType, MemberStatus } from '../base/member.ts'
import { below, fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Timer } from '../ports/clock.ts'
import type { SimClock } from './clock.ts'
import { latencyOf, retransmitDelayOf } from './links.ts'
import type { SimNetwork } from './network.ts'

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
  readonly localName: string
  readonly host: string
  /** How many of all changes it knows of. */
  readonly position: number
  /** Know of the first `until` changes, at least. */
  hearUntil(until: number): void
  /** Call back once, at `atMs` or when it next can. */
  at(atMs: Millis, callback: () => void): Timer
  /** Something has come for its process. */
  arrive(take: () => void): void
  /** Somebody sent a message. */
  receive(from: string, topic: string, message: Uint8Array): void
}

/** A way to another member and back. */
export interface Trip {
  readonly from: Reader
  readonly to: string
  readonly deadlineMs: Millis
  /** Told once, later. */
  readonly onOver: (isDone: boolean) => void
}

interface Follower {
  readonly reader: Reader
  /** Whether the next news is under way to it, or it has no ear for any. */
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
  readonly #network: SimNetwork
  readonly #random: Random
  readonly #options: DirectoryOptions
  readonly #readers = new Map<string, Follower>()
  readonly #latest = new Map<string, Change>()
  #changes: Change[] = []
  #forgotten = 0

  constructor(setup: {
    readonly clock: SimClock
    /** What members send each other travels over this. */
    readonly network: SimNetwork
    readonly random: Random
    readonly options: DirectoryOptions
  }) {
    const { clock, network, random, options } = setup
    this.#clock = clock
    this.#network = network
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

  /** Tell `reader` of what others send it from now on, and of changes once it follows. */
  admit(reader: Reader): void {
    this.#readers.set(reader.localName, { reader, isWaiting: true, isGone: false })
  }

  /** Tell a reader that was admitted of changes as well. */
  follow(reader: Reader): void {
    const follower = this.#readers.get(reader.localName)
    if (follower?.reader !== reader) return
    follower.isWaiting = false
    this.#tell(follower)
  }

  /** Tell it of nothing more. */
  unfollow(reader: Reader): void {
    const follower = this.#readers.get(reader.localName)
    if (follower?.reader !== reader) return
    follower.isGone = true
    this.#readers.delete(reader.localName)
  }

  /** The name of a random member that is there, other than `name`. */
  anyBut(name: string): string | undefined {
    const names = [...this.#readers.keys()].filter((known) => known !== name)
    return names.length === 0 ? undefined : names[below(this.#random, names.length)]
  }

  /** A ring sends so many bytes. */
  count(bytes: number): void {
    this.#network.traffic.ringMessages++
    this.#network.traffic.ringMessageBytes += bytes
  }

  /** Have `act` happen in the process of another member, if it can be reached in time. */
  visit({ from, to, deadlineMs, onOver }: Trip, act: (there: Reader) => void): void {
    let isOver = false
    const end = (isDone: boolean): void => {
      if (isOver) return
      isOver = true
      late.cancel()
      onOver(isDone)
    }
    const late = from.at(this.#clock.nowMs() + deadlineMs, () => end(false))
    this.#travel(from, to, (there) => {
      act(there)
      this.#travel(there, from.localName, () => end(true))
    })
  }

  #travel(from: Reader, to: string, then: (there: Reader) => void): void {
    const there = this.#readers.get(to)?.reader
    if (there === undefined) return
    const way = this.#network.conditions(from.host, there.host)
    const back = this.#network.conditions(there.host, from.host)
    if (way.isCut || back.isCut) return
    const delayMs = latencyOf(way, this.#random) + retransmitDelayOf(way, this.#random)
    this.#clock.after(delayMs, () => {
      if (this.#readers.get(to)?.reader === there) there.arrive(() => then(there))
    })
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
    const { position } = reader
    const next = this.#changes[position - this.#forgotten]
    if (follower.isWaiting || next === undefined) return
    follower.isWaiting = true
    reader.at(next.atMs + this.#draw(this.#options.newsMs), () => {
      follower.isWaiting = false
      if (follower.isGone) return
      // An exchange of members may have told it before us.
      if (reader.position <= position) reader.hearUntil(this.#ripeUntil(reader.position))
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
