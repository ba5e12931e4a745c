// Our nodes beside agents of Serf: how soon news is everywhere, and what members send meanwhile.
// Real processes, one for each member, in a network namespace of their own; one side at a time,
// trial by trial in turn. And what many nodes in one process cost it.
//
//   npm run bench:gossip                          everything, some hours
//   npm run bench:gossip -- --warm                with processes of ours that have gossiped before
//   npm run bench:gossip -- --minutes 30          as many trials of each as that leaves time for
//   npm run bench:gossip -- --only joins,tag --profiles lan --sizes 3,10 --trials 3
//                                                 or: event, query, leave, kill, idle, crowd
//
// Writes bench/results/gossip.json (what was not measured stays as it was) and, from that, the
// figures in docs/internals/gossip-figures.md. Targets are told of, met or not: none is a condition.

import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { readResults, writeFigures, writeResults } from '../figures-page.ts'
import { SerfAgents } from './agents.ts'
import { CROWDS, measureCrowd, type CrowdFigures } from './crowd.ts'
import type { GroupKind } from './group.ts'
import { Ledger } from './ledger.ts'
import { runApart } from './namespace.ts'
import { OurNodes } from './ours.ts'
import { expectedSeconds, planOf } from './plan.ts'
import {
  comparison,
  crowdReport,
  figureLines,
  kindText,
  misses,
  type Results,
  type Stamp,
} from './report.ts'
import { PARTS } from './rows.ts'
import type { Profile, Side, SideName } from './side.ts'
import { runTrial, type Trial } from './trial.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: [...PARTS, 'crowd'].join() },
    profiles: { type: 'string', default: 'lan,local' },
    sizes: { type: 'string', default: '3,10,30,60' },
    trials: { type: 'string', default: '10' },
    'idle-trials': { type: 'string', default: '2' },
    warm: { type: 'boolean', default: false },
    minutes: { type: 'string', default: 'Infinity' },
  },
})
const wanted = values.only.split(',')
for (const part of wanted) {
  if (part !== 'crowd' && !(PARTS as readonly string[]).includes(part)) {
    throw new Error(`--only ${part}: there are ${PARTS.join(', ')} and crowd`)
  }
}

if (!runApart()) await bench()

async function bench(): Promise<void> {
  const found: Results = {
    compared: [],
    ...readResults<Partial<Results>>('gossip'),
    machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
  }
  const plan = planOf({
    parts: PARTS.filter((part) => wanted.includes(part)),
    profiles: values.profiles.split(',') as Profile[],
    sizes: values.sizes.split(',').map(Number),
    isWarm: values.warm,
    trials: Number(values.trials),
    idleTrials: Number(values['idle-trials']),
  })
  if (wanted.includes('crowd')) await benchCrowd(found)
  const measured = await benchSides(plan, found)
  writeFigures('gossip', figureLines(found), 'internals/gossip-figures')
  const compared = found.compared.filter((one) => measured.has(kindText(one)))
  for (const one of compared) console.log(`\n${kindText(one)}\n\n${comparison(one)}`)
  for (const line of misses(compared)) console.log(`MISSED: ${line}`)
}

async function benchCrowd(found: Results): Promise<void> {
  const figures: CrowdFigures[] = []
  for (const nodes of CROWDS) figures.push(await measureCrowd(nodes))
  found.crowd = { ...stamp(), found: figures }
  writeResults('gossip', found)
  console.log(crowdReport(figures))
}

/** Run trials until all are done or the time is over. Returns of which kinds there were some. */
async function benchSides(plan: readonly Trial[], found: Results): Promise<Set<string>> {
  const sides: Side[] = [new OurNodes(), new SerfAgents()]
  const ledgers = new Map<string, Record<SideName, Ledger>>()
  const startMs = performance.now()
  let [secondsExpected, secondsLeft] = [0, sum(plan)]
  for (const [index, trial] of plan.entries()) {
    const secondsGone = (performance.now() - startMs) / 1_000
    const pace = secondsExpected === 0 ? 1 : secondsGone / secondsExpected
    console.log(progress(index, plan, secondsLeft * pace))
    if (secondsGone + expectedSeconds(trial) * pace > Number(values.minutes) * 60) break
    const kind = kindText(trial)
    const ledger = ledgers.get(kind) ?? { ours: new Ledger(), agents: new Ledger() }
    ledgers.set(kind, ledger)
    // Each comes first as often as the other.
    for (const side of index % 2 === 0 ? sides : sides.toReversed()) {
      await runTrial(side, trial, ledger[side.name])
    }
    keep(found, trial, ledger)
    writeResults('gossip', found)
    secondsExpected += expectedSeconds(trial)
    secondsLeft -= expectedSeconds(trial)
  }
  return new Set(ledgers.keys())
}

/** What was measured takes the place of what had been. */
function keep(
  found: Results,
  { profile, size, isWarm, parts }: Trial,
  { ours, agents }: Record<SideName, Ledger>,
): void {
  const kind = kindText({ profile, size, isWarm })
  const isSame = (one: GroupKind) => kindText(one) === kind
  const known = found.compared.find(isSame)
  const merged = (side: SideName, { figures }: Ledger) => ({
    series: { ...known?.[side].series, ...figures.series },
    counts: { ...known?.[side].counts, ...figures.counts },
  })
  const now = Object.fromEntries(parts.map((part) => [part, stamp()]))
  const one = {
    ...{ profile, size, isWarm, measured: { ...known?.measured, ...now } },
    ...{ ours: merged('ours', ours), agents: merged('agents', agents) },
  }
  found.compared = [...found.compared.filter((other) => !isSame(other)), one].sort(
    (left, right) =>
      Number(left.profile > right.profile) - Number(left.profile < right.profile) ||
      left.size - right.size ||
      Number(left.isWarm) - Number(right.isWarm),
  )
}

function progress(index: number, plan: readonly Trial[], secondsLeft: number): string {
  const trial = plan[index]!
  const left = `${Math.ceil(secondsLeft / 60)} minutes left`
  return `${index + 1}/${plan.length}, ${left}: ${kindText(trial)}, ${trial.way}: ${trial.parts.join(', ')}`
}

function sum(plan: readonly Trial[]): number {
  return plan.reduce((seconds, trial) => seconds + expectedSeconds(trial), 0)
}

function stamp(): Stamp {
  return { date: new Date().toISOString().slice(0, 10), loadAverage: loadavg()[0]! }
}
