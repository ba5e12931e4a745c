import type { Member, MemberEvent, MemberEventType } from '../base/member.ts'
import type { Millis } from '../base/time.ts'

interface Row {
  readonly member: Member
  readonly incarnation: number
}

/** How many names are remembered of members that are gone, for the incarnation they left with. */
const FORGOTTEN_MAX = 1_024

/**
 * The members that an agent tells of, by one whole list after the other, and what has changed
 * between two of them.
 *
 * A member that is missing from lists counts as gone only after a while, unless the agent said so:
 * one that was started anew has yet to find the others. The agent does not show incarnations, so
 * they are counted here: one more each time that a member comes back.
 */
export class AgentTable {
  readonly #absenceMs: Millis
  readonly #rows = new Map<string, Row>()
  readonly #missingSinceMs = new Map<string, Millis>()
  readonly #forgotten = new Map<string, number>()
  #members: readonly Member[] = []

  constructor(absenceMs: Millis) {
    this.#absenceMs = absenceMs
  }

  /** Every list handed out stays as it is. */
  get members(): readonly Member[] {
    return this.#members
  }

  /** Whether members are missing that do not count as gone yet. */
  get isIncomplete(): boolean {
    return this.#missingSinceMs.size > 0
  }

  incarnationOf(name: string): number | undefined {
    return this.#rows.get(name)?.incarnation
  }

  /** The agent has forgotten these: once they are missing, they are gone. */
  expectGone(names: readonly string[]): void {
    for (const name of names) if (this.#rows.has(name)) this.#missingSinceMs.set(name, -Infinity)
  }

  /** What the list changes is told one event after the other, when all of it is in `members`. */
  take(list: readonly Member[], nowMs: Millis, tell: (event: MemberEvent) => void): void {
    const changes = new Changes()
    const listed = new Set<string>()
    for (const member of list) {
      listed.add(member.name)
      this.#missingSinceMs.delete(member.name)
      this.#put(member, changes)
    }
    for (const name of [...this.#rows.keys()]) {
      if (listed.has(name)) continue
      const sinceMs = this.#missingSinceMs.get(name) ?? nowMs
      this.#missingSinceMs.set(name, sinceMs)
      if (nowMs - sinceMs >= this.#absenceMs) this.#remove(name, changes)
    }
    this.#publish(changes, tell)
  }

  #put(member: Member, changes: Changes): void {
    const { name } = member
    const before = this.#rows.get(name)
    const type = changeOf(before?.member, member)
    if (type === undefined) return
    const incarnation = before?.incarnation ?? this.#forgotten.get(name) ?? 0
    const isBack = type === 'member-join' && (before !== undefined || this.#forgotten.has(name))
    this.#forgotten.delete(name)
    this.#rows.set(name, { member, incarnation: isBack ? incarnation + 1 : incarnation })
    changes.add(type, member)
  }

  #remove(name: string, changes: Changes): void {
    const row = this.#rows.get(name)
    if (row === undefined) return
    this.#rows.delete(name)
    this.#missingSinceMs.delete(name)
    this.#forgotten.set(name, row.incarnation)
    if (this.#forgotten.size > FORGOTTEN_MAX) {
      const [oldest] = this.#forgotten.keys()
      this.#forgotten.delete(oldest!)
    }
    changes.add('member-reap', row.member)
  }

  #publish({ events }: Changes, tell: (event: MemberEvent) => void): void {
    if (events.length === 0) return
    this.#members = [...this.#rows.values()].map(({ member }) => member)
    for (const event of events) tell(event)
  }
}

/** Events in the making, one for each type. No member is in two. */
class Changes {
  readonly #byType = new Map<MemberEventType, Member[]>()

  get events(): readonly MemberEvent[] {
    return [...this.#byType].map(([type, members]) => ({ type, members }))
  }

  add(type: MemberEventType, member: Member): void {
    const members = this.#byType.get(type)
    if (members === undefined) this.#byType.set(type, [member])
    else members.push(member)
  }
}

/** What others would call the step from `before` to `after`; `undefined` where nothing changed. */
export function changeOf(before: Member | undefined, after: Member): MemberEventType | undefined {
  if (before?.status === after.status) return isSame(before, after) ? undefined : 'member-update'
  switch (after.status) {
    case 'alive':
      return before?.status === 'leaving' ? 'member-update' : 'member-join'
    case 'leaving':
      return before?.status === 'alive' ? 'member-update' : 'member-join'
    case 'left':
      return 'member-leave'
    case 'failed':
      return 'member-failed'
  }
}

function isSame(left: Member, right: Member): boolean {
  if (left.host !== right.host || left.port !== right.port) return false
  const names = Object.keys(left.tags)
  if (names.length !== Object.keys(right.tags).length) return false
  return names.every((name) => left.tags[name] === right.tags[name])
}
