/** What a member of the demo is started with. */
export interface MemberSetup {
  readonly name: string
  /** Where it gossips, `host:port`. */
  readonly bind: string
  /** Where it serves HTTP. */
  readonly http: { readonly host: string; readonly port: number }
  readonly bootstrapHosts: readonly string[]
  readonly partitions: number
  readonly redundancy: number
  readonly minMembers: number
}

/** A partition that a member took, let go, or keeps under another index. */
export type Step =
  | { readonly type: 'acquire' | 'release'; readonly partition: number; readonly replica: number }
  | {
      readonly type: 'change'
      readonly partition: number
      readonly replica: number
      readonly previousReplica: number
    }

/** What a member tells the demo. */
export type FromMember =
  { readonly type: 'up' } | { readonly type: 'steps'; readonly steps: readonly Step[] }

/** What the demo tells a member. */
export interface ToMember {
  readonly type: 'leave'
}

/** What a member answers to a request for a key. */
export interface Answer {
  readonly path: string
  readonly partition: number
  readonly servedBy: string
}
