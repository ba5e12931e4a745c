import { describe, expect, test } from 'vitest'
import { ringLaws, type Table } from '../support/ring-laws.ts'
import { randomShape, tableOf } from '../support/ring-tables.ts'

// The same tables as `npm run test:ring-laws`, a small band of them; a failure names its seed.
const bands = Array.from({ length: 10 }, (_, band) => band)
const TABLES_PER_BAND = 120

describe('every law holds for random tables', () => {
  test.each(bands)('band %i', (band) => {
    const broken: string[] = []
    for (let i = 0; i < TABLES_PER_BAND; i++) {
      const seed = 1_000_000 + band * TABLES_PER_BAND + i
      const table = tableOf(randomShape(seed))
      for (const [name, law] of Object.entries(ringLaws)) {
        const violation = law(table)
        if (violation !== undefined) broken.push(`seed ${seed}: ${name}: ${violation}`)
      }
    }
    expect(broken).toEqual([])
  })
})

// A check that cannot fail is no check: each law has to report a table with one planted fault.
describe('a law that is broken is reported', () => {
  const flat = tableOf({
    partitions: 512,
    redundancy: 3,
    slack: 50,
    primarySlack: 100,
    members: Array.from({ length: 10 }, (_, i) => ({ name: `n${i}`, weight: 1, zone: '' })),
  })
  const weighted = tableOf({
    ...flat,
    members: Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, weight: 1 + i, zone: '' })),
  })
  const zoned = tableOf({
    ...flat,
    members: Array.from({ length: 9 }, (_, i) => ({
      name: `n${i}`,
      weight: 1,
      zone: 'abc'[i % 3]!,
    })),
  })
  const full = tableOf({
    ...flat,
    members: Array.from({ length: 9 }, (_, i) => ({
      name: `n${i}`,
      weight: i === 0 ? 100 : 1,
      zone: i < 2 ? 'a' : 'bcde'[i % 4]!,
    })),
  })
  const level = tableOf({ ...flat, slack: 0, members: flat.members.map(named) })

  function named(member: { weight: number; zone: string }, i: number) {
    return { ...member, name: `n${i}` }
  }

  /** The table with partition `p` held by `change` of its row. */
  function withRow(table: Table, p: number, change: (row: readonly number[]) => number[]): Table {
    return { ...table, rows: table.rows.map((row, at) => (at === p ? change(row) : row)) }
  }

  /** Hand `count` slots at `replica` to member `to`, wherever the change keeps holders different. */
  function handTo(table: Table, to: number, count: number, swap: 'slot' | 'primary'): Table {
    let left = count
    const rows = table.rows.map((row) => {
      const at = row.indexOf(to)
      const fits = swap === 'slot' ? at < 0 : at > 0
      if (!fits || left === 0) return row
      left--
      if (swap === 'slot') return [...row.slice(0, -1), to]
      return [to, ...row.filter((i) => i !== to)]
    })
    expect(left).toBe(0)
    return { ...table, rows }
  }

  const roomOf = (table: Table, member: number, share: number) => {
    const load = table.rows.filter((row) => row.includes(member)).length
    return Math.floor(1.05 * share) + 1 - load
  }

  const full3 = 'every partition has as many different holders as there can be'
  const spread = 'no zone has more or fewer holders of a partition than an even spread asks for'
  const loads = 'nobody is filled much above its fair share'
  const neighbours = 'without slack all loads are one of two neighbours'
  const primaries = 'nobody is primary much above its fair share'
  const forced = 'nothing is forced but primaries'
  const same = 'members in another order, one of them after a leave, make the same table'
  const preference = 'a preference list has every member once, the holders first'

  /** The rows with two holders of one partition in each other's place. */
  const turned = ({ rows }: Table) => rows.map((row, p) => (p === 300 ? row.toReversed() : row))

  function withList(table: Table, change: (list: readonly number[]) => number[]): Table {
    const preferences = table.preferences.map(({ partition, list }, i) => {
      return { partition, list: i === 1 ? change(list) : list }
    })
    return { ...table, preferences }
  }

  const other = (table: Table, zone: string, row: readonly number[]) =>
    table.members.findIndex((member, i) => member.zone === zone && !row.includes(i))

  test.each<[string, string, Table]>([
    [full3, 'a holder is there twice', withRow(flat, 7, ([a, b]) => [a!, b!, a!])],
    [full3, 'a holder is missing', withRow(flat, 7, (row) => row.slice(1))],
    [full3, 'a holder is nobody', withRow(flat, 7, ([a, b]) => [a!, b!, 10])],
    [full3, 'a partition is missing', { ...flat, rows: flat.rows.slice(1) }],
    [
      spread,
      'two holders are in one zone of three',
      withRow(zoned, 9, (row) => {
        const [a, b] = row
        return [a!, b!, other(zoned, zoned.members[a!]!.zone, row)]
      }),
    ],
    [
      spread,
      'a zone whose weight fills it lacks a holder once',
      withRow(full, 3, (row) => {
        const outside = row.filter((i) => full.members[i]!.zone !== 'a')
        const zones = new Set(outside.map((i) => full.members[i]!.zone))
        const third = full.members.findIndex(({ zone }) => zone !== 'a' && !zones.has(zone))
        return [...outside, third]
      }),
    ],
    [
      loads,
      'a member holds one more than its share and the slack',
      handTo(flat, 3, roomOf(flat, 3, 153.6) + 1, 'slot'),
    ],
    [
      loads,
      'a light member holds what a heavy one may',
      handTo(weighted, 0, roomOf(weighted, 0, (3 * 512) / 36) + 1, 'slot'),
    ],
    [
      loads,
      'a member in a zone holds more than the slack allows',
      handTo(zoned, 4, roomOf(zoned, 4, 512 / 3) + 2, 'slot'),
    ],
    [
      neighbours,
      'a load is two below another although there is no slack',
      handTo(handTo(level, 0, 1, 'slot'), 1, 1, 'slot'),
    ],
    [neighbours, 'a load is above the slack, of equal members', handTo(flat, 3, 30, 'slot')],
    [primaries, 'a member is primary of all that it holds', handTo(flat, 5, 40, 'primary')],
    [forced, 'a slot was forced', { ...flat, forcedReplicas: 1 }],
    [same, 'two holders change places', { ...flat, rejoinedRows: turned(flat) }],
    [same, 'a partition is missing', { ...flat, rejoinedRows: flat.rows.slice(0, -1) }],
    [preference, 'a member is missing', withList(flat, (list) => list.slice(0, -1))],
    [preference, 'a member is there twice', withList(flat, (list) => [...list.slice(1), list[1]!])],
    [preference, 'the holders do not come first', withList(flat, (list) => list.toReversed())],
  ])('%s: %s', (name, _fault, table) => {
    expect(ringLaws[name]!(table)).toEqual(expect.any(String))
  })

  test.each(Object.entries(ringLaws))('and a sound table is not: %s', (_name, law) => {
    for (const table of [flat, weighted, zoned, full, level]) expect(law(table)).toBeUndefined()
  })
})
