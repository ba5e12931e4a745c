import type { Change, Cost, Costs } from './measure.ts'
import { KINDS } from './town.ts'

/** What stands in bench/results/ownership.json. */
export interface Results {
  machine: { cpu: string; cores: number; node: string }
  date: string
  /** When the last of it was measured. */
  loadAverage?: number
  costs?: Costs[]
}

/** A table in Markdown, padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padStart(widths[i]!)).join(' | ')} |`
  const rule = `| ${widths.map((width) => `${'-'.repeat(width - 1)}:`).join(' | ')} |`
  return [line(head), rule, ...rows.map(line), ''].join('\n')
}

/** Everything that was measured, for the terminal. */
export function costTables(costs: readonly Costs[]): string {
  const rows = costs.flatMap((one) => {
    const { members, membership, forming, rest, changes } = one
    const row = (what: string, cost: Cost, settledMs?: number): string[] => [
      `${members} ${membership}`,
      what,
      (cost.simulatedMs / 1_000).toFixed(0),
      (cost.wallMs / 1_000).toFixed(2),
      (cost.cpuMs / 1_000).toFixed(2),
      cost.messages.toFixed(0),
      (cost.bytes / members / 1_000).toFixed(2),
      cost.steps.toFixed(0),
      settledMs === undefined ? '-' : (settledMs / 1_000).toFixed(2),
      (one.heapBytes / 2 ** 20).toFixed(2),
    ]
    const kinds = KINDS.filter((kind) => changes.some((change) => change.kind === kind))
    return [
      row('forming', forming),
      row('rest', rest),
      ...kinds.map((kind) => {
        const those = changes.filter((change) => change.kind === kind)
        return row(`${those.length} ${kind}`, total(those), slowest(those))
      }),
      row(`${changes.length} changes`, total(changes), slowest(changes)),
    ]
  })
  const head = ['nodes', 'what', 'sim s', 'wall s', 'cpu s', 'messages', 'kB a node', 'steps']
  return table([...head, 'settled s', 'MiB a node'], rows)
}

export function total(costs: readonly Cost[]): Cost {
  const sum = (of: (cost: Cost) => number) => costs.reduce((all, cost) => all + of(cost), 0)
  return {
    simulatedMs: sum(({ simulatedMs }) => simulatedMs),
    wallMs: sum(({ wallMs }) => wallMs),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    steps: sum(({ steps }) => steps),
  }
}

export function slowest(changes: readonly Change[]): number {
  return Math.max(0, ...changes.map(({ settledMs }) => settledMs))
}
