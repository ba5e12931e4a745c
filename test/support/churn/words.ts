/** What the processes of a rig say to each other. All times are of one clock, see {@link nowMs}. */

/** The clock that all processes of one machine share. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}

/** What requests ask for: a read of any holder, a read or a write of the acting primary. */
export type Kind = 'read' | 'primary' | 'write'

export interface MemberSetup {
  readonly name: string
  /** A loopback address of its own; gossip on port 7946, HTTP on 8080. */
  readonly host: string
  readonly join: readonly string[]
  readonly keyring: readonly string[]
  readonly secret: string
  readonly partitions: number
  readonly redundancy: number
  readonly settleMs: number
  readonly maxHops: number
  readonly acquireWaitMs: number
  readonly upstreamTimeoutMs: number
  readonly probeIntervalMs: number
  readonly probeTimeoutMs: number
}

export type MemberCommand =
  | { readonly type: 'state'; readonly id: number }
  /** Hand everything over. */
  | { readonly type: 'drain' }
  /** Answer what there is, and end. */
  | { readonly type: 'close' }

/** Whom a member sees in the ring, and what it serves. */
export interface MemberState {
  readonly members: readonly string[]
  /** By partition, the member that the ring names. */
  readonly primaries: readonly string[]
  readonly serving: readonly number[]
}

/** A member tells what it does as it does it. */
export type MemberNews =
  | { readonly type: 'started' }
  | { readonly type: 'state'; readonly id: number; readonly state: MemberState }
  /** It holds the partition under this index from now on, or not at all. */
  | {
      readonly type: 'step'
      readonly at: number
      readonly partition: number
      readonly replica: number | undefined
      readonly token: string | undefined
    }
  /** It has heard that another one failed, or is there. */
  | {
      readonly type: 'heard'
      readonly at: number
      readonly what: 'failed' | 'joined' | 'left'
      readonly name: string
    }
  | { readonly type: 'stalled'; readonly at: number }
  /** Requests that came in. */
  | { readonly type: 'arrivals'; readonly arrivals: readonly Arrival[] }
  | { readonly type: 'drained' }

/**
 * Name of the request, how often it was forwarded, and what was answered: 0 for nothing whole, and
 * what the member knew of the partition where that was no answer of its owner.
 */
export type Arrival = readonly [request: string, hop: number, status: number, standing: string]

/** What a member answers. */
export interface Answer {
  readonly member: string
  readonly partition: number
  /** In 16 hexadecimal digits; of the primary only. */
  readonly token: string | undefined
  readonly hops: number
  readonly servedAt: number
  readonly endedAt: number
  /** How many bytes of the body came. */
  readonly bytes: number
}

export interface LoadSetup {
  readonly seed: number
  /** Requests per second, whatever becomes of them. */
  readonly rate: number
  readonly keys: number
  readonly bodyBytes: number
  /** How long the client waits for an answer. */
  readonly timeoutMs: number
}

export type LoadCommand =
  | { readonly type: 'addresses'; readonly id: number; readonly hosts: readonly string[] }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }

export type LoadNews =
  /** Nothing more goes to other addresses, and nothing is under way there. */
  | { readonly type: 'addressed'; readonly id: number }
  | { readonly type: 'sent'; readonly records: readonly Sent[] }
  | { readonly type: 'stopped' }

/** What became of one request. One that an address did not answer is sent again to another one. */
export interface Sent {
  /** The number of the request, a dot, and how often it was sent before. */
  readonly name: string
  readonly kind: Kind
  readonly key: string
  /** Host of the member that it was sent to. */
  readonly front: string
  /** When it should have been sent. */
  readonly dueAt: number
  readonly sentAt: number
  readonly doneAt: number
  /** 0 when that member did not answer. */
  readonly status: number
  /** Of what a router answered itself. */
  readonly code: string | undefined
  readonly answer: Answer | undefined
  /** What went wrong with the connection. */
  readonly trouble: string | undefined
}

export interface SocketsSetup {
  readonly seed: number
  readonly hosts: readonly string[]
  readonly rooms: number
  /** In all; so many times as many as rooms. */
  readonly sockets: number
}

export type SocketsCommand =
  | { readonly type: 'addresses'; readonly hosts: readonly string[] }
  | { readonly type: 'call'; readonly id: number }

/** A socket, and the member that its room is on from then on; empty when it was closed. */
export type SocketChange = readonly [socket: number, at: number, member: string]

export type SocketsNews =
  | { readonly type: 'changes'; readonly changes: readonly SocketChange[] }
  /** How many rooms there are where not all have heard the call. */
  | { readonly type: 'called'; readonly id: number; readonly missing: number }
