import type { Check } from './acceptance.ts'
import { lookupTable, sizeTables, table, type Results } from './report.ts'
import type { Lookup } from './speed.ts'

const START = '<!-- figures -->'
const END = '<!-- end of figures -->'

/** The page with its figures replaced by those that were measured last. */
export function withFigures(page: string, results: Results): string {
  const before = page.slice(0, page.indexOf(START) + START.length)
  const after = page.slice(page.indexOf(END))
  return `${before}\n\n${figures(results)}\n${after}`
}

function figures(results: Results): string {
  const { machine, date, targets, comparison, lookups, loadAverage, nameSets } = results
  if (!targets || !comparison || !lookups) return 'Nothing was measured yet.\n'
  return [
    `On ${date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; \`npm run bench:ring\` measures`,
    `it again. Names are of three kinds (\`node-17\`, host names, UUIDs), ${nameSets} sets of them.`,
    '',
    'What the default does, by partitions, members and redundancy. Loads and primaries are those of',
    'the fullest member in the worst set, as a multiple of the mean; joins and leaves are partitions',
    'fetched, as a multiple of the fewest possible, and the worst of all; `held` says how often a backup',
    'takes over when a primary leaves, `stay` how often a primary stays where it did not leave.',
    '',
    targetSummary(targets),
    'All schemes side by side, means over the sets. The last column is a rolling restart, in which',
    'everybody leaves and comes back: how often a slot changes hands.',
    '',
    comparisonSummary(results),
    `Lookups among 50 members, in nanoseconds, at a load average of ${loadAverage!.toFixed(1)} from other work: compare`,
    'within a group only.',
    '',
    lookupTable(lookups),
    ...lookupBounds(lookups),
    '',
    'Building a view, its difference to the view after a leave, and the memory that it holds:',
    '',
    sizeTables(results),
  ].join('\n')
}

/** What the probes say about how much faster a lookup could be at all. */
function lookupBounds(lookups: readonly Lookup[]): string[] {
  const ns = (keys: RegExp, scheme: string) =>
    lookups.find((row) => keys.test(row.keys) && row.scheme === scheme)!.nsPerLookup
  const long = (scheme: string) => ns(/^long/, scheme)
  const foreign = (scheme: string) => ns(/^non-ASCII/, scheme)
  const reading = long('probe: reading the key')
  const most = (scheme: string) => (long(scheme) / reading).toFixed(1)
  return [
    `The probes show what bounds them. Reading the 96 characters of the long key takes ${reading.toFixed(0)} ns of the`,
    `${long('libring ownerForKey').toFixed(0)} that \`ownerForKey\` takes, so that no hash that reads them one by one can be more than`,
    `${most('npm hashring get, uncached')} times as fast as npm hashring, or ${most('npm consistent-hash get')} times as fast as npm consistent-hash; a copy by`,
    'TextEncoder is faster for long keys, but no part of the language. For the key outside ASCII,',
    `reading and hashing takes ${foreign('probe: hash without UTF-8').toFixed(0)} ns of ${foreign('libring ownerForKey').toFixed(0)}, and most of the rest is making UTF-8, so that every`,
    `language finds the same partition; consistent-hash (${foreign('npm consistent-hash get').toFixed(0)} ns) adds up 16-bit units instead.`,
  ]
}

function targetSummary(checks: readonly Check[]): string {
  const shapes = [...new Set(checks.map(({ shape }) => shape))].filter((s) => !/zone/.test(s))
  const value = (shape: string, what: string) =>
    checks.find((check) => check.shape === shape && check.what === what)?.measured
  const cell = (shape: string, what: string) => value(shape, what)?.toFixed(3) ?? '-'
  const worst = (shape: string) =>
    Math.max(value(shape, 'join, worst') ?? 0, value(shape, 'leave, worst') ?? 0).toFixed(2)
  const rows = shapes.map((shape) => [
    shape,
    cell(shape, 'max/mean load, worst set'),
    cell(shape, 'max/mean primaries, worst set'),
    cell(shape, 'join, mean'),
    cell(shape, 'leave, mean'),
    worst(shape),
    cell(shape, 'held'),
    cell(shape, 'stay'),
  ])
  return table(['P,N,R', 'load', 'primaries', 'join', 'leave', 'worst', 'held', 'stay'], rows)
}

function comparisonSummary({ comparison = [] }: Results): string {
  const rows = comparison.map((row) => [
    row.shape,
    row.scheme,
    row.maxLoad.mean.toFixed(3),
    row.maxPrimary.mean.toFixed(3),
    row.join.mean.toFixed(2),
    row.leave?.mean.toFixed(2) ?? '-',
    row.held?.toFixed(2) ?? '-',
    row.rolling?.movesPerSlot.mean.toFixed(2) ?? '-',
  ])
  const head = ['P,N,R', 'scheme', 'load', 'primaries', 'join', 'leave', 'held', 'moves a slot']
  return table(head, rows)
}
