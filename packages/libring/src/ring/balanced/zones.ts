/** What the zones are to hold, over all partitions and in each one. Arrays are by zone. */
export interface ZonePlan {
  /** Slots that the zone gets altogether. */
  readonly totals: readonly number[]
  /** Fewest holders that a partition has in the zone. */
  readonly lower: Uint8Array
  /** Most holders that a partition has in the zone: `lower`, or one more. */
  readonly upper: Uint8Array
  /** In how many zones a partition has one more than `lower`. */
  readonly extras: number
  /** How many partitions may finish without their extra holder in the zone. */
  readonly budgets: Int32Array
}

export interface ZoneSize {
  readonly members: number
  /** Sum of the weights of its members. */
  readonly weight: number
}

/**
 * Spread every partition over zones as evenly as their members allow, and give the zones totals
 * by weight within that.
 *
 * @param zones in the order of the bytes of their labels.
 * @param holders of every partition; at most the number of members.
 * @param slack in permille.
 */
export function planZones(
  zones: readonly ZoneSize[],
  partitions: number,
  holders: number,
  slack: number,
): ZonePlan {
  const base = evenSpread(zones, holders)
  const lower = Uint8Array.from(zones, ({ members }) => Math.min(members, base))
  const upper = Uint8Array.from(zones, ({ members }) => Math.min(members, base + 1))
  const totals = zoneTotals(zones, partitions, holders, lower, upper)
  let extras = holders
  const budgets = new Int32Array(zones.length)
  for (const [z, total] of totals.entries()) {
    if (total === partitions * upper[z]!) lower[z] = upper[z]!
    else if (total === partitions * lower[z]!) upper[z] = lower[z]!
    extras -= lower[z]!
    if (upper[z] === lower[z]) continue
    budgets[z] = partitions * upper[z]! - total + Math.floor((total * slack) / 1_000)
  }
  return { totals, lower, upper, extras, budgets }
}

/** The most holders that every zone can have of every partition, as far as it has members. */
function evenSpread(zones: readonly ZoneSize[], holders: number): number {
  for (let spread = holders; spread > 0; spread--) {
    const needed = zones.reduce((sum, { members }) => sum + Math.min(members, spread), 0)
    if (needed <= holders) return spread
  }
  return 0
}

/**
 * Slots by zone: by weight, but from `lower` to `upper` in every partition. Zones that would
 * leave those bounds are fixed at them, the side that is further out first, and the others
 * divide what is left.
 */
function zoneTotals(
  zones: readonly ZoneSize[],
  partitions: number,
  holders: number,
  lower: Uint8Array,
  upper: Uint8Array,
): number[] {
  const totals = zones.map(() => 0)
  let left = partitions * holders
  let open = [...zones.keys()]
  for (;;) {
    const weight = open.reduce((sum, z) => sum + zones[z]!.weight, 0)
    const above = (z: number) => left * zones[z]!.weight - partitions * upper[z]! * weight
    const below = (z: number) => partitions * lower[z]! * weight - left * zones[z]!.weight
    const over = open.reduce((sum, z) => sum + Math.max(0, above(z)), 0)
    const under = open.reduce((sum, z) => sum + Math.max(0, below(z)), 0)
    if (over === 0 && under === 0) {
      divide(left, open, zones, totals)
      handOutRest(left, open, partitions, upper, totals)
      return totals
    }
    const [out, bound] = over >= under ? [above, upper] : [below, lower]
    const fixed = open.filter((z) => out(z) > 0)
    open = open.filter((z) => !(out(z) > 0))
    for (const z of fixed) {
      totals[z] = partitions * bound[z]!
      left -= totals[z]!
    }
  }
}

function divide(
  left: number,
  open: readonly number[],
  zones: readonly ZoneSize[],
  totals: number[],
): void {
  const weight = open.reduce((sum, z) => sum + zones[z]!.weight, 0)
  for (const z of open) totals[z] = Math.floor((left * zones[z]!.weight) / weight)
}

/** Rounding down leaves a few slots: one each to the first zones that can take one. */
function handOutRest(
  left: number,
  open: readonly number[],
  partitions: number,
  upper: Uint8Array,
  totals: number[],
): void {
  let rest = open.reduce((sum, z) => sum - totals[z]!, left)
  for (const z of open) {
    if (rest === 0) return
    if (totals[z]! >= partitions * upper[z]!) continue
    totals[z]!++
    rest--
  }
}
