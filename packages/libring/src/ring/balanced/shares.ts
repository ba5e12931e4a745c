/**
 * Divide `total` among `members` by weight, with nobody above its limit: what a limited member
 * cannot take goes to the others ("water-filling"). Then add the slack, and round down.
 *
 * @param members indexes into the arrays.
 * @param slack in permille.
 * @param capacities the result is written here, for `members` only.
 * @returns the permits: how much is lost by rounding down.
 */
export function fillShares(
  total: number,
  members: readonly number[],
  weights: Uint32Array,
  limits: Uint32Array,
  slack: number,
  capacities: Uint32Array,
): number {
  let left = total
  let open = members
  let weight = sumOf(open, weights)
  for (;;) {
    const isFull = (i: number) => left * weights[i]! >= limits[i]! * weight
    const full = open.filter(isFull)
    if (full.length === 0) break
    open = open.filter((i) => !isFull(i))
    for (const i of full) capacities[i] = limits[i]!
    left -= sumOf(full, limits)
    weight = sumOf(open, weights)
  }
  if (open.length === 0 || left <= 0) {
    for (const i of open) capacities[i] = 0
    return 0
  }
  left += Math.floor((left * slack) / 1_000)
  let permits = left
  for (const i of open) {
    const share = Math.floor((left * weights[i]!) / weight)
    permits -= share
    capacities[i] = Math.min(share, limits[i]!)
  }
  return permits
}

function sumOf(members: readonly number[], values: Uint32Array): number {
  let sum = 0
  for (const i of members) sum += values[i]!
  return sum
}
