import { compareUtf8 } from '../base/bytes.ts'
import { Deadlines } from '../base/deadlines.ts'
import type { Millis } from '../base/time.ts'
import { sameHome, type Home } from './acting.ts'
import type { AwayEntry } from './messages.ts'

/** Most members that are remembered; who has been away for longest goes first. */
export const AWAY_MAX = 65_536

/** What was learned from the list of another member. */
export interface Merged {
  /** Whether others are away than before. */
  readonly changed: boolean
  /** Entries that the other member has to have instead of its own. */
  readonly corrections: readonly AwayEntry[]
}

interface Away {
  readonly home: Home
  readonly incarnation: number
  readonly untilMs: Millis
}

/**
 * Whose partitions are kept for them, and until when. Of two accounts of a member the one at the
 * higher incarnation counts; at the same, the one that leaves less time. So a time that is over
 * anywhere stays over, whoever hears of the absence only then.
 *
 * Who is here by our own account is never away, whatever others say.
 */
export class AwayList {
  readonly #graceMs: Millis
  readonly #away = new Map<string, Away>()
  /** At which incarnation a member had its time, or left for good. */
  readonly #over = new Map<string, number>()
  readonly #here = new Set<string>()
  /** Of those that are away, and of those that are remembered no more. */
  readonly #deadlines = new Deadlines()

  /** @param graceMs for how long partitions are kept; 0 for no member at all. */
  constructor(graceMs: Millis) {
    this.#graceMs = graceMs
  }

  /** Who is away and has time left, in no order. */
  homes(): readonly Home[] {
    return Array.from(this.#away.values(), ({ home }) => home)
  }

  /** When to look again whose time is over. */
  deadlineMs(): Millis | undefined {
    return this.#deadlines.nextMs()
  }

  /** A member went that may come back. Whether others are away than before. */
  leave(home: Home, incarnation: number, nowMs: Millis): boolean {
    const { name } = home
    this.#here.delete(name)
    if (this.#graceMs === 0 || incarnation <= (this.#over.get(name) ?? -1)) return false
    if (incarnation <= (this.#away.get(name)?.incarnation ?? -1)) return false
    this.#put({ home, incarnation, untilMs: nowMs + this.#graceMs })
    return true
  }

  /** A member went for good. Whether others are away than before. */
  end(name: string, incarnation: number): boolean {
    this.#here.delete(name)
    if (this.#graceMs === 0) return false
    const known = Math.max(this.#over.get(name) ?? -1, this.#away.get(name)?.incarnation ?? -1)
    const wasAway = this.#drop(name)
    this.#over.set(name, Math.max(known, incarnation))
    this.#cut()
    return wasAway
  }

  /**
   * A member is there, whether it takes part or not. Whether others are away than before.
   *
   * What is over stays over: who comes back does so at a higher incarnation, but whoever slept
   * through a death tells of the dead as it knew it, and may be believed for a moment.
   */
  arrive(name: string): boolean {
    if (this.#graceMs > 0) this.#here.add(name)
    this.#deadlines.clear(name)
    return this.#away.delete(name)
  }

  /**
   * The member is remembered no more. Others may forget it later than we do, so that it is over
   * for as long as they could say that it is away. Whether others are away than before.
   */
  forget(name: string, nowMs: Millis): boolean {
    const wasAway = this.end(name, -1)
    if (this.#over.has(name)) this.#deadlines.set(name, nowMs + this.#graceMs)
    return wasAway
  }

  /** Whether somebody has had its time since this was asked last. */
  expire(nowMs: Millis): boolean {
    let hasExpired = false
    for (;;) {
      const name = this.#deadlines.takeDue(nowMs)
      if (name === undefined) return hasExpired
      if (this.#away.has(name)) hasExpired = this.end(name, -1)
      else this.#over.delete(name)
    }
  }

  /** Take in what another member says. */
  merge(entries: readonly AwayEntry[], nowMs: Millis): Merged {
    if (this.#graceMs === 0) return { changed: false, corrections: [] }
    let changed = false
    const corrections: AwayEntry[] = []
    for (const entry of entries) {
      const { name, incarnation, leftMs } = entry
      if (this.#here.has(name)) continue
      const overAt = this.#over.get(name) ?? -1
      const known = this.#away.get(name)
      if (incarnation <= overAt) {
        if (leftMs > 0) corrections.push({ ...entry, incarnation: overAt, leftMs: 0 })
      } else if (known !== undefined && incarnation < known.incarnation) {
        corrections.push(entryOf(known, nowMs))
      } else if (leftMs === 0) {
        // Of whom we know nothing, nothing is kept.
        if (known !== undefined) changed = this.end(name, incarnation) || changed
      } else {
        changed = this.#improve(known, entry, nowMs) || changed
      }
    }
    return { changed, corrections }
  }

  /** What others have to know: who is away, and for how much longer. */
  export(nowMs: Millis): readonly AwayEntry[] {
    return Array.from(this.#away.values(), (away) => entryOf(away, nowMs))
  }

  #improve(known: Away | undefined, entry: AwayEntry, nowMs: Millis): boolean {
    const { name, weight, zone, incarnation, leftMs } = entry
    const home = { name, weight, zone }
    const untilMs = nowMs + Math.min(leftMs, this.#graceMs)
    if (known?.incarnation !== incarnation) {
      this.#put({ home, incarnation, untilMs })
      return known === undefined || !sameHome(known.home, home)
    }
    const first = firstOf(known.home, home)
    this.#put({ home: first, incarnation, untilMs: Math.min(untilMs, known.untilMs) })
    return !sameHome(known.home, first)
  }

  #put(away: Away): void {
    const { name } = away.home
    this.#over.delete(name)
    this.#away.delete(name)
    this.#away.set(name, away)
    this.#deadlines.set(name, away.untilMs)
    this.#cut()
  }

  #drop(name: string): boolean {
    this.#over.delete(name)
    this.#deadlines.clear(name)
    return this.#away.delete(name)
  }

  #cut(): void {
    if (this.#away.size + this.#over.size <= AWAY_MAX) return
    for (const names of [this.#over.keys(), this.#away.keys()]) {
      for (const oldest of names) {
        this.#drop(oldest)
        return
      }
    }
  }
}

/** In whole milliseconds, and more than none: that would say that its time is over. */
function entryOf({ home, incarnation, untilMs }: Away, nowMs: Millis): AwayEntry {
  const { name, weight, zone } = home
  return { name, weight, zone, incarnation, leftMs: Math.max(1, Math.ceil(untilMs - nowMs)) }
}

/** Where accounts of one absence differ, all have to come to the same. */
function firstOf(left: Home, right: Home): Home {
  const order = left.weight - right.weight || compareUtf8(left.zone, right.zone)
  return order <= 0 ? left : right
}
