// The laws of the balanced assignment, checked from the outside: against shares found by
// bisection, not against the capacities that the assignment computes for itself. A check that
// used those would agree with any mistake in them.

/** An assignment as plain data, so that a test can also corrupt it. */
export interface Table {
  readonly partitions: number
  readonly redundancy: number
  /** Permille. */
  readonly slack: number
  readonly primarySlack: number
  readonly members: readonly { readonly weight: number; readonly zone: string }[]
  /** Member indexes by partition, primary first. */
  readonly rows: readonly (readonly number[])[]
  /** What the assignment says of itself. */
  readonly forcedReplicas: number
  readonly forcedPrimaries: number
  /** The rows when one member has left and come back, and all are given in another order. */
  readonly rejoinedRows: readonly (readonly number[])[]
  /** The whole preference list of some partitions, as member indexes. */
  readonly preferences: readonly { readonly partition: number; readonly list: readonly number[] }[]
}

/** What is wrong, in words; `undefined` when the law holds. */
export type Law = (table: Table) => string | undefined

export const ringLaws: Readonly<Record<string, Law>> = {
  'every partition has as many different holders as there can be': fullRows,
  'no zone has more or fewer holders of a partition than an even spread asks for': evenZones,
  'nobody is filled much above its fair share': fairLoads,
  'without slack all loads are one of two neighbours': levelLoads,
  'nobody is primary much above its fair share': fairPrimaries,
  'nothing is forced but primaries': nothingForced,
  'members in another order, one of them after a leave, make the same table': sameTable,
  'a preference list has every member once, the holders first': wholePreferences,
}

/** What the water level would have to be for the vessels to hold `total`: by bisection. */
function waterLevel(total: number, heldAt: (level: number) => number): number {
  let low = 0
  let high = 1
  while (heldAt(high) < total && high < 1e12) high *= 2
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (heldAt(middle) < total) low = middle
    else high = middle
  }
  return high
}

/** Shares of `total` by weight, each between its bounds, in real numbers. */
function fairShares(
  total: number,
  weights: readonly number[],
  lower: readonly number[],
  upper: readonly number[],
): number[] {
  const at = (level: number) =>
    weights.map((weight, i) => Math.min(upper[i]!, Math.max(lower[i]!, level * weight)))
  return at(waterLevel(total, (level) => sum(at(level))))
}

function fullRows({ partitions, redundancy, members, rows }: Table): string | undefined {
  const width = Math.min(redundancy, members.length)
  if (rows.length !== partitions) return `${rows.length} rows for ${partitions} partitions`
  for (const [p, row] of rows.entries()) {
    if (row.length !== width) return `partition ${p} has ${row.length} holders, not ${width}`
    if (new Set(row).size !== width) return `partition ${p} has a holder twice`
    if (row.some((i) => members[i] === undefined)) return `partition ${p} has a stranger`
  }
  return undefined
}

/** The even spread: holders of one partition by zone, dealt out one round at a time. */
function spread({ redundancy, members }: Table): Map<string, { lower: number; upper: number }> {
  const sizes = new Map<string, number>()
  for (const { zone } of members) sizes.set(zone, (sizes.get(zone) ?? 0) + 1)
  const width = Math.min(redundancy, members.length)
  const given = new Map([...sizes.keys()].map((zone) => [zone, 0]))
  let left = width
  for (;;) {
    const open = [...sizes.keys()].filter((zone) => given.get(zone)! < sizes.get(zone)!)
    const isWhole = open.length > 0 && open.length <= left
    if (!isWhole) {
      const extra = (zone: string) => (left > 0 && open.includes(zone) ? 1 : 0)
      return new Map(
        [...given].map(([zone, lower]) => [zone, { lower, upper: lower + extra(zone) }]),
      )
    }
    for (const zone of open) given.set(zone, given.get(zone)! + 1)
    left -= open.length
  }
}

function evenZones(table: Table): string | undefined {
  const bounds = spread(table)
  if (bounds.size < 2) return undefined
  const shares = zoneShares(table)
  for (const [p, row] of table.rows.entries()) {
    for (const [zone, { lower, upper }] of bounds) {
      const count = row.filter((i) => table.members[i]?.zone === zone).length
      if (count < lower || count > upper) {
        return `partition ${p} has ${count} holders in zone "${zone}", not ${lower} to ${upper}`
      }
      // A zone whose share fills its upper bound has that many holders everywhere.
      if (shares.get(zone)! > table.partitions * upper - 1e-6 && count !== upper) {
        return `partition ${p} has ${count} holders in the full zone "${zone}", not ${upper}`
      }
    }
  }
  return undefined
}

function zoneShares(table: Table): Map<string, number> {
  const bounds = [...spread(table)]
  const { partitions, members, redundancy } = table
  const weights = bounds.map(([label]) =>
    sum(members.filter(({ zone }) => zone === label).map(({ weight }) => weight)),
  )
  const shares = fairShares(
    partitions * Math.min(redundancy, members.length),
    weights,
    bounds.map(([, { lower }]) => partitions * lower),
    bounds.map(([, { upper }]) => partitions * upper),
  )
  return new Map(bounds.map(([zone], i) => [zone, shares[i]!]))
}

function fairLoads(table: Table): string | undefined {
  const { members, partitions, slack } = table
  const loads = countBy(table, (row) => row)
  const zones = zoneShares(table)
  // Totals of zones are whole numbers, which can cost one slot more.
  const rounding = zones.size > 1 ? 2 : 1
  for (const [label, total] of zones) {
    const inside = [...members.keys()].filter((i) => members[i]!.zone === label)
    const shares = fairShares(
      total,
      inside.map((i) => members[i]!.weight),
      inside.map(() => 0),
      inside.map(() => partitions),
    )
    for (const [at, i] of inside.entries()) {
      const most = Math.floor((1 + slack / 1_000) * shares[at]! + 1e-6) + rounding
      if (loads[i]! > most) return `member ${i} holds ${loads[i]} of a share of ${shares[at]}`
    }
  }
  return undefined
}

/** With equal weights and no zones the bound is sharper, and without slack exact. */
function levelLoads(table: Table): string | undefined {
  const { members, partitions, redundancy, slack } = table
  const first = members[0]
  if (members.some(({ weight, zone }) => weight !== first!.weight || zone !== first!.zone)) {
    return undefined
  }
  const slots = partitions * Math.min(redundancy, members.length)
  const most = Math.ceil((slots + Math.floor((slots * slack) / 1_000)) / members.length)
  const least = slack === 0 ? Math.floor(slots / members.length) : 0
  for (const [i, load] of countBy(table, (row) => row).entries()) {
    if (load > most || load < least) return `member ${i} holds ${load}, not ${least} to ${most}`
  }
  return undefined
}

function fairPrimaries(table: Table): string | undefined {
  const { members, partitions, primarySlack, redundancy, forcedPrimaries } = table
  // With one holder each there is nothing to choose.
  if (redundancy === 1 || members.length < 2) return undefined
  const shares = fairShares(
    partitions,
    members.map(({ weight }) => weight),
    members.map(() => 0),
    countBy(table, (row) => row),
  )
  for (const [i, primaries] of countBy(table, ([primary]) => [primary!]).entries()) {
    const most = Math.floor((1 + primarySlack / 1_000) * shares[i]! + 1e-6) + 1 + forcedPrimaries
    if (primaries > most) return `member ${i} is primary of ${primaries}, its share ${shares[i]}`
  }
  return undefined
}

function nothingForced({ forcedReplicas }: Table): string | undefined {
  return forcedReplicas === 0 ? undefined : `${forcedReplicas} slots were forced`
}

function sameTable({ rows, rejoinedRows }: Table): string | undefined {
  for (const [p, row] of rows.entries()) {
    const other = rejoinedRows[p] ?? []
    if (row.length === other.length && row.every((i, replica) => other[replica] === i)) continue
    return `partition ${p} has ${row.join()}, and then ${other.join()}`
  }
  return undefined
}

function wholePreferences({ rows, members, preferences }: Table): string | undefined {
  for (const { partition, list } of preferences) {
    const holders = rows[partition]!
    const isWhole = list.length === members.length && new Set(list).size === list.length
    if (!isWhole || list.some((i) => members[i] === undefined)) {
      return `partition ${partition} has the preference list ${list.join()}`
    }
    if (holders.some((holder, replica) => list[replica] !== holder)) {
      return `partition ${partition} prefers ${list.join()} and is held by ${holders.join()}`
    }
  }
  return undefined
}

function countBy(table: Table, of: (row: readonly number[]) => readonly number[]): number[] {
  const counts = table.members.map(() => 0)
  for (const row of table.rows) for (const i of of(row)) if (i in counts) counts[i]!++
  return counts
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
