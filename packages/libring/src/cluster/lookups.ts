import { utf8Encode } from '../base/bytes.ts'
import { ConfigMismatchError } from '../base/errors.ts'
import type { Millis } from '../base/time.ts'
import { crc32 } from '../codec/crc32.ts'
import type { Home } from '../ownership/acting.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import { configurationText, type RingConfiguration } from '../ownership/ring-tag.ts'
import type { Key } from '../ring/key-hash.ts'
import type { Ring } from '../ring/ring.ts'
import { explain, type Explanation, type LocalRole } from './explanation.ts'
import { History } from './history.ts'
import type { MoveWaitOptions, Moves } from './moves.ts'
import type { RingInSight } from './ring-in-sight.ts'

/**
 * Who is responsible for what, as the local member sees it. A lookup is a hash and array reads.
 *
 * Each of them throws {@link ConfigMismatchError} while most members have another configuration:
 * whatever our own would answer is not what they do.
 */
export abstract class Lookups {
  /** Says in eight digits what members have to agree on: the same where it is the same. */
  readonly configurationDigest: string
  protected inSight: RingInSight
  protected readonly moves: Moves
  protected readonly history: History = new History()

  protected constructor(ring: Ring<ClusterMember>, configuration: RingConfiguration, moves: Moves) {
    const digest = crc32(utf8Encode(configurationText(configuration)))
    this.configurationDigest = digest.toString(16).padStart(8, '0')
    this.moves = moves
    this.inSight = { ring, homes: ring, lost: undefined }
  }

  /** The members of the ring, in the order of the UTF-8 bytes of their names. */
  get members(): readonly ClusterMember[] {
    return this.inSight.ring.members
  }

  /** From 0 to the partition count less one. The same on every member. */
  partitionForKey(key: Key): number {
    return this.#ring.partitionForKey(key)
  }

  /** The primary of the key's partition. `undefined` without ring members, or before `start`. */
  ownerForKey(key: Key): ClusterMember | undefined {
    return this.#ring.ownerForKey(key)
  }

  /** Who holds the key, primary first. Empty without ring members, or before `start`. */
  holdersForKey(key: Key): readonly ClusterMember[] {
    return this.#ring.holdersForKey(key)
  }

  /** Every member of the ring, in the order in which to try them for the key. */
  membersForKey(key: Key): readonly ClusterMember[] {
    return this.#ring.membersForKey(key)
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  holdersForPartition(partition: number): readonly ClusterMember[] {
    return this.#ring.holdersForPartition(partition)
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  membersForPartition(partition: number): readonly ClusterMember[] {
    return this.#ring.membersForPartition(partition)
  }

  /**
   * Whom the partition is assigned to, primary first, those included that are away for
   * `graceMs`: others act for them meanwhile, as `holdersForPartition` shows.
   *
   * @throws {OptionError} unless `partition` is one of the ring's.
   */
  homesForPartition(partition: number): readonly Home[] {
    return this.#agreed.homes.holdersForPartition(partition)
  }

  /**
   * Why the key is where it is: who holds it, who is at home there, since when, because of which
   * changes of membership, and what the local member is to it.
   */
  explain(key: Key): Explanation {
    const partition = this.partitionForKey(key)
    return explain(partition, this.#agreed, this.history, this.localRole(partition))
  }

  /** The member of that name, in the ring or not, as it was heard of last. */
  abstract memberNamed(name: string): ClusterMember | undefined

  /** What the local member is to the partition now, which may lag behind the plan. */
  abstract localRole(partition: number): LocalRole | undefined

  /**
   * The member that says it still serves a partition which the local member is about to take;
   * `undefined` where nobody does, or it has begun to let it go.
   */
  abstract servedBy(partition: number): string | undefined

  /**
   * Resolves when something about the partition has changed here (a step, a handler that is done,
   * another ring), or when the time is over or `signal` aborts. Tells how much of the time is left.
   *
   * @throws {OptionError} for an option out of range.
   */
  whenMoved(partition: number, options: MoveWaitOptions): Promise<Millis> {
    return this.moves.next(partition, options)
  }

  get #ring(): Ring<ClusterMember> {
    return this.#agreed.ring
  }

  get #agreed(): RingInSight {
    const { lost } = this.inSight
    if (lost !== undefined) throw new ConfigMismatchError(lost)
    return this.inSight
  }
}
