import { Command } from 'commander'
import { askAgent, type AgentAddress } from './agent-http.ts'
import { printable, printJson, tableOf, type Output } from './output.ts'

interface Common extends AgentAddress {
  readonly json?: boolean
}

interface Holder {
  readonly name: string
  readonly host: string
  readonly port: number
}

interface Lookup {
  readonly partition: number
  readonly holders: readonly Holder[]
}

interface Ring {
  readonly partitions: number
  readonly redundancy: number
  readonly members: readonly {
    readonly name: string
    readonly weight: number
    readonly zone: string
  }[]
  readonly assignment: readonly {
    readonly partition: number
    readonly holders: readonly string[]
  }[]
}

interface Plan {
  readonly moves: readonly object[]
  readonly members: readonly {
    readonly name: string
    readonly partitionsIn: number
    readonly partitionsOut: number
    readonly primariesIn: number
    readonly primariesOut: number
  }[]
}

interface Explanation {
  readonly partition: number
  readonly holders: readonly string[]
  readonly acting?: string
  readonly home?: string
  readonly sinceMs?: number
  readonly cause: readonly { readonly type: string; readonly members: readonly string[] }[]
}

/** Commands that ask an agent about its ring, over its HTTP API. */
export function ringCommands(out: Output): Command[] {
  const print = (flags: Common, answer: unknown, table: () => string): void => {
    if (flags.json === true) printJson(out, answer)
    else out.write(`${table()}\n`)
  }
  return [
    asking('ring', 'show who holds how much').action(async (flags: Common) => {
      const ring = await askAgent<Ring>(flags, 'GET', '/v1/ring')
      print(flags, ring, () => ringTable(ring))
    }),
    asking('lookup', 'show who holds a key')
      .argument('<key>')
      .action(async (key: string, flags: Common) => {
        const path = `/v1/lookup/${encodeURIComponent(key)}`
        const found = await askAgent<Lookup>(flags, 'GET', path)
        print(flags, found, () => holdersTable(found.partition, found.holders))
      }),
    asking('explain', 'show who holds a key, since when and why')
      .argument('<key>')
      .action(async (key: string, flags: Common) => {
        const path = `/v1/explain/${encodeURIComponent(key)}`
        const found = await askAgent<Explanation>(flags, 'GET', path)
        print(flags, found, () => explanationText(found))
      }),
    asking('plan', 'show what would move if members came or went')
      .option('--join <name>', 'NAME or NAME:WEIGHT, comma-separated', '')
      .option('--leave <name>', 'names, comma-separated', '')
      .action(async (flags: Common & { readonly join: string; readonly leave: string }) => {
        const asked = new URLSearchParams()
        for (const how of ['join', 'leave'] as const) {
          for (const name of flags[how].split(',')) if (name !== '') asked.append(how, name)
        }
        const plan = await askAgent<Plan>(flags, 'GET', `/v1/plan?${asked.toString()}`)
        print(flags, plan, () => planTable(plan))
      }),
    asking('drain', 'have the agent hand everything over, then leave').action(
      async (flags: Common) => {
        const answer = await askAgent<object>(flags, 'POST', '/v1/drain')
        print(flags, answer, () => 'the agent hands over, and leaves')
      },
    ),
  ]
}

function asking(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .option('--http-addr <address>', 'of the agent', '127.0.0.1:7380')
    .option(
      '--token <token>',
      'of the agent (default: LIBRING_TOKEN)',
      process.env['LIBRING_TOKEN'],
    )
    .option('--json', 'print JSON')
}

function ringTable({ partitions, redundancy, members, assignment }: Ring): string {
  const rows = members.map(({ name, weight, zone }) => {
    const held = assignment.filter(({ holders }) => holders.includes(name))
    const primaries = held.filter(({ holders }) => holders[0] === name)
    return [name, weight, zone, primaries.length, held.length]
  })
  const text = tableOf(['member', 'weight', 'zone', 'primary of', 'holds'], rows)
  return `${partitions} partitions, ${redundancy} holders of each\n${text}`
}

function holdersTable(partition: number, holders: readonly Holder[]): string {
  const rows = holders.map(({ name, host, port }, index) => [index, name, `${host}:${port}`])
  return `partition ${partition}\n${tableOf(['replica', 'member', 'address'], rows)}`
}

function planTable({ moves, members }: Plan): string {
  const rows = members.map((member) => {
    const { name, partitionsIn, partitionsOut, primariesIn, primariesOut } = member
    return [name, partitionsIn, partitionsOut, primariesIn, primariesOut]
  })
  const head = ['member', 'partitions in', 'out', 'as primary in', 'out']
  return `${moves.length} moves\n${tableOf(head, rows)}`
}

function explanationText(found: Explanation): string {
  const { partition, holders, acting, home, sinceMs, cause } = found
  const causes = cause.map(({ type, members }) => `${type} ${members.join(', ')}`)
  return [
    `partition  ${partition}`,
    `holders    ${printable(holders.join(', ') || 'nobody')}`,
    `acting     ${printable(acting ?? 'nobody')}`,
    `home       ${printable(home ?? 'nobody')}`,
    ...(sinceMs === undefined ? [] : [`since      ${new Date(sinceMs).toISOString()}`]),
    `because    ${printable(causes.join('; ') || 'nothing is known')}`,
  ].join('\n')
}
