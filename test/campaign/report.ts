import type { Outcome } from './run.ts'
import type { Scenario } from './scenario.ts'

/** What was broken, and how to see it again. */
export function describeOutcome({ seed, nodes }: Scenario, { breach }: Outcome): string {
  if (breach === undefined) return `seed ${seed}: no promise was broken`
  const { check, what, atMs } = breach
  const trace = breach.nodes.length === 0 ? '' : ` --trace ${breach.nodes.join(',')}`
  return [
    `${check}: ${what}`,
    `  seed ${seed}, ${nodes} nodes at first, at ${(atMs / 1_000).toFixed(3)} s`,
    `  replay  npm run sim -- --seed ${seed}${trace}`,
  ].join('\n')
}

/** Counts of kinds as one line, the most frequent first. */
export function describeCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}
