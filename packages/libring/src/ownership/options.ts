import { requireBoolean, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'

/** When the local member acts on what it sees. */
export interface OwnershipOptions {
  /**
   * How long changes of membership are gathered before they are acted on as one, counted from the
   * first of them and never extended. A failure is acted on at once. 0 to 600,000.
   *
   * @defaultValue 1000
   */
  readonly settleMs?: Millis

  /**
   * How long a member waits for somebody other than itself before it forms a ring alone. Does not
   * apply where nobody is expected: no bootstrap hosts, or fixed members. 0 to 86,400,000.
   *
   * @defaultValue 10000
   */
  readonly bootstrapTimeoutMs?: Millis

  /**
   * Whether a member that found nobody forms a ring alone. With `false` it waits for ever.
   *
   * @defaultValue true
   */
  readonly formAlone?: boolean

  /**
   * Nothing is acquired until this many members of the ring were seen at once. Once passed it
   * stays passed, however many are left. 1 to 65,536.
   *
   * @defaultValue 1
   */
  readonly minMembers?: number

  /**
   * How long handlers may take to let a partition go, counted from the decision: a handler still
   * taking it over and `onRelease` together. After that it counts as released. 0 to 86,400,000.
   *
   * @defaultValue 10000
   */
  readonly releaseTimeoutMs?: Millis

  /**
   * How long a member that says nothing is waited for before a partition is taken without its
   * word, and for how long a backup that leaves waits for its successor. 1 to 86,400,000.
   *
   * @defaultValue 15000
   */
  readonly handoffTimeoutMs?: Millis

  /**
   * Most partitions that the local member has others hand over at a time. Those that nobody
   * holds do not count, and neither do those it hands over itself. 1 to 65,536.
   *
   * @defaultValue 8
   */
  readonly concurrentHandoffs?: number

  /**
   * How long a member that failed, or stopped in order to return, has its partitions kept for it:
   * others act for it at index 0 meanwhile, and copies are not made anew. 60,000 suits members
   * that restart in place. The same on every member; 0 in the `go-*` modes. 0 to 86,400,000.
   *
   * @defaultValue 0
   */
  readonly graceMs?: Millis
}

/** Options with every default filled in and every range checked. */
export type ResolvedOwnershipOptions = Readonly<Required<OwnershipOptions>>

const DEFAULTS: ResolvedOwnershipOptions = {
  settleMs: 1_000,
  bootstrapTimeoutMs: 10_000,
  formAlone: true,
  minMembers: 1,
  releaseTimeoutMs: 10_000,
  handoffTimeoutMs: 15_000,
  concurrentHandoffs: 8,
  graceMs: 0,
}

/** @throws {OptionError} naming the first option out of range. */
export function resolveOwnershipOptions(options: OwnershipOptions = {}): ResolvedOwnershipOptions {
  const given = Object.fromEntries(
    Object.keys(DEFAULTS)
      .map((option) => [option, options[option as keyof OwnershipOptions]] as const)
      .filter(([, value]) => value !== undefined),
  )
  const resolved: ResolvedOwnershipOptions = { ...DEFAULTS, ...given }
  requireWhole('settleMs', resolved.settleMs, 0, 600_000)
  requireWhole('bootstrapTimeoutMs', resolved.bootstrapTimeoutMs, 0, 86_400_000)
  requireBoolean('formAlone', resolved.formAlone)
  requireWhole('minMembers', resolved.minMembers, 1, 65_536)
  requireWhole('releaseTimeoutMs', resolved.releaseTimeoutMs, 0, 86_400_000)
  requireWhole('handoffTimeoutMs', resolved.handoffTimeoutMs, 1, 86_400_000)
  requireWhole('concurrentHandoffs', resolved.concurrentHandoffs, 1, 65_536)
  requireWhole('graceMs', resolved.graceMs, 0, 86_400_000)
  return Object.freeze(resolved)
}
