import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import type { Member, MemberEventType } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { SerfEffect } from './effects.ts'
import type { ResolvedSerfOptions } from './options.ts'

/** What can be gathered: changes of membership, and user events. */
export type GatherableEvent = Extract<SerfEffect, { type: 'members' | 'user-event' }>

type MembersTold = Extract<GatherableEvent, { type: 'members' }>
type UserEventTold = Extract<GatherableEvent, { type: 'user-event' }>

/** An event, or that all that wait are to be told now. */
export type CoalesceInput = GatherableEvent | { readonly type: 'flush' }

/** The periods of both windows. */
export type CoalesceOptions = Pick<
  ResolvedSerfOptions,
  'coalescePeriodMs' | 'quiescentPeriodMs' | 'userCoalescePeriodMs' | 'userQuiescentPeriodMs'
>

/** Most members, and most user events, that wait: with the next one all are told at once. */
export const WAITING_MAX = 4_096

/** Most bytes that the names and payloads of user events that wait have in all. */
export const WAITING_BYTES_MAX = 1_048_576

/**
 * Gathers events in windows, as agents do before they tell: a window opens with its first event and
 * is over `coalescePeriodMs` later, or once `quiescentPeriodMs` have passed without another one.
 * Members and user events have a window each; events that do not gather pass at once.
 */
export class EventCoalescer implements Machine<CoalesceInput, GatherableEvent> {
  readonly #memberWindow: Window | undefined
  readonly #userWindow: Window | undefined
  readonly #members = new GatheredMembers()
  readonly #userEvents = new GatheredUserEvents()
  readonly #told = new Fifo<GatherableEvent>()

  constructor(options: CoalesceOptions) {
    this.#memberWindow = windowOf(options.coalescePeriodMs, options.quiescentPeriodMs)
    this.#userWindow = windowOf(options.userCoalescePeriodMs, options.userQuiescentPeriodMs)
  }

  handle(input: CoalesceInput, nowMs: Millis): void {
    this.tick(nowMs)
    switch (input.type) {
      case 'members':
        return this.#takeMembers(input, nowMs)
      case 'user-event':
        return this.#takeUserEvent(input, nowMs)
      case 'flush':
        this.#flushMembers()
        this.#flushUserEvents()
    }
  }

  tick(nowMs: Millis): void {
    if (this.#memberWindow?.isOver(nowMs) === true) this.#flushMembers()
    if (this.#userWindow?.isOver(nowMs) === true) this.#flushUserEvents()
  }

  deadlineMs(): Millis | undefined {
    const [a, b] = [this.#memberWindow?.endMs, this.#userWindow?.endMs]
    return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
  }

  poll(): GatherableEvent | undefined {
    return this.#told.take()
  }

  #takeMembers(event: MembersTold, nowMs: Millis): void {
    if (this.#memberWindow === undefined) return this.#told.push(event)
    this.#memberWindow.note(nowMs)
    this.#members.add(event)
    if (this.#members.isFull) this.#flushMembers()
  }

  #takeUserEvent(event: UserEventTold, nowMs: Millis): void {
    if (this.#userWindow === undefined || !event.coalesce) return this.#told.push(event)
    this.#userWindow.note(nowMs)
    this.#userEvents.add(event)
    if (this.#userEvents.isFull) this.#flushUserEvents()
  }

  #flushMembers(): void {
    this.#memberWindow?.close()
    for (const event of this.#members.take()) this.#told.push(event)
  }

  #flushUserEvents(): void {
    this.#userWindow?.close()
    for (const event of this.#userEvents.take()) this.#told.push(event)
  }
}

function windowOf(periodMs: Millis, quiescentMs: Millis): Window | undefined {
  return periodMs > 0 && quiescentMs > 0 ? new Window(periodMs, quiescentMs) : undefined
}

class Window {
  readonly #periodMs: Millis
  readonly #quiescentMs: Millis
  #lastMs: Millis | undefined
  #endMs: Millis | undefined

  constructor(periodMs: Millis, quiescentMs: Millis) {
    this.#periodMs = periodMs
    this.#quiescentMs = quiescentMs
  }

  /** When it is over unless something else comes; `undefined` while it is closed. */
  get endMs(): Millis | undefined {
    return this.#endMs
  }

  isOver(nowMs: Millis): boolean {
    return this.#endMs !== undefined && this.#endMs <= nowMs
  }

  note(nowMs: Millis): void {
    this.#lastMs ??= nowMs + this.#periodMs
    this.#endMs = Math.min(this.#lastMs, nowMs + this.#quiescentMs)
  }

  close(): void {
    this.#lastMs = undefined
    this.#endMs = undefined
  }
}

/** By name, the last that happened to a member. */
class GatheredMembers {
  readonly #waiting = new Map<string, readonly [MemberEventType, Member]>()
  /** What was told last of members; of those that are forgotten, nothing, as of strangers. */
  readonly #lastTold = new Map<string, MemberEventType>()

  get isFull(): boolean {
    return this.#waiting.size > WAITING_MAX
  }

  add({ event: { type, members } }: MembersTold): void {
    for (const member of members) {
      // Anew at the end, so that what is told comes in the order of what happened last.
      this.#waiting.delete(member.name)
      this.#waiting.set(member.name, [type, member])
    }
  }

  /** One event of each type, for those members of whom the last that was told is another. */
  take(): MembersTold[] {
    const byType = new Map<MemberEventType, Member[]>()
    for (const [name, [type, member]] of this.#waiting) {
      const lastTold = this.#lastTold.get(name) ?? 'member-reap'
      if (lastTold === type && type !== 'member-update') continue
      if (type === 'member-reap') this.#lastTold.delete(name)
      else this.#lastTold.set(name, type)
      const members = byType.get(type)
      if (members === undefined) byType.set(type, [member])
      else members.push(member)
    }
    this.#waiting.clear()
    return [...byType].map(([type, members]) => ({ type: 'members', event: { type, members } }))
  }
}

/** By name, the latest user events. */
class GatheredUserEvents {
  readonly #waiting = new Map<string, UserEventTold[]>()
  #count = 0
  #bytes = 0

  get isFull(): boolean {
    return this.#count > WAITING_MAX || this.#bytes > WAITING_BYTES_MAX
  }

  add(event: UserEventTold): void {
    const latest = this.#waiting.get(event.name)
    if (latest !== undefined && latest[0]!.ltime > event.ltime) return
    if (latest !== undefined && latest[0]!.ltime === event.ltime) {
      latest.push(event)
    } else {
      for (const superfluous of latest ?? []) this.#weigh(superfluous, -1)
      this.#waiting.delete(event.name)
      this.#waiting.set(event.name, [event])
    }
    this.#weigh(event, 1)
  }

  take(): UserEventTold[] {
    const events = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    this.#count = 0
    this.#bytes = 0
    return events
  }

  #weigh({ name, payload }: UserEventTold, by: 1 | -1): void {
    this.#count += by
    this.#bytes += by * (name.length + payload.length)
  }
}
