import type { Assignment } from './assignment.ts'
import { fnv1a64Text } from './fnv1a64.ts'
import { mix32 } from './mix.ts'
import { weightOf, type RingMember } from './ring-member.ts'

/**
 * Highest random weight: every member draws a cost for every partition, and the cheapest hold
 * it. A member that comes takes only what it now wins, one that goes gives up only what it had;
 * loads are as uneven as dice.
 *
 * The cost of a draw `u` in (0, 1) is `-ln(u) / weight`, so that each next holder is drawn with
 * a chance in proportion to weight. Equal costs fall to the first name.
 *
 * @see Thaler, Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998); Schindelhauer,
 *   Schomaker, "Weighted Distributed Hash Tables" (2005).
 */
export function assignRendezvous(
  members: readonly RingMember[],
  partitions: number,
  redundancy: number,
): Assignment {
  const costs = new Costs(members)
  const holdersPerPartition = Math.min(redundancy, members.length)
  const holders = new Uint16Array(partitions * holdersPerPartition)
  for (let p = 0; p < partitions; p++) {
    const row = holders.subarray(p * holdersPerPartition, (p + 1) * holdersPerPartition)
    fillCheapest(row, costs.of(p))
  }
  const preferenceOf = (partition: number): Uint16Array => {
    const cost = costs.of(partition)
    const order = Uint16Array.from(members.keys())
    return order.sort((left, right) => cost[left]! - cost[right]! || left - right)
  }
  return { partitions, holdersPerPartition, holders, preferenceOf }
}

/** What each member asks for a partition. One array is used for all of them. */
class Costs {
  readonly #seedHigh: Int32Array
  readonly #seedLow: Int32Array
  readonly #weights: Float64Array
  readonly #uniform: boolean
  readonly #costs: Float64Array

  constructor(members: readonly RingMember[]) {
    const hashes = members.map(({ name }) => fnv1a64Text(name))
    this.#seedHigh = Int32Array.from(hashes, ([high]) => high!)
    this.#seedLow = Int32Array.from(hashes, ([, low]) => low!)
    this.#weights = Float64Array.from(members, weightOf)
    this.#uniform = this.#weights.every((weight) => weight === this.#weights[0])
    this.#costs = new Float64Array(members.length)
  }

  of(partition: number): Float64Array {
    const costs = this.#costs
    const salt = Math.imul(partition + 1, 0x9e3779b9)
    for (let i = 0; i < costs.length; i++) {
      const draw = mix32(this.#seedLow[i]! ^ mix32(this.#seedHigh[i]! + salt)) >>> 0
      // The logarithm keeps the order of draws, so that equal weights can do without it.
      costs[i] = this.#uniform ? -draw : minusLog(draw) / this.#weights[i]!
    }
    return costs
  }
}

/** Write the indexes of the lowest costs into `row`, lowest first. */
function fillCheapest(row: Uint16Array, costs: Float64Array): void {
  let filled = 0
  for (let i = 0; i < costs.length; i++) {
    const cost = costs[i]!
    if (filled === row.length && !(cost < costs[row[filled - 1]!]!)) continue
    let at = filled < row.length ? filled++ : filled - 1
    for (; at > 0 && cost < costs[row[at - 1]!]!; at--) row[at] = row[at - 1]!
    row[at] = i
  }
}

/**
 * `-ln((draw + 0.5) / 2^32)`, by additions, multiplications and divisions only: those are exact
 * to the bit everywhere, while `Math.log` may differ between engines.
 */
function minusLog(draw: number): number {
  const value = draw + 0.5
  let exponent = 32 - Math.clz32(draw)
  let fraction = value / (exponent < 32 ? (1 << exponent) >>> 0 : 0x1_0000_0000)
  if (fraction < Math.SQRT1_2) {
    fraction *= 2
    exponent--
  }
  // ln(x) = 2 artanh((x - 1) / (x + 1)); the ratio is below 0.172, its square below 0.03.
  const ratio = (fraction - 1) / (fraction + 1)
  const square = ratio * ratio
  let series = 0
  for (let odd = 21; odd > 0; odd -= 2) series = series * square + 1 / odd
  return (32 - exponent) * Math.LN2 - 2 * ratio * series
}
