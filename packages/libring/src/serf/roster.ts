import type { Member, MemberStatus } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import { isGone } from './status.ts'

/** What Serf knows of one member. Only {@link Roster} changes it. */
export interface RosterEntry {
  /** As others see it; replaced, never changed. */
  readonly member: Member
  /** Lamport time of the newest intent about it; 0 before the first. */
  readonly statusLTime: bigint
  /** Since when it is gone; of no meaning for the others. */
  readonly goneAtMs: Millis
  /** Whether it is to be forgotten: after a while, or as soon as it is gone. Not once it is alive. */
  readonly prune: 'later' | 'due' | undefined
}

type MutableEntry = { -readonly [Field in keyof RosterEntry]: RosterEntry[Field] }

/** Everybody Serf has heard of, the gone ones for as long as they are remembered. */
export class Roster {
  readonly #sizeMax: number
  readonly #byName = new Map<string, MutableEntry>()
  /** The gone ones by status, longest gone first. */
  readonly #gone = { failed: new Set<MutableEntry>(), left: new Set<MutableEntry>() }

  /** @param sizeMax most members to remember; the alive ones alone must be fewer. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** Members of any status. */
  get size(): number {
    return this.#byName.size
  }

  get failedCount(): number {
    return this.#gone.failed.size
  }

  get leftCount(): number {
    return this.#gone.left.size
  }

  get(name: string): RosterEntry | undefined {
    return this.#byName.get(name)
  }

  entries(): IterableIterator<RosterEntry> {
    return this.#byName.values()
  }

  members(): Member[] {
    return Array.from(this.#byName.values(), ({ member }) => member)
  }

  /** Members that failed, longest ago first. */
  failed(): Member[] {
    return Array.from(this.#gone.failed, ({ member }) => member)
  }

  /** Names of members that left, longest ago first. */
  leftNames(): string[] {
    return Array.from(this.#gone.left, ({ member }) => member.name)
  }

  /** Whether anybody but `name` is alive. */
  hasAliveBeside(name: string): boolean {
    for (const { member } of this.#byName.values()) {
      if (member.status === 'alive' && member.name !== name) return true
    }
    return false
  }

  /**
   * Take in what is known of a member now, old or new.
   *
   * @returns whoever had to be forgotten to make room.
   */
  put(member: Member, nowMs: Millis): Member | undefined {
    const known = this.#byName.get(member.name)
    if (known !== undefined) {
      this.#replace(known, member, nowMs)
      return undefined
    }
    const displaced = this.size < this.#sizeMax ? undefined : this.#longestGone()
    if (displaced !== undefined) this.remove(displaced.name)
    const entry: MutableEntry = { member, statusLTime: 0n, goneAtMs: nowMs, prune: undefined }
    this.#byName.set(member.name, entry)
    this.#list(entry)
    return displaced
  }

  /** Note the Lamport time of the intent that is being followed. */
  setStatusLTime(name: string, ltime: bigint): void {
    const entry = this.#byName.get(name)
    if (entry !== undefined) entry.statusLTime = ltime
  }

  /** Note when to forget a member that is not alive. */
  setPrune(name: string, prune: 'later' | 'due'): void {
    const entry = this.#byName.get(name)
    if (entry !== undefined) entry.prune = prune
  }

  /** Change a known member's status. */
  setStatus(name: string, status: MemberStatus, nowMs: Millis): void {
    const entry = this.#byName.get(name)
    if (entry !== undefined) this.#replace(entry, { ...entry.member, status }, nowMs)
  }

  remove(name: string): void {
    const entry = this.#byName.get(name)
    if (entry === undefined) return
    this.#unlist(entry)
    this.#byName.delete(name)
  }

  /** Members of `status` gone for longer than `keepMs`. */
  goneFor(status: 'failed' | 'left', keepMs: Millis, nowMs: Millis): Member[] {
    const gone = [...this.#gone[status]].filter(({ goneAtMs }) => nowMs - goneAtMs > keepMs)
    return gone.map(({ member }) => member)
  }

  #replace(entry: MutableEntry, member: Member, nowMs: Millis): void {
    const wasGone = isGone(entry.member.status)
    const moves = entry.member.status !== member.status
    if (moves) this.#unlist(entry)
    entry.member = member
    // A failure that turns out to have been a leave is as old as it was.
    if (!wasGone && isGone(member.status)) entry.goneAtMs = nowMs
    if (member.status === 'alive') entry.prune = undefined
    if (moves) this.#list(entry)
  }

  #list(entry: MutableEntry): void {
    const { status } = entry.member
    if (status === 'failed' || status === 'left') this.#gone[status].add(entry)
  }

  #unlist(entry: MutableEntry): void {
    this.#gone.failed.delete(entry)
    this.#gone.left.delete(entry)
  }

  /** Each list is in order of time, but for failures that turned into leaves: near enough. */
  #longestGone(): Member | undefined {
    const [failed] = this.#gone.failed
    const [left] = this.#gone.left
    if (failed === undefined || left === undefined) return (failed ?? left)?.member
    return (failed.goneAtMs <= left.goneAtMs ? failed : left).member
  }
}
