import type { Member, MemberEvent } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { RingChannel } from './ring-channel.ts'

/** Hears of every change, in order. Must not throw and must not block. */
export type MemberListener = (event: MemberEvent) => void

/**
 * Who is there. `members()` and the events agree: once a listener has heard an event, the
 * table shows it.
 */
export interface Membership {
  /** The name of the local member. */
  readonly localName: string

  /** Begin. Events may come before this resolves. Idempotent. */
  start(): Promise<void>

  /** Everybody known in any status, the local member included once started. */
  members(): readonly Member[]

  /**
   * At which incarnation a member stands, from 0: of two accounts of it the one at the higher is
   * the later. A member that comes back ends up at a higher one, unless its name was forgotten
   * meanwhile. `undefined` of a stranger, and of one whose name was forgotten. Within a listener
   * it is the one that goes with the event.
   */
  incarnationOf(name: string): number | undefined

  /** Hear of changes from now on. Returns how to stop. */
  subscribe(listener: MemberListener): () => void

  /**
   * Replace the tags of the local member. Before `start` they are only kept. Resolves once they
   * have been spread, or could not be within the broadcast timeout.
   *
   * @throws {OptionError} when they do not fit into 512 bytes; nothing has changed then.
   */
  setTags(tags: Readonly<Record<string, string>>): Promise<void>

  /**
   * The least time for which the local member can be silent, in the cluster as it is now, without
   * the others declaring it dead; `Infinity` where nobody ever is.
   */
  deathAfterMs(): Millis

  /**
   * Have `watcher` called before the membership does anything: before it deals with what has come,
   * or with what is due. Must not throw. Returns how to stop.
   */
  watchEntries?(watcher: () => void): () => void

  /**
   * Whether there is anybody to wait for before deciding alone: false when no bootstrap host
   * was given, or membership is fixed.
   */
  readonly expectsOthers: boolean

  /**
   * Whether the local member is a process of its own, which the program only watches and which
   * outlives it. It may be in the ring as any other; the program holds nothing.
   *
   * @defaultValue false
   */
  readonly isObserver?: boolean

  /** How rings on different members talk; `undefined` where there is no way to. */
  readonly ringChannel?: RingChannel | undefined

  /**
   * Tell everybody that this member leaves for good. Idempotent; harmless before `start`.
   *
   * @throws {LibringError} `LIBRING_LEAVE_TIMEOUT` when the farewell could not be spread in time.
   */
  leave(): Promise<void>

  /** Stop without a word and free everything. Idempotent from every state. */
  stop(): Promise<void>
}
