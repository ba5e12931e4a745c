// One random run of the simulator, wholly determined by its seed.
//
//   npm run sim -- --seed <seed>                             whether a promise is broken
//   npm run sim -- --seed <seed> --trace node-1,node-2       and what these nodes did, line by line
//   npm run sim -- --seed <seed> --trace all --since 80      all of it, from 80 s on
//   npm run sim -- --seed <seed> --show                      what is made to happen
//   npm run sim -- --seed <seed> --save <file>               kept as far as it takes to break it
//   npm run sim -- --file <file>                             a run that was kept
//
// Lines of a trace: seconds, kind, particulars. --packets shows datagrams and streams as well.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { TRACE_LEGEND, type World } from 'libring/sim'
import { describeCounts, describeOutcome } from '../test/campaign/report.ts'
import { runScenario } from '../test/campaign/run.ts'
import { scenarioOf, type Scenario } from '../test/campaign/scenario.ts'
import { shrink } from '../test/campaign/shrink.ts'

const TRACE_LINES_MAX = 10_000_000

const PACKETS = new Set(['send', 'lost', 'blocked', 'void', 'full', 'copy', 'dial', 'refuse'])
const STREAMS = new Set(['stream', 'end', 'break'])

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      file: { type: 'string' },
      trace: { type: 'string' },
      since: { type: 'string', default: '0' },
      packets: { type: 'boolean', default: false },
      show: { type: 'boolean', default: false },
      save: { type: 'string' },
    },
  })
  const { file } = values
  const scenario =
    file === undefined
      ? scenarioOf(Number(values.seed))
      : (JSON.parse(readFileSync(file, 'utf8')) as Scenario)
  if (values.show) show(scenario)
  if (values.save !== undefined) {
    const smaller = await shrink(scenario, (left) => console.log(`${left} happenings left`))
    writeFileSync(values.save, `${JSON.stringify(smaller, undefined, 2)}\n`)
  }
  const outcome = await runScenario(scenario, {
    traceLines: values.trace === undefined ? 'off' : TRACE_LINES_MAX,
  })
  if (values.trace !== undefined) {
    const isShown = filterOf(outcome.world, values.trace, values.packets)
    for (const line of outcome.world.trace.lines) {
      if (Number(line.split(' ', 1)[0]) >= Number(values.since) && isShown(line)) console.log(line)
    }
    console.log()
    for (const [kind, what] of Object.entries(TRACE_LEGEND)) console.log(`${kind}: ${what}`)
    console.log()
  }
  console.log(describeOutcome(scenario, outcome))
  console.log(`  went wrong: ${describeCounts(outcome.counts)}`)
  process.exitCode = outcome.breach === undefined ? 0 : 1
}

function show({ happenings, ...rest }: Scenario): void {
  console.log(JSON.stringify(rest))
  for (const { atMs, what } of happenings) {
    console.log((atMs / 1_000).toFixed(3), JSON.stringify(what))
  }
}

/** Whether a line is about one of the nodes; faults are about all of them. */
function filterOf(world: World, nodes: string, packets: boolean): (line: string) => boolean {
  const names = new Set(nodes.split(','))
  const hosts = world.nodes.filter(({ name }) => names.has(name)).map(({ host }) => `${host}:`)
  return (line) => {
    const [, kind = '', about = ''] = line.split(' ', 3)
    if (PACKETS.has(kind) || STREAMS.has(kind)) {
      return packets && (names.has('all') || hosts.some((host) => line.includes(host)))
    }
    return names.has('all') || names.has(about) || !about.startsWith('node-')
  }
}
