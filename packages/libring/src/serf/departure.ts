import type { Millis } from '../base/time.ts'
import { advanceLeave, leaveDeadlineMs, statusWhile, type Leave, type LeaveInput } from './leave.ts'
import type { Outlet } from './outlet.ts'

/** How long the steps of a farewell may take. */
export interface DepartureSetting {
  readonly broadcastTimeoutMs: Millis
  readonly leavePropagateDelayMs: Millis
}

/** How far the local member is on its way out. */
export class Departure {
  readonly #outlet: Outlet
  readonly #setting: DepartureSetting
  #leave: Leave = { phase: 'none' }
  #intent: Uint8Array | undefined

  constructor(outlet: Outlet, setting: DepartureSetting) {
    this.#outlet = outlet
    this.#setting = setting
  }

  /** The local member's own status. */
  get status(): 'alive' | 'leaving' | 'left' {
    return statusWhile(this.#leave)
  }

  /** Of the broadcast that is waited for, if any. */
  get ticket(): number | undefined {
    return this.#leave.phase === 'announcing' ? this.#leave.ticket : undefined
  }

  /**
   * Leave, or say again that we have left.
   *
   * @param intent asked for at most once; gives nothing where there is nobody to tell.
   */
  begin(intent: () => Uint8Array | undefined, nowMs: Millis): void {
    if (this.#leave.phase === 'gone') this.#tellGone(this.#leave.spread)
    if (this.#leave.phase !== 'none') return
    const bytes = intent()
    if (bytes === undefined) return this.#enter({ phase: 'gone', spread: true })
    this.#intent = bytes
    this.#announceIntent()
    const ticket = this.#outlet.nextTicket()
    const untilMs = nowMs + this.#setting.broadcastTimeoutMs
    if (this.#outlet.spread('intents', bytes, ticket)) {
      this.#enter({ phase: 'announcing', ticket, untilMs })
    } else {
      this.#enter({ phase: 'departing', announced: false })
    }
  }

  advance(input: LeaveInput, nowMs: Millis): void {
    const next = advanceLeave(this.#leave, input, this.#setting.leavePropagateDelayMs, nowMs)
    if (next !== this.#leave) this.#enter(next)
  }

  #enter(leave: Leave): void {
    this.#leave = leave
    const deadlineMs = leaveDeadlineMs(leave)
    if (deadlineMs === undefined) this.#outlet.deadlines.clear('leave')
    else this.#outlet.deadlines.set('leave', deadlineMs)
    if (leave.phase === 'departing') {
      this.#outlet.order({ type: 'leave' })
      // Behind the farewell, as agents take what came last first; ours take intents first.
      this.#announceIntent()
    }
    if (leave.phase === 'gone') this.#tellGone(leave.spread)
  }

  /**
   * Tell everybody at once: first, and again in one packet with the farewell. Gossip alone loses an
   * intent now and then, or lets the farewell overtake it, and to who knows of none we have failed.
   */
  #announceIntent(): void {
    if (this.#intent !== undefined) {
      this.#outlet.order({ type: 'announce', payload: this.#intent })
    }
  }

  #tellGone(spread: boolean): void {
    this.#outlet.tell({ type: 'left', spread })
  }
}
