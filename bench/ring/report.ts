import type { Check } from './acceptance.ts'
import type { Compared } from './comparison.ts'
import type { Spread } from './movement.ts'
import type { Build, Held, Lookup, measureDiffs } from './speed.ts'

/** What stands in bench/results/ring.json. */
export interface Results {
  machine: { cpu: string; cores: number; node: string }
  date: string
  /** When speed was measured. */
  loadAverage?: number
  lookups?: Lookup[]
  builds?: Build[]
  diffs?: ReturnType<typeof measureDiffs>
  heap?: Held[]
  /** Bytes by lookup. */
  garbage?: Record<string, number>
  nameSets?: number
  targets?: Check[]
  comparison?: Compared[]
}

/** A table in Markdown, padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), ''].join(
    '\n',
  )
}

export function targetTable(checks: readonly Check[]): string {
  const rows = checks.map(({ shape, what, measured, target, met }) => [
    shape,
    what,
    measured.toFixed(4),
    String(target),
    met ? 'yes' : 'NO',
  ])
  return table(['P,N,R', 'what', 'measured', 'target', 'met'], rows)
}

export function comparisonTable(rows: readonly Compared[]): string {
  const spread = (value: Spread | undefined) =>
    value === undefined ? '-' : `${value.mean.toFixed(3)} / ${value.worst.toFixed(3)}`
  return table(
    ['P,N,R', 'scheme', 'sets', 'max load', 'max primary', 'join', 'leave', 'held', 'rolling'],
    rows.map((row) => [
      row.shape,
      row.scheme,
      String(row.nameSets),
      spread(row.maxLoad),
      spread(row.maxPrimary),
      spread(row.join),
      spread(row.leave),
      row.held?.toFixed(3) ?? '-',
      row.rolling?.ratio.mean.toFixed(3) ?? '-',
    ]),
  )
}

export function lookupTable(lookups: readonly Lookup[]): string {
  const owner = (keys: string) =>
    lookups.find((row) => row.keys === keys && row.scheme === 'libring ownerForKey')!.nsPerLookup
  return table(
    ['keys', 'scheme', 'ns', 'lookups/s', 'times ownerForKey'],
    lookups.map(({ keys, scheme, nsPerLookup }) => [
      keys,
      scheme,
      nsPerLookup.toFixed(1),
      (1e9 / nsPerLookup).toExponential(2),
      (nsPerLookup / owner(keys)).toFixed(2),
    ]),
  )
}

export function garbageTable(garbage: Readonly<Record<string, number>>): string {
  const rows = Object.entries(garbage).map(([lookup, bytes]) => [lookup, bytes.toFixed(2)])
  return table(['lookup', 'bytes left for the collector'], rows)
}

export function sizeTables({ builds = [], diffs = [], heap = [] }: Results): string {
  const rows = builds.map((build, i) => [
    `${build.partitions},${build.members},${build.redundancy}`,
    `${build.warmMs.toFixed(2)} (${build.warmCpuMs.toFixed(2)})`,
    `${build.coldMs.toFixed(2)} (${build.coldCpuMs.toFixed(2)})`,
    `${diffs[i]!.ms.toFixed(3)} (${diffs[i]!.moves} moves)`,
    `${(heap[i]!.viewBytes / 1024).toFixed(0)} KiB`,
    `${(heap[i]!.usedBytes / 1024).toFixed(0)} KiB`,
  ])
  const head = [
    'P,N,R',
    'warm ms (cpu)',
    'cold ms (cpu)',
    'diff ms',
    'one view',
    'every partition used',
  ]
  return table(head, rows)
}
