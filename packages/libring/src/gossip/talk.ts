import { LibringError } from '../base/errors.ts'
import { Fifo } from '../base/fifo.ts'
import { requireBoolean, requireFunction, requireOneOf, requireOptions } from '../base/require.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { CoalesceOptions, GatherableEvent } from '../serf/coalesce.ts'
import type { SerfEffect } from '../serf/effects.ts'
import { Deferred } from './deferred.ts'
import { Keys } from './keys.ts'
import { Listeners } from './listeners.ts'
import { payloadBytes, requireName, type Payload } from './payload.ts'
import { Queries, type QueriesSetup, type QueryEffect } from './queries.ts'
import type { SerfEvents } from './serf-events.ts'
import { ToldEvents } from './told-events.ts'

export interface UserEventOptions {
  /**
   * Whether a newer event of this name makes this one superfluous, for members that wait a while
   * before they tell.
   *
   * @defaultValue false
   */
  readonly coalesce?: boolean
}

/** What of Serf's effects concerns the application. */
export type TalkEffect =
  | QueryEffect
  | Extract<
      SerfEffect,
      { type: 'members' | 'user-event' | 'user-event-sent' | 'query' | 'keys-changed' }
    >

export interface TalkSetup extends QueriesSetup {
  /** The names of the members alive or suspect, this one included. */
  readonly presentNames: () => readonly string[]
  /** @throws {LibringError} `LIBRING_CLOSED` unless the node is a member. */
  readonly requireAlive: () => void
  readonly logger: Logger
  readonly clock: Clock
  readonly serf: CoalesceOptions
}

const EVENT_TYPES: readonly (keyof SerfEvents)[] = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
  'user-event',
  'query',
  'name-conflict',
  'name-lost',
  'keys-changed',
  'bootstrap-failed',
]

/** What applications on different members tell and ask each other by Serf's own messages. */
export class Talk {
  readonly queries: Queries
  readonly keys: Keys
  readonly #setup: TalkSetup
  readonly #listeners: Listeners<SerfEvents>
  readonly #events: ToldEvents
  /** Events on their way through the machine, in order. */
  readonly #sending = new Fifo<Deferred<void>>()

  constructor(setup: TalkSetup) {
    this.#setup = setup
    this.queries = new Queries(setup)
    this.keys = new Keys({ ...setup, queries: this.queries })
    this.#listeners = new Listeners((type, error) => {
      setup.logger.error('a listener threw', { type, error })
    })
    this.#events = new ToldEvents(setup.clock, setup.serf, (event) => this.#tellEvent(event))
  }

  /** Hear of one type of event from now on, in line. Returns how to stop. */
  on<T extends keyof SerfEvents>(type: T, listener: (event: SerfEvents[T]) => void): () => void {
    requireOneOf('type', type, EVENT_TYPES)
    requireFunction('listener', listener)
    return this.#listeners.add(type, listener)
  }

  /**
   * Tell every member of something, this node included. Resolves once it is on its way.
   *
   * @throws {LibringError} `LIBRING_TOO_LARGE` when it is over `userEventBytesMax`;
   *   `LIBRING_CLOSED` unless the node is a member.
   */
  async userEvent(name: string, payload?: Payload, options: UserEventOptions = {}): Promise<void> {
    requireName('name', name)
    const bytes = payloadBytes('payload', payload)
    requireOptions(options, ['coalesce'])
    const { coalesce = false } = options
    requireBoolean('options.coalesce', coalesce)
    this.#setup.requireAlive()
    const sent = new Deferred<void>()
    this.#sending.push(sent)
    this.#setup.feed({ type: 'user-event', name, payload: bytes, coalesce })
    await sent.promise
  }

  perform(effect: TalkEffect): void {
    switch (effect.type) {
      case 'members':
      case 'user-event':
        return this.#events.take(effect)
      case 'user-event-sent':
        return settle(this.#sending.take(), effect.refusal)
      case 'query':
        return this.#listeners.tell('query', this.queries.received(effect), ({ payload }) =>
          this.queries.received({ ...effect, payload: payload.slice() }),
        )
      case 'keys-changed':
        return this.#listeners.tell('keys-changed', copiesOf(effect.keys), copiesOf)
      case 'query-sent':
      case 'query-answer':
      case 'query-over':
        return this.queries.perform(effect)
    }
  }

  tell<T extends keyof SerfEvents>(type: T, event: SerfEvents[T]): void {
    this.#listeners.tell(type, event)
  }

  /** Nothing is answered any more. */
  stop(closed: () => LibringError): void {
    this.#events.stop()
    this.queries.stop(closed)
    for (let next = this.#sending.take(); next !== undefined; next = this.#sending.take()) {
      next.reject(closed())
    }
  }

  #tellEvent(told: GatherableEvent): void {
    if (told.type === 'members') return this.#listeners.tell(told.event.type, told.event)
    const { name, payload, ltime, coalesce } = told
    this.#listeners.tell('user-event', { name, payload, ltime, coalesce }, (event) => {
      return { ...event, payload: event.payload.slice() }
    })
  }
}

function copiesOf(keys: readonly Uint8Array[]): Uint8Array[] {
  return keys.map((key) => key.slice())
}

function settle(call: Deferred<void> | undefined, refusal: string | undefined): void {
  if (refusal === undefined) call?.resolve()
  else call?.reject(new LibringError('LIBRING_TOO_LARGE', refusal))
}
