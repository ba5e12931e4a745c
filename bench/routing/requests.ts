import { setTimeout as passed } from 'node:timers/promises'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { Crew, SHAPE } from '../../test/support/churn/crew.ts'
import {
  latencies,
  outcomeOf,
  recoveryOf,
  spreadOf,
  tally,
  windowFigures,
  type Recovery,
  type Spread,
  type WindowFigures,
} from '../../test/support/churn/figures.ts'
import { churn, DEEDS, FIVE, restartAll } from '../../test/support/churn/scenarios.ts'
import type { Sent } from '../../test/support/churn/words.ts'
import { nowMs } from '../../test/support/churn/words.ts'
import { loopbackAddresses } from '../../test/support/loopback.ts'

const KEYS = 1_000
const BODY_BYTES = 1_024
const CALM_MS = 15_000

/** What requests came to. */
export interface Outcomes {
  readonly seed: number
  readonly rate: number
  readonly seconds: number
  readonly requests: number
  /** Of every time that one was sent. */
  readonly outcomes: Record<string, number>
  readonly faults: readonly string[]
}

export interface ChurnFigures extends Outcomes {
  readonly deeds: Record<string, number>
  readonly windows: readonly WindowFigures[]
  /** Of requests that were answered, outside of all windows and within. */
  readonly calm: Spread
  readonly troubled: Spread
  readonly reads: Recovery
  readonly primaries: Recovery
  readonly hops: Record<string, number>
}

export interface RollingFigures extends Outcomes {
  readonly failed: number
  readonly before: Spread
  readonly during: Spread
}

export async function benchChurn(given: {
  readonly seed: number
  readonly rate: number
  readonly execArgv: readonly string[]
  readonly minutes: number
}): Promise<ChurnFigures> {
  const { seed, rate, minutes } = given
  await using crew = new Crew(SHAPE, loopbackAddresses(), given.execArgv)
  const { evidence } = crew
  await crew.form(FIVE)
  const load = await crew.load({ seed, rate, keys: KEYS, bodyBytes: BODY_BYTES, timeoutMs: 15_000 })
  const startedAt = nowMs()
  load.start()
  await passed(2_000)
  const done: string[] = []
  await churn(crew, load, {
    random: seededRandom(seed, 'churn'),
    durationMs: minutes * 60_000,
    deeds: Object.keys(DEEDS),
    onDeed: (deed) => {
      done.push(deed)
      console.log(`${((nowMs() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${deed}`)
    },
  })
  await load.stop()
  const { records } = evidence
  const windows = evidence.troubles.map((trouble) => evidence.windowOf(trouble))
  const isTroubled = ({ dueAt, doneAt }: Sent) =>
    windows.some(([from, until]) => doneAt >= from && dueAt <= until)
  const calm = records.filter((record) => !isTroubled(record))
  return {
    ...outcomes(crew, given, startedAt),
    deeds: tally(done),
    windows: windowFigures(evidence),
    calm: spreadOf(latencies(calm)),
    troubled: spreadOf(latencies(records.filter(isTroubled))),
    reads: recoveryOf(evidence, 'read'),
    primaries: recoveryOf(evidence, 'primary'),
    hops: tally(records.flatMap(({ answer }) => (answer ? [String(answer.hops)] : []))),
  }
}

export async function benchRolling(given: {
  readonly seed: number
  readonly rate: number
  readonly execArgv: readonly string[]
}): Promise<RollingFigures> {
  const { seed, rate } = given
  await using crew = new Crew(SHAPE, loopbackAddresses(), given.execArgv)
  await crew.form(FIVE)
  const load = await crew.load({ seed, rate, keys: KEYS, bodyBytes: BODY_BYTES, timeoutMs: 15_000 })
  const startedAt = nowMs()
  load.start()
  // What is compiled, and connected, in the first seconds is not what members cost that leave.
  await passed(CALM_MS)
  const calmFrom = nowMs()
  await passed(CALM_MS)
  const rollingFrom = nowMs()
  await restartAll(crew, load)
  const rollingUntil = nowMs()
  await load.stop()
  const due = (from: number, until: number) =>
    crew.evidence.records.filter(({ dueAt }) => dueAt >= from && dueAt < until)
  return {
    ...outcomes(crew, given, startedAt),
    failed: crew.evidence.records.filter(({ status }) => status !== 200).length,
    before: spreadOf(latencies(due(calmFrom, rollingFrom))),
    during: spreadOf(latencies(due(rollingFrom, rollingUntil))),
  }
}

function outcomes(
  { evidence }: Crew,
  { seed, rate }: { readonly seed: number; readonly rate: number },
  startedAt: number,
): Outcomes {
  const { records } = evidence
  return {
    ...{ seed, rate },
    seconds: Math.round((nowMs() - startedAt) / 1_000),
    requests: new Set(records.map(({ name }) => name.split('.', 1)[0])).size,
    outcomes: tally(records.map(outcomeOf)),
    faults: evidence.verdict(),
  }
}
