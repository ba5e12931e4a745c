/**
 * How much each member may take, and how much it has.
 *
 * A member is filled up to its capacity, and by one more while its pool has a permit left. The
 * permits make capacities, which are rounded down, sum up to the slots there are; who comes
 * first gets one.
 */
export class Capacity {
  readonly #capacities: Uint32Array
  readonly #limits: Uint32Array
  readonly #pools: Uint16Array
  readonly #permits: Uint32Array
  readonly #loads: Uint32Array
  #forced = 0

  /**
   * @param capacities by member.
   * @param limits by member: a permit never lifts it beyond this.
   * @param pools by member: which pool its permits come from.
   * @param permits by pool.
   */
  constructor(
    capacities: Uint32Array,
    limits: Uint32Array,
    pools: Uint16Array,
    permits: Uint32Array,
  ) {
    this.#capacities = capacities
    this.#limits = limits
    this.#pools = pools
    this.#permits = permits
    this.#loads = new Uint32Array(capacities.length)
  }

  /** What each member has taken. To be read only. */
  get loads(): Uint32Array {
    return this.#loads
  }

  /** How often a member had to take one more without room for it. */
  get forced(): number {
    return this.#forced
  }

  hasRoom(member: number): boolean {
    const load = this.#loads[member]!
    const capacity = this.#capacities[member]!
    if (load !== capacity) return load < capacity
    return capacity < this.#limits[member]! && this.#permits[this.#pools[member]!]! > 0
  }

  /** Take one more, with a permit where the capacity is used up. The caller saw that there is room. */
  take(member: number): void {
    if (this.#loads[member]! >= this.#capacities[member]!) this.#permits[this.#pools[member]!]!--
    this.#loads[member]!++
  }

  /** Take one more although there is no room. Uses no permit. */
  force(member: number): void {
    this.#forced++
    this.#loads[member]!++
  }
}
