import { spawnSync } from 'node:child_process'

/** What is published for Prometheus to alert by. */
export const RULES_FILE = 'packages/agent/alerts/libring.rules.yml'

/** Whether there is the tool that reads metrics and rules as Prometheus itself does. */
export const hasPromtool: boolean = spawnSync('promtool', ['--version']).status === 0

/** How it ended, and all it said. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/** The metrics that a page or a file of rules names: of ours, of Node, of the process. */
export function metricsNamedIn(text: string): string[] {
  return [...new Set(text.match(/\b(?:libring|nodejs|process)_[a-z0-9_]*[a-z0-9]\b/g))]
}
