/** Stands in a row where nobody holds that index. No ring has that many members. */
export const VACANT = 0xffff

/**
 * Who holds each partition: one row per partition of member indexes, primary first. Indexes
 * point into the ring's members, which are in the order of the bytes of their names.
 */
export interface Assignment {
  readonly partitions: number

  /** Length of a row: the redundancy, or the number of members where that is smaller. */
  readonly holdersPerPartition: number

  /**
   * The rows, one after the other: replica `r` of partition `p` is at
   * `p * holdersPerPartition + r`; 65,535 where nobody does. To be read only.
   */
  readonly holders: Uint16Array

  /**
   * All members in the order in which to try them for a partition; the holders come first.
   * Computed anew at every call.
   *
   * @param partition 0 to `partitions` less one; not checked.
   */
  preferenceOf(partition: number): Uint16Array
}
