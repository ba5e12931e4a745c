import { ConfigMismatchError } from '../base/errors.ts'
import type { Home } from '../ownership/acting.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import type { Key } from '../ring/key-hash.ts'
import type { Ring } from '../ring/ring.ts'
import { explain, type Explanation, type LocalRole } from './explanation.ts'
import { History } from './history.ts'
import type { RingInSight } from './ring-in-sight.ts'

/**
 * Who is responsible for what, as the local member sees it. A lookup is a hash and array reads.
 *
 * Each of them throws {@link ConfigMismatchError} while most members have another configuration:
 * whatever our own would answer is not what they do.
 */
export abstract class Lookups {
  protected inSight: RingInSight
  protected readonly history: History = new History()

  protected constructor(ring: Ring<ClusterMember>) {
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

  protected abstract localRole(partition: number): LocalRole | undefined

  get #ring(): Ring<ClusterMember> {
    return this.#agreed.ring
  }

  get #agreed(): RingInSight {
    const { lost } = this.inSight
    if (lost !== undefined) throw new ConfigMismatchError(lost)
    return this.inSight
  }
}
