import type { Check } from './acceptance.ts'
import { lookupTable, sizeTables, table, type Results } from './report.ts'

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
    `Lookups among 50 members, in nanoseconds, on a machine that had other work (load ${loadAverage!.toFixed(1)}):`,
    'compare within a group only.',
    '',
    lookupTable(lookups),
    'Building a view, its difference to the view after a leave, and the memory that it holds:',
    '',
    sizeTables(results),
  ].join('\n')
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
