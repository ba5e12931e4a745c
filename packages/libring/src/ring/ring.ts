import { requireWhole } from '../base/require.ts'
import { assign } from './assign.ts'
import { VACANT, type Assignment } from './assignment.ts'
import { Holdings, type Holding } from './holdings.ts'
import { keyPartitioner, type Key, type KeyPartitioner } from './key-hash.ts'
import { memberLoads, zoneLoads, type MemberLoad, type ZoneLoad } from './loads.ts'
import { requireRingOptionsOnly, resolveRingOptions } from './options.ts'
import type { ResolvedRingOptions, RingOptions } from './options.ts'
import { sortMembers, type RingMember } from './ring-member.ts'

/** @param members in the order of the UTF-8 bytes of their names, as rows count them. */
type Assigner = (members: readonly RingMember[], options: ResolvedRingOptions) => Assignment

/** Preference lists kept by one ring; the one built first goes first. */
const PREFERENCES_MAX = 1_024

/**
 * An immutable view: these members, this assignment. The same on every member and client that
 * has the same members and options, in whatever order it learned of them.
 *
 * A lookup is a hash and array reads. Every list it returns is frozen and holds the caller's own
 * member objects.
 *
 * @typeParam M the caller's kind of member.
 */
export class Ring<M extends RingMember = RingMember> {
  readonly options: ResolvedRingOptions
  /** Frozen; in the order of the UTF-8 bytes of their names. */
  readonly members: readonly M[]
  /** The table that lookups read. */
  readonly assignment: Assignment

  readonly #partitionOf: KeyPartitioner
  readonly #holders: (readonly M[] | undefined)[] = []
  readonly #preferences = new Map<number, readonly M[]>()
  #memberLoads: readonly MemberLoad<M>[] | undefined
  #holdings: Holdings | undefined

  /**
   * @param assigner decides who holds what, where that is not for these members alone to say. It
   *   may leave indexes vacant, which lists then pass over.
   * @throws {OptionError} for options out of range, and for members that cannot form a ring.
   */
  constructor(members: readonly M[], options: RingOptions = {}, assigner: Assigner = assign) {
    requireRingOptionsOnly(options)
    this.options = resolveRingOptions(options)
    this.members = sortMembers(members)
    this.assignment = assigner(this.members, this.options)
    this.#partitionOf = keyPartitioner(this.options.keyHash, this.options.partitions)
    this.#holders.length = this.options.partitions
  }

  /**
   * From 0 to the partition count less one. Text and its UTF-8 bytes are the same key; a lone
   * surrogate counts as U+FFFD.
   */
  partitionForKey(key: Key): number {
    return this.#partitionOf(key)
  }

  /** The primary of the key's partition, or `undefined` when the ring has no members. */
  ownerForKey(key: Key): M | undefined {
    const { holders, holdersPerPartition } = this.assignment
    const partition = this.#partitionOf(key)
    if (holdersPerPartition === 0) return undefined
    return this.members[holders[partition * holdersPerPartition]!]
  }

  /** Who holds the key, primary first: as many as the redundancy says, or all there are. */
  holdersForKey(key: Key): readonly M[] {
    return this.#holdersOf(this.#partitionOf(key))
  }

  /** Every member once, in the order in which to try them for the key; the holders come first. */
  membersForKey(key: Key): readonly M[] {
    return this.#preferenceOf(this.#partitionOf(key))
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  holdersForPartition(partition: number): readonly M[] {
    this.#requirePartition(partition)
    return this.#holdersOf(partition)
  }

  /**
   * Who holds the partition at that replica index, or `undefined` where nobody does.
   *
   * @throws {OptionError} unless `partition` is one of the ring's.
   */
  holderAt(partition: number, replica: number): M | undefined {
    this.#requirePartition(partition)
    const { holders, holdersPerPartition } = this.assignment
    if (!(replica >= 0 && replica < holdersPerPartition)) return undefined
    return this.members[holders[partition * holdersPerPartition + replica]!]
  }

  /** @throws {OptionError} unless `partition` is one of the ring's. */
  membersForPartition(partition: number): readonly M[] {
    this.#requirePartition(partition)
    return this.#preferenceOf(partition)
  }

  /** What the named member holds, by partition. Empty for a stranger. */
  partitionsOf(name: string): readonly Holding[] {
    this.#holdings ??= new Holdings(this.members, this.assignment)
    return this.#holdings.of(name)
  }

  /** How much each member holds, in the order of `members`. */
  get memberLoads(): readonly MemberLoad<M>[] {
    return (this.#memberLoads ??= memberLoads(this.members, this.assignment))
  }

  /** How much each zone holds. */
  get zoneLoads(): readonly ZoneLoad[] {
    return zoneLoads(this.memberLoads)
  }

  #holdersOf(partition: number): readonly M[] {
    return (this.#holders[partition] ??= this.#listHolders(partition))
  }

  #listHolders(partition: number): readonly M[] {
    const { holders, holdersPerPartition } = this.assignment
    const from = partition * holdersPerPartition
    const row = holders.subarray(from, from + holdersPerPartition)
    return this.#membersAt(row.filter((index) => index !== VACANT))
  }

  #preferenceOf(partition: number): readonly M[] {
    const known = this.#preferences.get(partition)
    if (known !== undefined) return known
    const preference = this.#membersAt(this.assignment.preferenceOf(partition))
    if (this.#preferences.size >= PREFERENCES_MAX) {
      for (const oldest of this.#preferences.keys()) {
        this.#preferences.delete(oldest)
        break
      }
    }
    this.#preferences.set(partition, preference)
    return preference
  }

  #membersAt(indexes: Uint16Array): readonly M[] {
    return Object.freeze(Array.from(indexes, (index) => this.members[index]!))
  }

  #requirePartition(partition: number): void {
    requireWhole('partition', partition, 0, this.options.partitions - 1)
  }
}
