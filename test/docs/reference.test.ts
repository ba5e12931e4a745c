import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CLUSTER_EVENT_TYPES } from '../../packages/libring/src/cluster/cluster-events.ts'
import { resolveClusterOptions } from '../../packages/libring/src/cluster/options.ts'
import { resolveGossipOptions } from '../../packages/libring/src/gossip/options.ts'
import { resolveRouterOptions } from '../../packages/libring/src/http/options.ts'
import { resolveSerfOptions, SERF_RANGES } from '../../packages/libring/src/serf/options.ts'
import { SWIM_RANGES } from '../../packages/libring/src/swim/options.ts'
import { WIRE_FAULTS } from '../../packages/libring/src/wire/messages.ts'
import { PEER_FAULTS } from '../../packages/libring/src/wire/peer.ts'
import { createSerf } from '../../packages/libring/src/runtime/serf.ts'
import {
  allDeclaredIn,
  declaredIn,
  membersIn,
  sourceOf,
  wordsOfInterface,
  type Declared,
} from '../support/declarations.ts'

const EVENTS = 'cluster/cluster-events.ts'
const STEPS = 'ownership/event.ts'

/** Where the fields of what each type tells are declared. */
const DECLARED_IN: Readonly<Record<string, string>> = {
  acquire: STEPS,
  release: STEPS,
  change: STEPS,
  member: 'base/member.ts',
}

type Row = readonly [name: string, second: string, words: string]

/** The part of a page below a heading, up to the next. */
function below(page: string, heading: string): string {
  const from = page.indexOf(`\n${heading}\n`)
  expect(from, heading).toBeGreaterThan(0)
  const rest = page.slice(from + heading.length + 2)
  return rest.slice(0, /^#/m.exec(rest)?.index ?? rest.length)
}

/** The rows of the tables in a part of a page. */
function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| `([\w-]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map((match) => {
    const [, name, second, words] = match.map((cell) => cell.replaceAll('\\|', '|').trim())
    return [name!, second!, words!]
  })
}

/** The cells of the rows of a table that has so many columns, of which the first is a name. */
function cellsOf(text: string, columns: number): string[][] {
  return [...text.matchAll(/^\| `\w+` .*\|$/gm)].map(([row]) => {
    const cells = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    expect(cells, row).toHaveLength(columns)
    return [cells[0]!.replaceAll('`', ''), ...cells.slice(1)]
  })
}

/** The cells of all rows below the heads of tables that have so many columns. */
function tableRows(text: string, columns: number): string[][] {
  const tables = [...text.matchAll(/^\|.*\|\n\|[ |-]+\|\n((?:\|.*\|(?:\n|$))*)/gm)]
  return tables
    .flatMap(([, body = '']) => body.trim().split('\n'))
    .map((row) => {
      const cells = row.slice(1, -1).split(/(?<!\\)\|/)
      return cells.map((cell) => cell.replaceAll('\\|', '|').trim())
    })
    .filter((cells) => cells.length === columns)
}

/** What stands in backticks, in its order. */
function typesIn(text: string): string[] {
  return [...text.matchAll(/`([\w.-]+)`/g)].map(([, type]) => type!)
}

/** The reasons that a file of the library lists, and what it says of each. */
function reasonsIn(file: string): string[][] {
  return [...sourceOf(file).matchAll(/^ \* {2}- `([\w-]+)` +(.*)$/gm)].map(([, ...cells]) => cells)
}

/** The words of the library where it has some; otherwise the page has to have its own. */
function sayTheSame(rows: readonly Row[], declared: readonly Declared[]): void {
  expect(rows.map(([name]) => name)).toEqual(declared.map(({ name }) => name))
  for (const [at, { name, words }] of declared.entries()) {
    const told = rows[at]![2]
    if (words === '') expect(told, name).not.toBe('')
    else expect(told, name).toBe(words)
  }
}

function page(name: string, folder = 'reference'): string {
  return readFileSync(new URL(`../../docs/${folder}/${name}`, import.meta.url), 'utf8')
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

describe('docs/reference/options.md', () => {
  const options = page('options.md')
  const places = [
    ['## The same on every member', 'ring/options.ts', 'RingOptions'],
    ['## Who takes part, and how', 'cluster/options.ts', 'ClusterOptions'],
    ['## When partitions move', 'ownership/options.ts', 'OwnershipOptions'],
    ['## Reaching an agent', 'attach/options.ts', 'RpcOptions'],
    ['## Attached to an agent', 'attach/options.ts', 'SerfAgentOptions'],
    ['## Routers', 'http/options.ts', 'RouterOptions'],
    ['### How requests are forwarded', 'http/options.ts', 'ForwardOptions'],
  ] as const

  test.each(places)('has below "%s" what %s declares', (heading, file, name) => {
    const rows = rowsOf(below(options, heading))
    const declared = declaredIn(file, name)
    sayTheSame(rows, declared)
    expect(rows.map(([, value]) => value)).toEqual(
      declared.map(({ defaultValue }) => defaultValue ?? ''),
    )
  })

  test('has the handlers in the words of the library', () => {
    const [part = ''] = below(options, '## Handlers').split('A handler gets the fields')
    const declared = declaredIn('cluster/handlers.ts', 'OwnershipHandlers')
    const rows = [...part.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)]
    sayTheSame(
      rows.map(([, name, words]) => [name!, '', words!]),
      declared,
    )
    expect(onOneLine(part)).toContain(wordsOfInterface('cluster/handlers.ts', 'OwnershipHandlers'))
  })

  test('has what handlers get besides their event', () => {
    const [, part] = below(options, '## Handlers').split('A handler gets the fields')
    const declared = declaredIn('cluster/handlers.ts', 'Beginning')
    const signal = { name: 'signal', type: 'AbortSignal', words: '', defaultValue: undefined }
    sayTheSame(rowsOf(part!), [...declared, signal])
  })

  test('has what is known of a request', () => {
    const rows = rowsOf(below(options, '### What is known of a request'))
    const declared = declaredIn('http/options.ts', 'ServeContext')
    sayTheSame(rows, declared)
    expect(rows.map(([, type]) => type)).toEqual(declared.map(({ type }) => `\`${type}\``))
  })

  test('has the counters of a router', () => {
    const part = below(options, '### Counters of a router')
    const rows = [...part.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)]
    sayTheSame(
      rows.map(([, name, words]) => [name!, '', words!]),
      declaredIn('http/stats.ts', 'RouterStats'),
    )
    expect(onOneLine(part)).toContain(wordsOfInterface('http/stats.ts', 'RouterStats'))
  })

  test('has the defaults that are used', () => {
    const { ring, ownership, name } = resolveClusterOptions()
    const routed = resolveRouterOptions({ keyOf: () => 'k', serve: () => {} })
    const numbers = Object.entries(routed).filter(([, value]) => typeof value === 'number')
    const used = new Map<string, unknown>(Object.entries({ ...ring, ...ownership, name }))
    for (const [option, value] of numbers) used.set(option, value)
    // An agent is reached by options of its own, of which one has the name of another.
    const own = options.replace(below(options, '## Reaching an agent'), '')
    const told = rowsOf(own).filter(([option]) => used.has(option))
    expect(told).toHaveLength(used.size)
    for (const [option, value] of told) {
      const [first] = value.replaceAll(/[`']/g, '').split(/[;:]/, 1)
      expect([option, first]).toEqual([option, String(used.get(option))])
    }
  })
})

describe('docs/reference/events.md', () => {
  const events = page('events.md')

  test('has a part for every type, and for nothing else', () => {
    const told = [...events.matchAll(/^### (.*)$/gm)].map(([, type]) => type)
    expect(new Set(told)).toEqual(new Set(CLUSTER_EVENT_TYPES))
  })

  test.each(declaredIn(EVENTS, 'ClusterEvents'))('tells of $name what it carries', (type) => {
    const file = DECLARED_IN[type.name] ?? EVENTS
    const part = below(events, `### ${type.name}`)
    expect(onOneLine(part)).toContain(wordsOfInterface(file, type.type))
    expect(onOneLine(part)).toContain(type.words)
    const declared = declaredIn(file, type.type)
    sayTheSame(rowsOf(part), declared)
    expect(rowsOf(part).map(([, written]) => written)).toEqual(
      declared.map((field) => `\`${field.type}\``),
    )
  })

  test('tells what every step carries', () => {
    const shared = [...declaredIn(STEPS, 'Step'), ...declaredIn(STEPS, 'Tenancy')]
    sayTheSame(rowsOf(below(events, '## Steps of ownership')), shared)
  })
})

describe('docs/guides/serf.md', () => {
  const guide = page('serf.md', 'guides')

  test('has the options of a query in the words of the library, with their defaults', () => {
    const rows = rowsOf(below(guide, '## Queries'))
    const declared = declaredIn('gossip/query-options.ts', 'QueryOptions')
    sayTheSame(rows, declared)
    expect(rows.map(([, value]) => value)).toEqual(
      declared.map(({ defaultValue }) => defaultValue ?? ''),
    )
  })
})

describe('docs/reference/serf-node.md', () => {
  const node = page('serf-node.md')
  const parts = {
    GossipNode: [
      'gossip/gossip-node.ts',
      '## Methods and properties',
      '### For what is built upon it',
    ],
    Keys: ['gossip/keys.ts', '### Keys'],
    AskedQuery: ['gossip/asked-query.ts', '### A query that was asked'],
    ReceivedQuery: ['gossip/queries.ts', '### ReceivedQuery'],
  } as const

  test.each(Object.entries(parts))(
    'has all of %s, with what it throws',
    (name, [file, ...headings]) => {
      const rows = headings.flatMap((heading) => tableRows(below(node, heading), 4))
      const members = membersIn(file, name)
      const told = new Set(rows.map(([shown]) => shown))
      expect(told).toEqual(new Set(members.map(({ shown }) => `\`${shown}\``)))
      expect(rows).toHaveLength(members.length)
      for (const { shown, type, words, throws } of members) {
        const row = rows.find(([cell]) => cell === `\`${shown}\``)!
        expect(row.slice(1), shown).toEqual([`\`${type}\``, words || row[2], throws])
        expect(row[2], shown).not.toBe('')
      }
    },
  )

  test('has what a node tells in the words of the library', () => {
    const rows = rowsOf(below(node, '## Events'))
    const declared = declaredIn('gossip/serf-events.ts', 'SerfEvents')
    sayTheSame(rows, declared)
    expect(rows.map(([, type]) => type)).toEqual(declared.map(({ type }) => `\`${type}\``))
  })

  test.each([
    ['### MemberEvent', 'base/member.ts', 'MemberEvent'],
    ['### Member', 'base/member.ts', 'Member'],
    ['### UserEvent', 'gossip/serf-events.ts', 'UserEvent'],
    ['### NameConflict', 'gossip/serf-events.ts', 'NameConflict'],
    ['### NameLost', 'gossip/serf-events.ts', 'NameLost'],
    ['### BootstrapFailed', 'gossip/serf-events.ts', 'BootstrapFailed'],
    ['### A query that was asked', 'gossip/asked-query.ts', 'QueryAnswer'],
    ['### Coordinate', 'serf/coordinate.ts', 'Coordinate'],
    ['### Keys', 'gossip/keys.ts', 'KeyReport'],
  ])('has below "%s" what %s declares of %s', (heading, file, name) => {
    const rows = tableRows(below(node, heading), 3).map(
      ([field = '', type = '', words = '']): Row => [field.replaceAll('`', ''), type, words],
    )
    const declared = declaredIn(file, name)
    sayTheSame(rows, declared)
    expect(rows.map(([, type]) => type)).toEqual(declared.map(({ type }) => `\`${type}\``))
  })

  const serf = createSerf()
  test.each([
    ['## Counters', ['gossip/gossip-stats.ts GossipStats', 'serf/stats.ts SerfStats'], serf.stats],
    ['### `stats.swim`', ['swim/stats.ts SwimStats'], serf.stats.swim],
    ['### `stats.peers`', ['gossip/peer-stats.ts PeerStats'], serf.stats.peers],
    ['## Gauges', ['serf/stats.ts SerfGauges'], serf.gauges],
  ] as const)('has below "%s" every figure, with its unit', (heading, places, figures) => {
    const rows = rowsOf(below(node, heading))
    const declared = places.flatMap((place) => {
      const [file = '', name = ''] = place.split(' ')
      return declaredIn(file, name)
    })
    sayTheSame(rows, declared)
    for (const [name, unit] of rows) expect(unit, name).toMatch(/./)
    expect(rows.map(([name]) => name).toSorted()).toEqual(Object.keys(figures).toSorted())
  })

  test('has the types by which messages are counted, and why they are dropped', () => {
    const part = below(node, '### Types and reasons')
    const [ofSerf = '', ofSwim = ''] = part.split('\n\n').filter((text) => text.includes(', `'))
    const { received, swim } = serf.stats
    expect(typesIn(ofSerf)).toEqual(['received', ...Object.keys(received)])
    expect(typesIn(ofSwim).slice(0, -4)).toEqual(Object.keys(swim.messagesSent.messages))
    const reasons = ['wire/messages.ts', 'wire/peer.ts'].flatMap(reasonsIn)
    expect(tableRows(part, 2)).toEqual(reasons.map(([name, words]) => [`\`${name}\``, words]))
    expect(reasons.map(([name]) => name)).toEqual([...WIRE_FAULTS, ...PEER_FAULTS])
  })
})

describe('docs/reference/serf-options.md', () => {
  const options = page('serf-options.md')
  const facts = { hostName: () => 'anise', advertiseHost: () => '10.0.0.1' }
  const digits = (value: unknown): string => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
  const text = ([min, max]: readonly [number, number]): string => `${digits(min)} to ${digits(max)}`

  test.each([
    ['## The node', 'gossip/options.ts', 'GossipOptions'],
    ['## Who is let in', 'gossip/security-options.ts', 'SecurityOptions'],
    ['## What the program gives it', 'runtime/gossip.ts', 'GossipEnvironment'],
  ] as const)('has below "%s" what %s declares', (heading, file, name) => {
    const rows = rowsOf(below(options, heading))
    const declared = declaredIn(file, name)
    sayTheSame(rows, declared)
    expect(rows.map(([, value]) => value)).toEqual(declared.map((option) => option.defaultValue))
  })

  test('has every option of createSerf once, and nothing else', () => {
    const told = [...options.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name!)
    const declared = allDeclaredIn('runtime/serf.ts', 'SerfNodeOptions').map(({ name }) => name)
    expect(declared).toContain('logger')
    expect(told.toSorted()).toEqual(declared.toSorted())
    for (const name of declared) {
      const rule = /as there is no such option/
      expect(() => createSerf({ [name]: Symbol('none') }), name).not.toThrow(rule)
    }
  })

  test('has the figures of each profile, and the ranges that are held to', () => {
    const rows = cellsOf(below(options, '## Profiles'), 5)
    const profiles = (['lan', 'wan', 'local'] as const).map((profile) => {
      return resolveGossipOptions({ profile }, facts).swim
    })
    const declared = declaredIn('swim/options.ts', 'SwimOptions')
    expect(rows).toEqual(
      declared.map(({ name, words }) => {
        const option = name as keyof typeof SWIM_RANGES
        return [name, ...profiles.map((figures) => digits(figures[option])), words]
      }),
    )
    for (const { name, words } of declared) {
      expect(words).toContain(` ${text(SWIM_RANGES[name as keyof typeof SWIM_RANGES])}.`)
    }
  })

  test('has the options of Serf, with the defaults that are used and the ranges that are held to', () => {
    const used: Readonly<Record<string, unknown>> = { ...resolveSerfOptions() }
    const ranges: Readonly<Record<string, readonly [number, number]>> = SERF_RANGES
    const declared = declaredIn('serf/options.ts', 'SerfOptions').map(({ name, words }) => {
      const range = ranges[name]
      return [name, digits(used[name]), range === undefined ? 'true or false' : text(range), words]
    })
    expect(cellsOf(below(options, '## What Serf adds'), 4)).toEqual(declared)
  })
})
