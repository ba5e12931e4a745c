/** What a member is started with, as JSON in the environment variable `STAGE`. */
export interface MemberSetup {
  readonly name: string
  /** Where it gossips, `host:port`. */
  readonly bind: string
  readonly http: { readonly host: string; readonly port: number }
  readonly bootstrapHosts: readonly string[]
  /** What else this example has its members know. */
  readonly settings: Readonly<Record<string, string>>
}

/** What a member tells the stage: the partitions it owns now. */
export interface Holdings {
  readonly owned: readonly number[]
}
