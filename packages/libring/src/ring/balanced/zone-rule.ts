import type { Placement } from './placement.ts'
import type { ZonePlan } from './zones.ts'

/** Watches over how the holders of each partition spread over zones while the table is filled. */
export class ZoneRule {
  readonly #plan: ZonePlan
  readonly #zoneOf: Uint16Array
  readonly #placement: Placement
  /** By partition: in how many zones it has more than the lower bound. */
  readonly #extras: Uint8Array
  /** Scratch: holders of one partition by zone. */
  readonly #counts: Uint8Array

  constructor(plan: ZonePlan, zoneOf: Uint16Array, placement: Placement) {
    this.#plan = plan
    this.#zoneOf = zoneOf
    this.#placement = placement
    this.#extras = new Uint8Array(placement.partitions)
    this.#counts = new Uint8Array(plan.totals.length)
  }

  /**
   * Whether `member` may become the next holder; if so, what that costs is charged.
   *
   * A partition that gives out its last extra leaves the other zones without one there. Each
   * zone can afford that only so often, or it could not reach its total.
   */
  admit(partition: number, member: number): boolean {
    const { lower, upper, extras } = this.#plan
    const zone = this.#zoneOf[member]!
    const count = this.#countAt(partition, zone)
    if (count < lower[zone]!) return true
    if (count >= upper[zone]! || this.#extras[partition]! >= extras) return false
    if (this.#extras[partition]! + 1 === extras && !this.#chargeOthers(partition, zone)) {
      return false
    }
    this.#extras[partition]!++
    return true
  }

  /** Whether `member` may join `partition` once `leaving` has left it. Budgets do not count here. */
  allows(partition: number, member: number, leaving: number | undefined): boolean {
    const { lower, upper, extras } = this.#plan
    const zone = this.#zoneOf[member]!
    let count = this.#countAt(partition, zone)
    let used = this.#extras[partition]!
    if (leaving !== undefined) {
      const left = this.#zoneOf[leaving]!
      if (left === zone) count--
      if (this.#countAt(partition, left) > lower[left]!) used--
    }
    return count < lower[zone]! || (count < upper[zone]! && used < extras)
  }

  /** To be told before the placement takes `member` in. */
  willJoin(partition: number, member: number): void {
    const zone = this.#zoneOf[member]!
    if (this.#countAt(partition, zone) >= this.#plan.lower[zone]!) this.#extras[partition]!++
  }

  /** To be told before the placement lets `member` go. */
  willLeave(partition: number, member: number): void {
    const zone = this.#zoneOf[member]!
    if (this.#countAt(partition, zone) > this.#plan.lower[zone]!) this.#extras[partition]!--
  }

  #countAt(partition: number, zone: number): number {
    const { holders, counts, width } = this.#placement
    const from = partition * width
    let count = 0
    for (let at = from; at < from + counts[partition]!; at++) {
      if (this.#zoneOf[holders[at]!] === zone) count++
    }
    return count
  }

  /** Charge every other zone that stays without an extra here, or none if one cannot pay. */
  #chargeOthers(partition: number, zone: number): boolean {
    const { lower, upper, budgets } = this.#plan
    this.#countAll(partition)
    const counts = this.#counts
    for (let z = 0; z < counts.length; z++) {
      const pays = z !== zone && upper[z]! > lower[z]! && counts[z]! <= lower[z]!
      if (pays && budgets[z]! <= 0) return false
    }
    for (let z = 0; z < counts.length; z++) {
      if (z !== zone && upper[z]! > lower[z]! && counts[z]! <= lower[z]!) budgets[z]!--
    }
    return true
  }

  #countAll(partition: number): void {
    const { holders, counts, width } = this.#placement
    this.#counts.fill(0)
    const from = partition * width
    for (let at = from; at < from + counts[partition]!; at++) {
      this.#counts[this.#zoneOf[holders[at]!]!]!++
    }
  }
}
