import type { MemberEventType } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { Home } from './acting.ts'
import { AwayList } from './away.ts'
import { Briefing } from './briefing.ts'
import type { Candidacy } from './effects.ts'
import { AWAY_ENTRIES_MAX, type AwayEntry, type AwayMessage, type PeerHeader } from './messages.ts'
import type { ResolvedOwnershipOptions } from './options.ts'

/** Shortest time between two questions to one member whose view is another. */
const ASK_MS = 1_000

type Content = Omit<AwayMessage, keyof PeerHeader>

/** What a message led to. */
export interface Heard {
  /** Whether others are away than before. */
  readonly changed: boolean
  /** What to send back. */
  readonly replies: readonly Content[]
}

/** Who is away and keeps its home: as seen here, and as others tell. */
export class Absences {
  readonly #hasGrace: boolean
  readonly #list: AwayList
  readonly #briefing: Briefing
  readonly #askedAtMs = new Map<string, Millis>()

  constructor({ graceMs, handoffTimeoutMs }: ResolvedOwnershipOptions) {
    this.#hasGrace = graceMs > 0
    this.#list = new AwayList(graceMs)
    this.#briefing = new Briefing(handoffTimeoutMs)
    if (!this.#hasGrace) this.#briefing.end()
  }

  homes(): readonly Home[] {
    return this.#list.homes()
  }

  /** Whether somebody who was there before us may yet tell who is away. */
  get isBeingBriefed(): boolean {
    return this.#briefing.isUnderWay
  }

  deadlineMs(): Millis | undefined {
    const listMs = this.#list.deadlineMs()
    const briefingMs = this.#briefing.deadlineMs()
    return listMs === undefined ? briefingMs : Math.min(listMs, briefingMs ?? Infinity)
  }

  /** What is there at our start. Of whom is not there, others know since when. */
  start(candidacies: readonly Candidacy[]): void {
    for (const { name, absence } of candidacies) if (absence === undefined) this.#list.arrive(name)
  }

  /** Whether others are away than before. */
  observe(type: MemberEventType, candidacies: readonly Candidacy[], nowMs: Millis): boolean {
    let changed = false
    for (const { name, absence } of candidacies) {
      if (absence !== undefined) this.#askedAtMs.delete(name)
      const isNews =
        type === 'member-reap' ? this.#list.forget(name, nowMs) : this.#note(name, absence, nowMs)
      changed ||= isNews
    }
    return changed
  }

  /** Whether nobody has to be asked any more who was away before us. */
  get isBriefed(): boolean {
    return this.#briefing.isOver
  }

  /** These can be asked who is away, and would know of our ring. */
  see(names: readonly string[], nowMs: Millis): void {
    this.#briefing.see(names, nowMs)
  }

  /** Whether somebody has had its time. */
  expire(nowMs: Millis): boolean {
    return this.#list.expire(nowMs)
  }

  /** Whom to ask because they were there before us. */
  takeAsks(nowMs: Millis): readonly string[] {
    return this.#briefing.takeAsks(nowMs)
  }

  /** From now on we know as well as others. */
  settle(): void {
    this.#briefing.end()
  }

  /** The member sees something else than we do. What to send it, if anything. */
  differ(name: string, nowMs: Millis): readonly Content[] {
    if (!this.#hasGrace || nowMs < (this.#askedAtMs.get(name) ?? -Infinity) + ASK_MS) return []
    this.#askedAtMs.set(name, nowMs)
    return this.question(nowMs)
  }

  /** Who is away by what we know, and the same question back. */
  question(nowMs: Millis): readonly Content[] {
    return this.#contents(this.#list.export(nowMs), 'asks')
  }

  hear(from: string, { asks, isInformed, entries }: AwayMessage, nowMs: Millis): Heard {
    const { changed, corrections } = this.#list.merge(entries, nowMs)
    if (isInformed) this.#briefing.hear(from, 'informed', nowMs)
    else if (!asks) this.#briefing.hear(from, 'ignorant', nowMs)
    if (asks) {
      const all = [...corrections, ...this.#list.export(nowMs)]
      return { changed, replies: this.#contents(all, 'tells') }
    }
    const replies = corrections.length === 0 ? [] : this.#contents(corrections, 'tells')
    return { changed, replies }
  }

  #note(name: string, absence: Candidacy['absence'], nowMs: Millis): boolean {
    if (absence === undefined) return this.#list.arrive(name)
    const { home, incarnation } = absence
    if (home === undefined) return this.#list.end(name, incarnation)
    const { weight, zone } = home
    return this.#list.leave({ name, weight, zone }, incarnation, nowMs)
  }

  /** As many messages as it takes, and at least one. */
  #contents(entries: readonly AwayEntry[], purpose: 'asks' | 'tells'): readonly Content[] {
    const contents: Content[] = []
    let at = 0
    do {
      contents.push({
        type: 'away',
        asks: purpose === 'asks' && at === 0,
        isInformed: this.#briefing.isOver,
        entries: entries.slice(at, at + AWAY_ENTRIES_MAX),
      })
      at += AWAY_ENTRIES_MAX
    } while (at < entries.length)
    return contents
  }
}
