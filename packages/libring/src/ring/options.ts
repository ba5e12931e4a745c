import { OptionError } from '../base/errors.ts'
import { requireKnown, requireOneOf, requirePlainObject, requireWhole } from '../base/require.ts'
import { requireKeyHash, type KeyHash } from './key-hash.ts'

/**
 * How partitions are given to members.
 *
 * - `balanced`: loads within the slacks, few moves, weights and zones.
 * - `rendezvous`: weighted highest random weight. The fewest moves, the most uneven loads; zones
 *   are not looked at.
 * - `go-consistent`, `go-uniform`: the two modes of Go libring, partition for partition. Neither
 *   weights nor zones.
 */
export type AssignmentName = 'balanced' | 'rendezvous' | 'go-consistent' | 'go-uniform'

/** How keys are spread over members. All members of one cluster have to agree on every field. */
export interface RingOptions {
  /**
   * Into how many partitions the key space is cut. Fixed for the life of the cluster.
   * Choose it so that `partitions * redundancy / members` stays above 100 at the largest
   * size you expect. 1 to 65,536.
   *
   * @defaultValue 512
   */
  readonly partitions?: number

  /**
   * Members that hold each partition: one primary and `redundancy - 1` backups. 1 to 16.
   *
   * @defaultValue 3
   */
  readonly redundancy?: number

  /** @defaultValue `'balanced'` */
  readonly assignment?: AssignmentName

  /**
   * How far over its fair share a member may be filled, in permille. Lower is fairer and
   * moves more partitions when members come and go. 0 to 1,000. Only `balanced` reads it.
   *
   * @defaultValue 50
   */
  readonly slack?: number

  /**
   * The same for primaries alone. 0 to 1,000. Only `balanced` reads it.
   *
   * @defaultValue 100
   */
  readonly primarySlack?: number

  /**
   * How a key becomes a number. The `go-*` modes allow `fnv1a64` only.
   *
   * @defaultValue `'murmur3'`; `'fnv1a64'` in the `go-*` modes
   */
  readonly keyHash?: KeyHash
}

/** Options with every default filled in and every range checked. */
export type ResolvedRingOptions = Required<RingOptions>

const ASSIGNMENTS: readonly AssignmentName[] = [
  'balanced',
  'rendezvous',
  'go-consistent',
  'go-uniform',
]

const OPTIONS = {
  partitions: true,
  redundancy: true,
  assignment: true,
  slack: true,
  primarySlack: true,
  keyHash: true,
} as const satisfies Record<keyof RingOptions, true>

/** @throws {OptionError} naming the first option out of range. */
export function resolveRingOptions(options: RingOptions = {}): ResolvedRingOptions {
  requirePlainObject('options', options)
  const { partitions = 512, redundancy = 3, assignment = 'balanced' } = options
  const { slack = 50, primarySlack = 100 } = options
  requireWhole('partitions', partitions, 1, 65_536)
  requireWhole('redundancy', redundancy, 1, 16)
  requireOneOf('assignment', assignment, ASSIGNMENTS)
  requireWhole('slack', slack, 0, 1_000)
  requireWhole('primarySlack', primarySlack, 0, 1_000)
  const { keyHash = isGoMode(assignment) ? 'fnv1a64' : 'murmur3' } = options
  requireKeyHash(keyHash)
  if (isGoMode(assignment) && keyHash !== 'fnv1a64') {
    throw new OptionError('keyHash', `fnv1a64 when assignment is ${assignment}`, keyHash)
  }
  return Object.freeze({ partitions, redundancy, assignment, slack, primarySlack, keyHash })
}

/** @throws {OptionError} for an option that no ring has. */
export function requireRingOptionsOnly(options: RingOptions): void {
  requirePlainObject('options', options)
  requireKnown('', options, Object.keys(OPTIONS))
}

/** Whether this is one of the reference's two modes, which know neither weight nor zone. */
export function isGoMode(assignment: AssignmentName): boolean {
  return assignment === 'go-consistent' || assignment === 'go-uniform'
}
