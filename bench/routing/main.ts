// What becomes of requests while members come, go, are killed and are stopped: real processes, and
// clients in a process of their own that send at a constant rate, whatever becomes of it.
//
//   npm run bench:routing                    everything, some eight minutes
//   npm run bench:routing -- --only churn --minutes 5 --rate 500 --seed 7
//                                            or: rolling, rooms
//
// Writes bench/results/routing.json (what was not measured stays as it was) and, from that, the
// figures in docs/internals/routing-figures.md. Ends with 1 when something was not as promised.

import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { readResults, writeFigures, writeResults } from '../figures-page.ts'
import { churnReport, rollingReport, roomsReport, type Results } from './report.ts'
import { benchChurn, benchRolling } from './requests.ts'
import { benchRooms } from './sockets.ts'

/** Reads of holders are to be answered again within this time after a kill, at the median. */
const RECOVERY_MS = 500
/** Sockets of a room are to meet within this time from when one of them has connected again. */
const MEET_MS = 5_000
const BUILT: readonly string[] = ['--import', 'tsx']

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
})
const isWanted = (part: string) => values.only === undefined || values.only === part
const seed = Number(values.seed)
const rate = Number(values.rate)
const given = { seed, rate, execArgv: BUILT }
const broken: string[] = []

const found: Results = {
  measured: {},
  ...readResults<Partial<Results>>('routing'),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
}
const begin = (part: string): void => {
  const date = new Date().toISOString().slice(0, 10)
  found.measured[part] = { date, loadAverage: loadavg()[0]! }
}

if (isWanted('churn')) {
  begin('churn')
  const churn = await benchChurn({ ...given, minutes: Number(values.minutes) })
  found.churn = churn
  console.log(churnReport(churn))
  broken.push(...churn.faults)
  const { p50 } = churn.reads.firstAnswer
  if (!(p50 <= RECOVERY_MS)) broken.push(`reads of holders recovered after ${p50} ms`)
}
if (isWanted('rolling')) {
  begin('rolling')
  const rolling = await benchRolling(given)
  found.rolling = rolling
  console.log(rollingReport(rolling))
  broken.push(...rolling.faults)
  if (rolling.failed > 0) broken.push(`${rolling.failed} requests failed in a rolling restart`)
}
if (isWanted('rooms')) {
  begin('rooms')
  const rooms = [await benchRooms(given, 'drain'), await benchRooms(given, 'kill')]
  found.rooms = rooms
  console.log(roomsReport(rooms))
  for (const { how, gathering, missing } of rooms) {
    if (gathering.max > MEET_MS) broken.push(`${how}: a room met after ${gathering.max} ms`)
    if (missing > 0) broken.push(`${how}: in ${missing} rooms not everybody hears everybody`)
  }
}

writeResults('routing', found)
writeFigures('routing', [
  ...(found.churn
    ? ['### Members come, go, are killed and are stopped', '', churnReport(found.churn)]
    : []),
  ...(found.rolling ? ['### A rolling restart', '', rollingReport(found.rolling)] : []),
  ...(found.rooms ? ['### Rooms', '', roomsReport(found.rooms)] : []),
  ...Object.entries(found.measured).map(
    ([part, { date, loadAverage }]) =>
      `- ${part}: ${date}, at a load average of ${loadAverage.toFixed(1)} from other work`,
  ),
  `- ${found.machine.cpu}, ${found.machine.cores} cores, Node ${found.machine.node}`,
])
for (const line of broken.slice(0, 50)) console.log(`NOT AS PROMISED: ${line}`)
process.exitCode = broken.length > 0 ? 1 : 0
