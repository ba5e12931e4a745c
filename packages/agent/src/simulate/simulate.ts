import {
  measureCrash,
  measureEvent,
  measureForming,
  measureJoin,
  measureRest,
  measureTag,
  type Detection,
  type RestTraffic,
} from './measures.ts'
import type { SimulateOptions } from './options.ts'
import type { Reach } from './reach.ts'
import { ringMoves, type RingMoves } from './ring-moves.ts'
import { spansFor } from './spans.ts'
import { Watch } from './watch.ts'

/** Members held for failed that were up. */
export interface FalsePositives {
  /** One for each member that was told so of another. */
  readonly told: number
  /** Hours of all members together in which it was looked for. */
  readonly nodeHours: number
  readonly perNodeHour: number
}

/** What a cluster does, in virtual time. */
export interface Simulated {
  readonly options: Omit<SimulateOptions, 'ring'>
  /** All begin at once and know three by name; `null` where that was not measured, for its cost. */
  readonly forming: Reach | null
  /** One more joins those that are together. */
  readonly join: Reach
  readonly detections: readonly Detection[]
  readonly tag: Reach
  readonly userEvent: Reach
  readonly rest: RestTraffic
  readonly falsePositives: FalsePositives
  readonly ring: RingMoves | null
}

/** @param atMs virtual time by then. */
export type Progress = (doing: string, atMs: number) => void

/** What everybody presents of itself at the beginning is on its way for so long. */
const SETTLE_MS = 3_000

/** Simulate a cluster of real nodes. Takes up to a minute, in which nothing else runs. */
export function simulate(options: SimulateOptions, progress: Progress = () => {}): Simulated {
  const { ring, ...gossip } = options
  const spans = spansFor(options.nodes)
  progress('coming together', 0)
  const forming = spans.forming ? measureForming(new Watch(options, false)) : null
  const watch = new Watch(options, true)
  const { world } = watch
  const wrong = countFalsePositives(watch)
  const report = (doing: string): void => progress(doing, world.nowMs)
  report('settling')
  world.runFor(SETTLE_MS)
  report('at rest')
  const rest = measureRest(watch, spans.restMs)
  report('a tag changes')
  const tag = measureTag(watch, spans.newsLimitMs)
  report('a user event')
  const userEvent = measureEvent(watch, spans.newsLimitMs)
  const detections = Array.from({ length: spans.crashes }, (_, index) => {
    report(`failure ${index + 1} of ${spans.crashes}`)
    return measureCrash(watch, spans.detectionLimitMs)
  })
  report('one joins')
  const join = measureJoin(watch, spans.newsLimitMs)
  const nodeHours = (world.nowMs * options.nodes) / 3_600_000
  const falsePositives = { told: wrong.told, nodeHours, perNodeHour: wrong.told / nodeHours }
  if (ring !== undefined) report('moves of the ring')
  return {
    options: gossip,
    forming,
    join,
    detections,
    tag,
    userEvent,
    rest,
    falsePositives,
    ring: ring === undefined ? null : ringMoves(options.nodes, ring),
  }
}

function countFalsePositives(watch: Watch): { told: number } {
  const wrong = { told: 0 }
  watch.on('member-failed', ({ about }) => {
    if (watch.world.node(about).isUp) wrong.told++
  })
  return wrong
}
