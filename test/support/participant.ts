/** One row of `serf members`. */
export interface SerfMember {
  readonly name: string
  /** `host:port`. */
  readonly address: string
  readonly status: string
  readonly tags: Readonly<Record<string, string>>
}

/** One member of a mixed cluster, a serf agent or a node of ours, in a process of its own. */
export interface Participant extends AsyncDisposable {
  readonly name: string
  /** Where it gossips, `host:port`. */
  readonly address: string
  /** The end of what it logged. */
  readonly log: string
  /** Everybody it knows, by name. */
  members(): Promise<SerfMember[]>
  /** Whether it ever held `name` for failed. */
  sawFail(name: string): boolean
  setTag(key: string, value: string): Promise<void>
  join(address: string): Promise<void>
  forceLeave(name: string, options?: { readonly prune?: boolean }): Promise<void>
  /** Tell everybody of something. */
  userEvent(name: string): Promise<void>
  /** Whether it was told of a user event. */
  heard(name: string): boolean
  /** Who acknowledges a query within 3 s, by name, itself included. */
  acknowledging(name: string, relayFactor: number): Promise<string[]>
  /** Expected round trip between two members in milliseconds, once it knows where both are. */
  rtt(a: string, b: string): Promise<number | undefined>
  /** Say farewell to everybody and end. */
  leave(): Promise<void>
  /** End without a word, as a crash does. */
  kill(): Promise<void>
}
