import { later, type LamportClock } from './lamport.ts'
import type { UserState } from './messages.ts'
import type { Questions } from './questions.ts'
import type { SnapshotClock } from './snapshot-lines.ts'
import type { SerfGauges } from './stats.ts'
import type { UserEvents } from './user-events.ts'

/** Serf's three clocks: of intents, of user events and of queries. */
export class Clocks {
  readonly #intents: LamportClock
  readonly #userEvents: UserEvents
  readonly #questions: Questions

  constructor(intents: LamportClock, userEvents: UserEvents, questions: Questions) {
    this.#intents = intents
    this.#userEvents = userEvents
    this.#questions = questions
  }

  /**
   * The last times seen of intents and of queries; and the last one whose user events are not told. Of
   * those after it some may be missing yet, whatever their clock shows.
   */
  get last(): Readonly<Record<SnapshotClock, bigint>> {
    return {
      clock: this.#intents.time - 1n,
      'event-clock': this.#userEvents.ignoredUntil,
      'query-clock': this.#questions.clock.time - 1n,
    }
  }

  get gauges(): Pick<SerfGauges, 'memberTime' | 'eventTime' | 'queryTime'> {
    return {
      memberTime: this.#intents.time,
      eventTime: this.#userEvents.clock.time,
      queryTime: this.#questions.clock.time,
    }
  }

  /** What a push/pull shows of the latter two, and the events of the last times. */
  get shown(): Pick<UserState, 'eventLTime' | 'queryLTime' | 'events'> {
    const events = this.#userEvents.recent()
    const queryLTime = this.#questions.clock.time
    return { eventLTime: this.#userEvents.clock.time, queryLTime, events }
  }

  /** Another member's clocks show the time after the last message it knows. */
  witness({ ltime, eventLTime, queryLTime }: UserState): void {
    this.#intents.witnessBefore(ltime)
    this.#userEvents.clock.witnessBefore(eventLTime)
    this.#questions.clock.witnessBefore(queryLTime)
  }

  /** Go on after the times of an earlier process, whose events and queries are over. */
  recall(ltimes: Readonly<Record<SnapshotClock, bigint>>): void {
    this.#intents.witness(ltimes.clock)
    this.#userEvents.clock.witness(ltimes['event-clock'])
    this.#userEvents.ignoreBefore(later(ltimes['event-clock']))
    this.#questions.clock.witness(ltimes['query-clock'])
    this.#questions.ignoreBefore(later(ltimes['query-clock']))
  }
}
