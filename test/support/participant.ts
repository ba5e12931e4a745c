/** One row of `serf members`. */
export interface SerfMember {
  readonly name: string
  /** `host:port`. */
  readonly address: string
  readonly status: string
  readonly tags: Readonly<Record<string, string>>
}

/** Whom a query is for, everybody unless given, and through how many others answers come as well. */
export interface Question {
  readonly filterNodes?: readonly string[]
  /** Regular expressions by the name of the tag that they have to match. */
  readonly filterTags?: Readonly<Record<string, string>>
  readonly relayFactor?: number
}

export interface Answers {
  /** Who acknowledged, by name. */
  readonly acks: readonly string[]
  /** What was responded, by the name of who did. */
  readonly responses: Readonly<Record<string, string>>
}

export type KeyOperation = 'install' | 'use' | 'remove'

/** One member of a mixed cluster, a serf agent or a node of ours, in a process of its own. */
export interface Participant extends AsyncDisposable {
  readonly name: string
  /** Where it gossips, `host:port`. */
  readonly address: string
  /** The end of what it logged. */
  readonly log: string
  readonly hasExited: boolean
  /** Everybody it knows, by name. */
  members(): Promise<SerfMember[]>
  /** Whether it ever held `name` for failed. */
  sawFail(name: string): boolean
  setTag(key: string, value: string): Promise<void>
  join(address: string): Promise<void>
  forceLeave(name: string, options?: { readonly prune?: boolean }): Promise<void>
  /** Joins, leaves and forced leaves that it still has to pass along. */
  intentsQueued(): Promise<number>
  /** Tell everybody of something. */
  userEvent(name: string): Promise<void>
  /** Whether it was told of a user event. */
  heard(name: string): boolean
  /** What comes back to a query within 3 s, from itself included. */
  ask(name: string, question?: Question): Promise<Answers>
  /** Whether a query of this name was for it, and came. */
  wasAsked(name: string): boolean
  /** Rejects unless every member did as asked. */
  keys(operation: KeyOperation, key: string): Promise<void>
  /** How many members have a key, by the key. Rejects unless every member told its keys. */
  keyCounts(): Promise<Readonly<Record<string, number>>>
  /** Expected round trip between two members in milliseconds, once it knows where both are. */
  rtt(a: string, b: string): Promise<number | undefined>
  /** Say farewell to everybody and end. */
  leave(): Promise<void>
  /** End without a word, as a crash does. */
  kill(): Promise<void>
}
