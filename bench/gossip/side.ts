export type Profile = 'lan' | 'local'

/** What a process tells of: a member, a user event by its name, or who acknowledged a query. */
export type What = 'join' | 'update' | 'leave' | 'failed' | 'event' | 'ack'

/** One thing that one process told. */
export interface Sight {
  /** When its line was read here, by `performance.now()`, whichever side the process is of. */
  readonly atMs: number
  readonly observer: string
  readonly what: What
  readonly subject: string
}

/** Where a member runs and with which timing. */
export interface Place {
  readonly name: string
  /** A loopback address of its own; gossip on port 7946. */
  readonly host: string
  readonly profile: Profile
  /**
   * Whether a process of ours first has nodes of its own do all that is measured, so that none of
   * its code runs for the first time. Agents are compiled ahead.
   */
  readonly isWarm: boolean
}

/** A member in a process of its own, not joined to anybody until it is told to. */
export interface Peer {
  readonly name: string
  /** Where it gossips. */
  readonly address: string
  readonly pid: number
  /** Resolves once that member has answered. */
  join(address: string): Promise<void>
  setTag(key: string, value: string): Promise<void>
  userEvent(name: string): Promise<void>
  /** Ask all members to acknowledge, each of which becomes a sight; resolves once it is asked. */
  query(name: string): Promise<void>
  /** Resolves once it has said farewell. */
  leave(): Promise<void>
  /** Drop connections over which commands are given: they are none of the traffic of a member. */
  hush(): Promise<void>
  kill(): Promise<void>
}

/** One of the two that are compared. */
export interface Side {
  readonly name: SideName
  /** Resolves once the process runs and takes commands. */
  start(place: Place, onSight: (sight: Sight) => void): Promise<Peer>
}

export const SIDE_NAMES = ['ours', 'agents'] as const
export type SideName = (typeof SIDE_NAMES)[number]
