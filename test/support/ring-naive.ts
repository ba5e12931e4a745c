// The balanced assignment a second time: by definition, with lists and big integers, and none of
// the library's code. Slow; for small tables.

export interface NaiveMember {
  readonly name: string
  readonly weight: number
  readonly zone: string
}

export interface NaiveShape {
  readonly partitions: number
  readonly redundancy: number
  readonly slack: number
  readonly primarySlack: number
  readonly members: readonly NaiveMember[]
}

interface Entry {
  weight: bigint
  zone: number
  name: string
  /** Partitions in the order in which it asks, and the ranks of partitions. */
  order: number[]
  rank: number[]
  load: number
  led: number
}

interface Caps {
  cap: Map<Entry, number>
  limit: (entry: Entry) => number
  permits: number[]
  pool: (entry: Entry) => number
}

const MASK = 0xffffffffn

function mix(word: bigint): bigint {
  let h = word & MASK
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & MASK
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & MASK
  return h ^ (h >> 16n)
}

function keysOf(name: string): bigint[] {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(name)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  }
  return Array.from({ length: 7 }, (_, i) => {
    const key = mix((hash & MASK) ^ mix((hash >> 32n) + BigInt(i + 1) * 0x9e3779b9n))
    return i < 3 ? key | 1n : key
  })
}

function orderOf(keys: readonly bigint[], partitions: number): number[] {
  let bits = 1
  while (2 ** bits < partitions) bits++
  const mask = (1n << BigInt(bits)) - 1n
  const fold = BigInt((bits + 1) >> 1)
  const once = (value: bigint) => {
    let x = value
    for (let i = 0; i < 3; i++) {
      x = (x * keys[i]! + keys[3 + i]!) & mask
      x ^= x >> fold
    }
    return x
  }
  return Array.from({ length: partitions }, (_, rank) => {
    let x = BigInt(rank)
    do x = once(x)
    while (x >= BigInt(partitions))
    return Number(x)
  })
}

const floorOf = (numerator: bigint, denominator: bigint) => Number(numerator / denominator)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const weightOf = (entries: readonly Entry[]) => entries.reduce((total, e) => total + e.weight, 0n)

function shares(
  total: number,
  entries: readonly Entry[],
  limit: (entry: Entry) => number,
  slack: number,
  cap: Map<Entry, number>,
): number {
  let open = [...entries]
  let left = total
  for (;;) {
    const weight = weightOf(open)
    const full = open.filter((e) => BigInt(left) * e.weight >= BigInt(limit(e)) * weight)
    if (full.length === 0) break
    for (const e of full) cap.set(e, limit(e))
    left -= sum(full.map(limit))
    open = open.filter((e) => !full.includes(e))
  }
  for (const e of open) cap.set(e, 0)
  if (open.length === 0 || left <= 0) return 0
  left += Math.floor((left * slack) / 1_000)
  const weight = weightOf(open)
  let permits = left
  for (const e of open) {
    const share = floorOf(BigInt(left) * e.weight, weight)
    permits -= share
    cap.set(e, Math.min(share, limit(e)))
  }
  return permits
}

const hasRoom = (caps: Caps, e: Entry, load: number) =>
  load < caps.cap.get(e)! ||
  (load === caps.cap.get(e)! && load < caps.limit(e) && caps.permits[caps.pool(e)]! > 0)

function use(caps: Caps, e: Entry, load: number): void {
  if (load >= caps.cap.get(e)!) caps.permits[caps.pool(e)]!--
}

function planZones(entries: readonly Entry[], shape: NaiveShape, width: number) {
  const { partitions, slack } = shape
  const zones = [...new Set(entries.map(({ zone }) => zone))].sort((a, b) => a - b)
  const size = (z: number) => entries.filter(({ zone }) => zone === z).length
  const weight = (z: number) => weightOf(entries.filter(({ zone }) => zone === z))
  let even = width
  while (sum(zones.map((z) => Math.min(size(z), even))) > width) even--
  const low = zones.map((z) => Math.min(size(z), even))
  const high = zones.map((z) => Math.min(size(z), even + 1))
  const total = zones.map(() => 0)
  let left = partitions * width
  let open = [...zones]
  for (;;) {
    const all = open.reduce((t, z) => t + weight(z), 0n)
    const off = (z: number, bound: number[]) =>
      BigInt(left) * weight(z) - BigInt(partitions * bound[z]!) * all
    const over = open.filter((z) => off(z, high) > 0n)
    const under = open.filter((z) => off(z, low) < 0n)
    const above = over.reduce((t, z) => t + off(z, high), 0n)
    const below = under.reduce((t, z) => t - off(z, low), 0n)
    if (over.length === 0 && under.length === 0) {
      for (const z of open) total[z] = floorOf(BigInt(left) * weight(z), all)
      let rest = left - sum(open.map((z) => total[z]!))
      for (const z of open) {
        if (rest === 0 || total[z]! >= partitions * high[z]!) continue
        total[z]!++
        rest--
      }
      break
    }
    const [frozen, bound] = above >= below ? [over, high] : [under, low]
    for (const z of frozen) {
      total[z] = partitions * bound[z]!
      left -= total[z]!
    }
    open = open.filter((z) => !frozen.includes(z))
  }
  for (const z of zones) {
    if (total[z] === partitions * high[z]!) low[z] = high[z]!
    else if (total[z] === partitions * low[z]!) high[z] = low[z]!
  }
  const budget = zones.map((z) =>
    high[z]! > low[z]!
      ? partitions * high[z]! - total[z]! + Math.floor((total[z]! * slack) / 1_000)
      : 0,
  )
  return { zones, low, high, total, budget, extras: width - sum(low) }
}

/** Names by partition, primary first. */
export function naiveTable(shape: NaiveShape): string[][] {
  const { partitions, slack, primarySlack } = shape
  const width = Math.min(shape.redundancy, shape.members.length)
  const bytes = (text: string) => Buffer.from(text)
  const labels = [...new Set(shape.members.map(({ zone }) => zone))].sort((a, b) =>
    Buffer.compare(bytes(a), bytes(b)),
  )
  const entries = shape.members
    .map((member) => ({ ...member, keys: keysOf(member.name) }))
    .sort((a, b) => {
      const byKey = Number(a.keys[6]! - b.keys[6]!)
      return byKey === 0 ? Buffer.compare(bytes(a.name), bytes(b.name)) : byKey
    })
    .map(({ name, weight, zone, keys }): Entry => {
      const order = orderOf(keys, partitions)
      const rank = order.map((_, partition) => order.indexOf(partition))
      const number = labels.indexOf(zone)
      return { name, weight: BigInt(weight), zone: number, order, rank, load: 0, led: 0 }
    })
  const heaviest = entries.reduce((most, { weight }) => (weight > most ? weight : most), 1n)
  const tickAt = (e: Entry, rank: number) => floorOf(BigInt(rank) * heaviest, e.weight)
  const earlier = (a: Entry, b: Entry, p: number) =>
    tickAt(a, a.rank[p]!) - tickAt(b, b.rank[p]!) || entries.indexOf(a) - entries.indexOf(b)

  const plan = planZones(entries, shape, width)
  const cap = new Map<Entry, number>()
  const permits = plan.zones.map((z) => {
    const inside = entries.filter(({ zone }) => zone === z)
    return shares(plan.total[z]!, inside, () => partitions, slack, cap)
  })
  const caps: Caps = { cap, limit: () => partitions, permits, pool: ({ zone }) => zone }

  const rows: Entry[][] = Array.from({ length: partitions }, () => [])
  const countIn = (row: readonly Entry[], z: number) => row.filter((e) => e.zone === z).length
  const extrasOf = (row: readonly Entry[]) =>
    plan.zones.filter((z) => countIn(row, z) > plan.low[z]!).length
  const allowed = (row: readonly Entry[], z: number) =>
    countIn(row, z) < plan.low[z]! ||
    (countIn(row, z) < plan.high[z]! && extrasOf(row) < plan.extras)
  const admits = (row: readonly Entry[], z: number) => {
    if (plan.zones.length === 1 || countIn(row, z) < plan.low[z]!) return true
    if (!allowed(row, z)) return false
    if (extrasOf(row) + 1 < plan.extras) return true
    const payers = plan.zones.filter(
      (y) => y !== z && plan.high[y]! > plan.low[y]! && countIn(row, y) <= plan.low[y]!,
    )
    if (payers.some((y) => plan.budget[y]! <= 0)) return false
    for (const y of payers) plan.budget[y]!--
    return true
  }

  const requests = entries.flatMap((e, i) =>
    e.order.map((partition, rank) => ({ e, i, partition, tick: tickAt(e, rank) })),
  )
  requests.sort((a, b) => a.tick - b.tick || a.i - b.i)
  for (const { e, partition } of requests) {
    const row = rows[partition]!
    if (!hasRoom(caps, e, e.load) || row.length === width || !admits(row, e.zone)) continue
    use(caps, e, e.load)
    e.load++
    row.push(e)
  }

  for (let p = 0; p < partitions; p++) while (rows[p]!.length < width) fill(p)
  for (const [p, row] of rows.entries()) row.sort((a, b) => earlier(a, b, p))
  if (width > 1) choosePrimaries()
  return rows.map((row) => row.map(({ name }) => name))

  /** A path as the members on it, each with the partition that it takes. */
  function fill(p: number): void {
    const starts = entries.filter((e) => !rows[p]!.includes(e) && allowed(rows[p]!, e.zone))
    starts.sort((a, b) => earlier(a, b, p))
    const seen = new Set<Entry>()
    const queue: { e: Entry; q: number }[][] = []
    let end: { e: Entry; q: number }[] | undefined
    for (const e of starts) {
      seen.add(e)
      queue.push([{ e, q: p }])
      if (hasRoom(caps, e, e.load)) {
        end = queue.at(-1)
        break
      }
    }
    while (end === undefined && queue.length > 0) {
      const path = queue.shift()!
      const giver = path.at(-1)!.e
      for (let q = 0; q < partitions && end === undefined; q++) {
        if (!rows[q]!.includes(giver) || path.some((step) => step.q === q)) continue
        for (const e of entries) {
          const without = rows[q]!.filter((holder) => holder !== giver)
          if (seen.has(e) || rows[q]!.includes(e) || !allowed(without, e.zone)) continue
          seen.add(e)
          queue.push([...path, { e, q }])
          if (!hasRoom(caps, e, e.load)) continue
          end = queue.at(-1)
          break
        }
      }
    }
    const path = end ?? [{ e: starts[0]!, q: p }]
    const last = path.at(-1)!.e
    if (end !== undefined) use(caps, last, last.load)
    last.load++
    for (const [at, { e, q }] of path.entries()) {
      const giver = path[at - 1]?.e
      rows[q] = [...rows[q]!.filter((holder) => holder !== giver), e]
    }
  }

  function choosePrimaries(): void {
    const capacity = new Map<Entry, number>()
    const limit = (e: Entry) => e.load
    const pool = shares(partitions, entries, limit, primarySlack, capacity)
    const primaryCaps: Caps = { cap: capacity, limit, permits: [pool], pool: () => 0 }
    const primary = new Map<number, Entry>()
    const lead = (p: number, e: Entry) => {
      use(primaryCaps, e, e.led)
      e.led++
      primary.set(p, e)
    }
    let todo = [...rows.keys()]
    for (let r = 0; r < width; r++) {
      const at = (p: number) => rows[p]![r]!
      const tick = (p: number) => tickAt(at(p), at(p).rank[p]!)
      todo.sort(
        (a, b) => tick(a) - tick(b) || entries.indexOf(at(a)) - entries.indexOf(at(b)) || a - b,
      )
      todo = todo.filter((p) => {
        if (!hasRoom(primaryCaps, at(p), at(p).led)) return true
        lead(p, at(p))
        return false
      })
    }
    for (const p of todo.sort((a, b) => a - b)) settle(p, primaryCaps, primary)
    for (const [p, row] of rows.entries()) {
      const first = primary.get(p)!
      rows[p] = [first, ...row.filter((e) => e !== first)]
    }
  }

  function settle(p: number, primaryCaps: Caps, primary: Map<number, Entry>): void {
    const seen = new Set<Entry>()
    const queue: { e: Entry; x: number }[][] = []
    let end: { e: Entry; x: number }[] | undefined
    const reach = (path: { e: Entry; x: number }[]) => {
      const { e } = path.at(-1)!
      if (seen.has(e) || end !== undefined) return
      seen.add(e)
      queue.push(path)
      if (hasRoom(primaryCaps, e, e.led)) end = path
    }
    for (const e of rows[p]!) reach([{ e, x: p }])
    while (end === undefined && queue.length > 0) {
      const path = queue.shift()!
      for (let x = 0; x < partitions; x++) {
        if (primary.get(x) !== path.at(-1)!.e) continue
        for (const e of rows[x]!) reach([...path, { e, x }])
      }
    }
    const path = end ?? [{ e: rows[p]![0]!, x: p }]
    const last = path.at(-1)!.e
    if (end !== undefined) use(primaryCaps, last, last.led)
    last.led++
    for (const { e, x } of path) primary.set(x, e)
  }
}
