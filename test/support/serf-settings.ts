import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'

/** How agents and nodes of ours are set up beside each other. */
export interface SerfSetting {
  readonly encrypted: boolean
  /** Whether agents compress. */
  readonly they: boolean
  /** Whether nodes of ours compress. */
  readonly we: boolean
  /** The setting for a `serf agent`. */
  readonly args: readonly string[]
  /** The same for a node of ours. */
  readonly options: GossipOptions
}

/** A setting as titles of tests have it. */
export const SETTING = 'encrypted: $encrypted, compressing: they $they, we $we'

const KEY = Buffer.alloc(32, 'k').toString('base64')

const EITHER = [true, false]

export const ALL_SETTINGS: readonly SerfSetting[] = EITHER.flatMap((encrypted) =>
  EITHER.flatMap((they) => EITHER.map((we) => settingOf(encrypted, they, we))),
)

/** As agents are by default; and encrypted, with one of the two kinds compressing only. */
export const SETTINGS: readonly SerfSetting[] = [
  settingOf(false, true, true),
  settingOf(true, true, false),
  settingOf(true, false, true),
]

function settingOf(encrypted: boolean, they: boolean, we: boolean): SerfSetting {
  return {
    encrypted,
    they,
    we,
    args: [...(encrypted ? [`-encrypt=${KEY}`] : []), ...(they ? [] : ['-disable-compression'])],
    options: { compression: we, keyring: encrypted ? [KEY] : [] },
  }
}
