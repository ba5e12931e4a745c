import type { Member, MemberEvent, MemberEventType } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import { MEMBERS_MAX } from '../swim/members.ts'
import { Intents } from './intents.ts'
import { LamportClock, later, LTIME_LAST } from './lamport.ts'
import type { JoinIntent, LeaveIntent, UserState } from './messages.ts'
import { Roster, type RosterEntry } from './roster.ts'
import { nextStatus } from './status.ts'

/** What something heard led to. Every field is absent when it led to nothing of the kind. */
export interface Outcome {
  /** What to tell, in order. */
  readonly events?: readonly MemberEvent[]
  /** The message was news: pass it along. */
  readonly rebroadcast?: true
  /** Somebody says that we leave, and we do not: say so. */
  readonly refute?: true
  /** Leaves to bring to the members that they are about, which alone can refute them. */
  readonly doubted?: readonly LeaveIntent[]
  /** This member is to be forgotten once its farewell had the time to spread. */
  readonly pruneLater?: string
}

/** How long members that are gone, and intents, are remembered. */
export interface Remembrance {
  readonly reconnectTimeoutMs: Millis
  readonly tombstoneTimeoutMs: Millis
  readonly recentIntentTimeoutMs: Millis
}

/** Longest name of which an intent is kept, in characters. */
export const NAME_LENGTH_MAX = 1_024

const NOTHING: Outcome = {}
const NEWS: Outcome = { rebroadcast: true }

/**
 * Who is here and who is not, by what SWIM observes and by what members say they intend.
 *
 * @see serf serf.go `handleNodeJoin`, `handleNodeLeave`, `handleNodeUpdate`,
 *   `handleNodeJoinIntent`, `handleNodeLeaveIntent`; delegate.go `MergeRemoteState`.
 */
export class Attendance {
  readonly clock: LamportClock = new LamportClock()
  readonly roster: Roster = new Roster(MEMBERS_MAX)
  readonly #localName: string
  readonly #intents = new Intents()
  #leaving = false

  constructor(localName: string) {
    this.#localName = localName
  }

  /** SWIM sees a member that was not there before. */
  up(found: Omit<Member, 'status'>, nowMs: Millis): Outcome {
    const known = this.roster.get(found.name)
    if (known !== undefined) {
      const status = nextStatus(known.member.status, 'up')
      this.roster.put({ ...found, status }, nowMs)
      const ltime = this.#intents.get(found.name)?.ltime ?? 0n
      if (ltime > known.statusLTime) this.roster.setStatusLTime(found.name, ltime)
      return { events: [this.#event('member-join', found.name)] }
    }
    const intent = this.#intents.get(found.name)
    const status = intent?.type === 'leave' ? 'leaving' : 'alive'
    const displaced = this.roster.put({ ...found, status }, nowMs)
    if (intent !== undefined) this.roster.setStatusLTime(found.name, intent.ltime)
    const joined = this.#event('member-join', found.name)
    const reaped: MemberEvent[] =
      displaced === undefined ? [] : [{ type: 'member-reap', members: [displaced] }]
    return { events: [...reaped, joined], doubted: this.#doubtedOf(found.name) }
  }

  /** SWIM lost a member. */
  down(name: string, nowMs: Millis): Outcome {
    return this.#go(name, 'down', nowMs)
  }

  /** A member told SWIM its farewell. */
  left(name: string, nowMs: Millis): Outcome {
    return this.#go(name, 'farewell', nowMs)
  }

  /** A member has new tags or another address. */
  update(found: Omit<Member, 'status'>, nowMs: Millis): Outcome {
    const known = this.roster.get(found.name)
    if (known === undefined) return NOTHING
    this.roster.put({ ...found, status: known.member.status }, nowMs)
    return { events: [this.#event('member-update', found.name)] }
  }

  /** Somebody says that a member joined. */
  join({ node, ltime }: Omit<JoinIntent, 'type'>, nowMs: Millis): Outcome {
    this.clock.witness(ltime)
    const known = this.roster.get(node)
    if (known === undefined) return this.#keep('join', node, ltime, nowMs)
    // No time is left in which a leave of the last one could be refuted, so the same one will do.
    const refutesLast = ltime === LTIME_LAST && known.member.status === 'leaving'
    if (ltime <= known.statusLTime && !refutesLast) return NOTHING
    // Nobody but us can take back our farewell, and we do not.
    if (node === this.#localName && this.#leaving) return NOTHING
    // Of a later life than the one that has left. Were the farewell to bear its time, whoever we
    // tell of the farewell would take it for a newer one.
    if (known.member.status === 'left') return this.#keep('join', node, ltime, nowMs)
    const wasLeaving = known.member.status === 'leaving'
    this.#follow('join-intent', known, ltime, nowMs)
    // Serf tells nobody; but whoever took the member out of a ring has to put it back.
    return wasLeaving ? { ...NEWS, events: [this.#event('member-update', node)] } : NEWS
  }

  /** Somebody says that a member leaves, or has left. */
  leave({ node, ltime, prune }: Omit<LeaveIntent, 'type'>, nowMs: Millis): Outcome {
    this.clock.witness(ltime)
    const known = this.roster.get(node)
    if (known === undefined) return this.#keep('leave', node, ltime, nowMs)
    if (node === this.#localName && !this.#leaving) {
      // A leave of the same time as our join won with all who have not heard the join.
      return ltime >= known.statusLTime ? { refute: true } : NOTHING
    }
    if (ltime <= known.statusLTime) {
      // To us a leave of the same time as the join is no news, nor to anybody else who heard the join;
      // who did not, and says so, takes the member for leaving for ever.
      const isTie = ltime === known.statusLTime && known.member.status === 'alive'
      return isTie && !prune ? { doubted: [doubtOf(node, ltime)] } : NOTHING
    }

    const wasFailed = known.member.status === 'failed'
    this.#follow('leave-intent', known, ltime, nowMs)
    const events = wasFailed ? [this.#event('member-leave', node)] : []
    if (!prune || node === this.#localName) return { ...NEWS, events }
    if (known.member.status === 'leaving') {
      this.roster.setPrune(node, 'later')
      return { ...NEWS, events, pruneLater: node }
    }
    return { ...NEWS, events: [...events, ...this.#forget([known.member])] }
  }

  /** Take in the intents that another member remembers. Nothing of it is passed along. */
  merge({ leftMembers, statusLTimes }: UserState, nowMs: Millis): Outcome {
    const events: MemberEvent[] = []
    const doubted: LeaveIntent[] = []
    let refute = false
    for (const node of leftMembers) {
      if (this.#knowsBetter(node)) continue
      // One more, so that it wins over a join intent of the same time.
      const ltime = later(statusLTimes.get(node) ?? 0n)
      const outcome = this.leave({ node, ltime, prune: false }, nowMs)
      events.push(...(outcome.events ?? []))
      refute ||= outcome.refute === true
    }
    for (const [node, ltime] of statusLTimes) {
      // For those that left this says nothing, as they stand at a later time by now.
      if (this.#isOutbid(node, ltime)) refute = true
      else events.push(...(this.join({ node, ltime }, nowMs).events ?? []))
      doubted.push(...this.#doubtedOf(node))
    }
    return { events, doubted, ...(refute && { refute }) }
  }

  /**
   * The leave that we know of a member which SWIM sees all the same. It may be of its last life: whoever
   * comes back by way of a member that missed the leave joins at no later time, so that its join refutes
   * nothing. Serf itself then takes it for leaving for ever.
   */
  #doubtedOf(node: string): readonly LeaveIntent[] {
    const known = this.roster.get(node)
    if (known?.member.status !== 'leaving' || node === this.#localName) return []
    return [doubtOf(node, known.statusLTime)]
  }

  /**
   * Whether what another member remembers of a farewell is nothing to us: we remember it too, and
   * were we to make it later each time, it would overtake whoever comes back; or SWIM sees the
   * member, and would have heard from the other's that it is gone. Serf itself takes such a member
   * for one that is leaving, for ever where it has come back meanwhile.
   */
  #knowsBetter(node: string): boolean {
    if (node === this.#localName) return false
    const status = this.roster.get(node)?.member.status
    return status === 'left' || status === 'alive'
  }

  /** Our own join intent, taken in already. */
  announceJoin(nowMs: Millis): JoinIntent {
    const intent = { type: 'join', ltime: this.clock.time, node: this.#localName } as const
    this.join(intent, nowMs)
    return intent
  }

  /** Our own leave intent, taken in already. */
  announceLeave(nowMs: Millis): LeaveIntent {
    this.#leaving = true
    return this.announceLeaveOf(this.#localName, { prune: false }, nowMs).intent
  }

  /** A leave intent on behalf of another member, taken in already, and what it led to here. */
  announceLeaveOf(
    node: string,
    { prune }: Pick<LeaveIntent, 'prune'>,
    nowMs: Millis,
  ): { readonly intent: LeaveIntent; readonly outcome: Outcome } {
    const intent = { type: 'leave', ltime: this.clock.stamp(), node, prune } as const
    return { intent, outcome: this.leave(intent, nowMs) }
  }

  /** The others know our name as another's: to whoever counts on us, we are gone. */
  loseName(nowMs: Millis): Outcome {
    return this.#go(this.#localName, 'down', nowMs)
  }

  /**
   * Forget a member whose time to spread its farewell is over, unless it was alive again meanwhile.
   * One that SWIM still has is kept until it is gone: were it to talk again, SWIM would not tell. Serf
   * itself forgets it, for as long as it lives.
   */
  prune(name: string): Outcome {
    const known = this.roster.get(name)
    if (known?.prune === undefined) return NOTHING
    if (known.member.status === 'left') return { events: this.#forget([known.member]) }
    this.roster.setPrune(name, 'due')
    return NOTHING
  }

  /** Forget what was remembered for long enough. */
  reap(remembrance: Remembrance, nowMs: Millis): Outcome {
    const { reconnectTimeoutMs, tombstoneTimeoutMs, recentIntentTimeoutMs } = remembrance
    this.#intents.purge(recentIntentTimeoutMs, nowMs)
    const failed = this.roster.goneFor('failed', reconnectTimeoutMs, nowMs)
    const left = this.roster.goneFor('left', tombstoneTimeoutMs, nowMs)
    // Having left, we are still ourselves.
    const others = [...failed, ...left].filter(({ name }) => name !== this.#localName)
    return { events: this.#forget(others) }
  }

  #go(name: string, cause: 'down' | 'farewell', nowMs: Millis): Outcome {
    const known = this.roster.get(name)
    if (known === undefined) return NOTHING
    const status = nextStatus(known.member.status, cause)
    if (status === known.member.status) return NOTHING
    this.roster.setStatus(name, status, nowMs)
    const gone = this.#event(status === 'left' ? 'member-leave' : 'member-failed', name)
    return { events: known.prune === 'due' ? [gone, ...this.#forget([known.member])] : [gone] }
  }

  /** Keep an intent about somebody not met yet. */
  #keep(type: 'join' | 'leave', node: string, ltime: bigint, nowMs: Millis): Outcome {
    // Nobody bears the empty name, and what is said of us before we are here is of the past.
    if (node === '' || node === this.#localName) return NOTHING
    // Of so many names, none may be much longer than names are.
    if (node.length > NAME_LENGTH_MAX) return NOTHING
    return this.#intents.add(node, { type, ltime }, nowMs) ? NEWS : NOTHING
  }

  /**
   * Whether somebody knows a later intent about us than we do: gossip lost a leave on its way
   * to us, and where it did arrive we would be leaving for ever. Serf itself does not notice.
   */
  #isOutbid(node: string, ltime: bigint): boolean {
    if (node !== this.#localName || this.#leaving) return false
    const own = this.roster.get(node)
    if (own === undefined || ltime <= own.statusLTime) return false
    this.clock.witness(ltime)
    return true
  }

  #follow(
    cause: 'join-intent' | 'leave-intent',
    known: RosterEntry,
    ltime: bigint,
    nowMs: Millis,
  ): void {
    const { name, status } = known.member
    this.roster.setStatusLTime(name, ltime)
    const next = nextStatus(status, cause)
    if (next !== status) this.roster.setStatus(name, next, nowMs)
  }

  #forget(members: readonly Member[]): MemberEvent[] {
    for (const { name } of members) this.roster.remove(name)
    return members.map((member) => ({ type: 'member-reap', members: [member] }))
  }

  #event(type: MemberEventType, name: string): MemberEvent {
    const known = this.roster.get(name)
    return { type, members: known === undefined ? [] : [known.member] }
  }
}

/** One later than what was heard, as Serf itself does not refute a leave of the time of its join. */
function doubtOf(node: string, ltime: bigint): LeaveIntent {
  return { type: 'leave', ltime: later(ltime), node, prune: false }
}
