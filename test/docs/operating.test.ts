import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GOSSIP_READINGS } from '../../packages/agent/src/metrics/gossip-readings.ts'
import {
  PROPAGATION_READINGS,
  PROPAGATION_SECONDS,
} from '../../packages/agent/src/metrics/propagation.ts'
import {
  HANDOFF_SECONDS,
  RING_READINGS,
  ROUTER_READINGS,
} from '../../packages/agent/src/metrics/ring-readings.ts'
import { RULES_FILE } from '../support/prometheus.ts'

interface Described {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labels?: readonly string[]
}

function pageOf(name: string): string {
  return readFileSync(`docs/operating/${name}.md`, 'utf8')
}

/** The rows of the table below a heading: name, type, labels, words, and what to do. */
function rowsBelow(page: string, heading: string): string[][] {
  const [, rest = ''] = page.split(`\n## ${heading}\n`)
  const [part = ''] = rest.split(/^## /m)
  return [...part.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, ...cells]) => {
      return cells.map((cell) => cell.trim())
    },
  )
}

function cellsOf({ name, type, labels = [], help }: Described): string[] {
  return [name, type, labels.map((label) => `\`${label}\``).join(', '), help]
}

test.each<[string, readonly Described[]]>([
  ['Gossip', GOSSIP_READINGS],
  ['The ring', [{ ...HANDOFF_SECONDS, type: 'histogram' }, ...RING_READINGS]],
  [
    'How soon news is everywhere',
    [{ ...PROPAGATION_SECONDS, type: 'histogram' }, ...PROPAGATION_READINGS],
  ],
  ['Requests', ROUTER_READINGS],
])('the page of metrics says of %s what the agent says', (heading, metrics) => {
  const rows = rowsBelow(pageOf('metrics'), heading)
  expect(rows.map((cells) => cells.slice(0, -1))).toEqual(metrics.map(cellsOf))
  for (const [name, , , , toDo] of rows) expect(toDo, name).toMatch(/\.$/)
})

test('the page of alerts has every alert, in their order, and what to do', () => {
  const rules = readFileSync(RULES_FILE, 'utf8')
  const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name)
  const sections = pageOf('alerts').split(/^### /m).slice(1)
  expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(alerts)
  for (const section of sections) expect(section, section).toMatch(/\n\*\*Do:\*\* \w/)
})

test('links to a heading of a page of operating lead to one', () => {
  const names = ['README', 'sizing', 'metrics', 'alerts', 'upgrades', 'key-rotation', 'runbooks']
  const anchors = new Map(
    names.map((name) => {
      const headings = [...pageOf(name).matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchorOf(text!))
      return [`${name}.md`, new Set(headings)]
    }),
  )
  for (const name of names) {
    for (const [, file, anchor] of pageOf(name).matchAll(/\]\((\w[\w-]*\.md)?#([\w-]+)\)/g)) {
      expect(anchors.get(file ?? `${name}.md`), `${name}: ${file}#${anchor}`).toContain(anchor)
    }
  }
})

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
