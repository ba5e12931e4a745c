import type { Member, MemberEvent, MemberEventType, MemberStatus } from '../base/member.ts'
import type { Millis } from '../base/time.ts'

interface Row {
  readonly member: Member
  readonly incarnation: number
}

/** How many names are remembered of members that are gone, for the incarnation they left with. */
const FORGOTTEN_MAX = 1_024

/**
 * The members that an agent tells of, by its events and by whole lists, and what has changed.
 *
 * A list and events overtake one another. An event that comes while a list is under way counts
 * more than the list, of the members it names; and such a list is not the last word, so another
 * one is due. A member that is missing from lists counts as gone only after a while: an agent that
 * was started anew has yet to find the others. The agent does not show incarnations, so they are
 * counted here: one more each time that a member comes back.
 */
export class AgentTable {
  readonly #absenceMs: Millis
  readonly #rows = new Map<string, Row>()
  readonly #missingSinceMs = new Map<string, Millis>()
  readonly #forgotten = new Map<string, number>()
  /** Whom events named since the list under way was asked for. */
  readonly #touched = new Set<string>()
  #members: readonly Member[] = []
  #isUnsure = false

  constructor(absenceMs: Millis) {
    this.#absenceMs = absenceMs
  }

  /** Every list handed out stays as it is. */
  get members(): readonly Member[] {
    return this.#members
  }

  /** Whether the last list was not the last word, so that another should follow soon. */
  get isUnsure(): boolean {
    return this.#isUnsure
  }

  incarnationOf(name: string): number | undefined {
    return this.#rows.get(name)?.incarnation
  }

  /** Something has happened. What that changes is told one event after the other. */
  hear(event: MemberEvent, tell: (event: MemberEvent) => void): void {
    this.#isUnsure = true
    const changes = new Changes()
    for (const member of event.members) {
      this.#touched.add(member.name)
      this.#missingSinceMs.delete(member.name)
      if (event.type === 'member-reap') this.#remove(member.name, changes)
      else this.#put(asAfter(event.type, member), changes)
    }
    this.#publish(changes, tell)
  }

  /** A list is about to be asked for. One at a time. */
  expectList(): void {
    this.#touched.clear()
  }

  /** The list is there. */
  take(list: readonly Member[], nowMs: Millis, tell: (event: MemberEvent) => void): void {
    this.#isUnsure = this.#touched.size > 0
    const changes = new Changes()
    const listed = new Set<string>()
    for (const member of list) {
      listed.add(member.name)
      this.#missingSinceMs.delete(member.name)
      if (!this.#touched.has(member.name)) this.#put(member, changes)
    }
    for (const name of [...this.#rows.keys()]) {
      if (listed.has(name) || this.#touched.has(name)) continue
      const sinceMs = this.#missingSinceMs.get(name) ?? nowMs
      this.#missingSinceMs.set(name, sinceMs)
      if (nowMs - sinceMs < this.#absenceMs) this.#isUnsure = true
      else this.#remove(name, changes)
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

/** An event says what became of a member; its own word on that may be older. */
function asAfter(type: MemberEventType, member: Member): Member {
  const status = STATUS_AFTER[type]
  if (status === undefined || status === member.status) return member
  return Object.freeze({ ...member, status })
}

const STATUS_AFTER: Readonly<Partial<Record<MemberEventType, MemberStatus>>> = {
  'member-join': 'alive',
  'member-leave': 'left',
  'member-failed': 'failed',
}

function isSame(left: Member, right: Member): boolean {
  if (left.host !== right.host || left.port !== right.port) return false
  const names = Object.keys(left.tags)
  if (names.length !== Object.keys(right.tags).length) return false
  return names.every(
    (name) => Object.hasOwn(right.tags, name) && left.tags[name] === right.tags[name],
  )
}
