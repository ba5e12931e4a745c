import { below, fraction, seededRandom } from '../../packages/libring/src/base/random.ts'
import {
  CHECKS,
  CLUSTER_NAME,
  faithfulReaders,
  Promises,
  World,
  type Answer,
  type Answers,
  type Breach,
  type CheckFactory,
  type SimNode,
  type SimClusterOptions,
} from 'libring/sim'
import {
  MENDED_MS,
  RUN_MS,
  type Happening,
  type HappeningType,
  type Scenario,
  type Temper,
} from './scenario.ts'
import { Tally, type Doubles } from './tally.ts'

/** What became of a run. */
export interface Outcome {
  readonly breach: Breach | undefined
  /** How often each kind of thing went wrong. */
  readonly counts: ReadonlyMap<HappeningType, number>
  readonly doubles: Doubles
  readonly simulatedMs: number
  readonly world: World
}

/** If all is not at rest by then, it never will be. */
const REST_LIMIT_MS = 300_000

/** How often promises settle. */
const SETTLE_EVERY_MS = 10

/** Nothing may move so long once all is at rest. */
const STILL_MS = 20_000

const KEYRING = [Buffer.alloc(16, 'k').toString('base64')]

/** Run a scenario until a promise is broken, or all is at rest. */
export async function runScenario(
  scenario: Scenario,
  options: {
    readonly traceLines?: number | 'off'
    readonly checks?: Record<string, CheckFactory>
    /** Told of the world before anything happens in it. */
    readonly onWorld?: (world: World) => void
  } = {},
): Promise<Outcome> {
  const world = aWorld(scenario, options.traceLines ?? 'off')
  options.onWorld?.(world)
  const readers = scenario.hasReaders ? { faithfulReaders: readersOf(scenario) } : {}
  const tally = new Tally()
  const checks = { ...CHECKS, ...readers, ...options.checks, tally: tally.check }
  const promises = new Promises(world, scenario.cluster, checks)
  const counts = new Map<HappeningType, number>()
  const outcome = (breach = promises.breaches[0]): Outcome => {
    return { breach, counts, doubles: tally.counts, simulatedMs: world.nowMs, world }
  }
  for (const { atMs, what, isRepair } of scenario.happenings) {
    await pass(world, atMs)
    if (promises.breaches.length > 0) return outcome()
    if (!isRepair) counts.set(what.type, (counts.get(what.type) ?? 0) + 1)
    happen(world, what)
  }
  await pass(world, MENDED_MS)
  world.heal()
  for (const { name } of world.nodes) world.inject({ type: 'resume', node: name })
  await pass(world, RUN_MS)
  if (promises.breaches.length > 0) return outcome()
  return outcome(await comeToRest(world, promises))
}

/**
 * Let time pass. Promises settle now and then, and not after everything that happens: only those
 * who stop and the readers have any, and it takes a third of the time.
 */
async function pass(world: World, untilMs: number): Promise<void> {
  while (world.nowMs < untilMs) {
    world.runFor(Math.min(SETTLE_EVERY_MS, untilMs - world.nowMs))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

/** What keeps all from being at rest, and from staying so. */
async function comeToRest(world: World, promises: Promises): Promise<Breach | undefined> {
  const limitMs = world.nowMs + REST_LIMIT_MS
  let unrest = promises.unrest()
  while (unrest.length > 0 && world.nowMs < limitMs && promises.breaches.length === 0) {
    await pass(world, world.nowMs + 5_000)
    unrest = promises.unrest()
  }
  const { ledger } = promises
  const { steps } = ledger
  if (unrest.length === 0) {
    await pass(world, world.nowMs + STILL_MS)
    unrest = promises.unrest()
  }
  if (promises.breaches.length > 0) return promises.breaches[0]
  if (unrest.length > 0 || ledger.steps === steps) return unrest[0]
  const what = `${ledger.steps - steps} steps after all was at rest`
  return { check: 'atRest', atMs: world.nowMs, what, nodes: [] }
}

function aWorld(scenario: Scenario, traceLines: number | 'off'): World {
  const { seed, nodes, network, cluster, temper } = scenario
  const world: World = new World({
    seed,
    nodes: 0,
    ...network,
    traceLines,
    options: {
      bootstrapHosts: [CLUSTER_NAME],
      compression: scenario.isCompressed,
      keyring: scenario.isEncrypted ? KEYRING : [],
    },
    cluster: (node): SimClusterOptions => ({
      ...cluster,
      ...(temper === 'none' ? {} : answersOf(temper, `${node.name}/${world.nowMs}`, seed)),
    }),
  })
  for (let index = 0; index < nodes; index++) world.addNode()
  nameAll(world)
  return world
}

/** Whoever is looked for can be found by any other. */
function nameAll(world: World): void {
  world.names.set(
    CLUSTER_NAME,
    world.nodes.map(({ host }) => host),
  )
}

function happen(world: World, what: Happening): void {
  switch (what.type) {
    case 'join':
      world.addNode()
      return nameAll(world)
    case 'drain':
      return end(world, what.node, (node) => node.drain())
    case 'stop':
      return end(world, what.node, (node) => node.stop())
    case 'stop-to-return':
      return end(world, what.node, (node) => node.stop({ returning: true }))
    case 'weight': {
      const node = world.node(what.node)
      if (!node.isUp || node.isPaused || node.farewell !== undefined) return
      node.cluster.setTags({ weight: String(what.weight) }).catch(() => {})
      return
    }
    case 'restart':
      world.inject(what)
      return nameAll(world)
    case 'crash':
    case 'cut':
    case 'duplicates':
    case 'heal':
    case 'latency':
    case 'loss':
    case 'mend':
    case 'pause':
    case 'resume':
    case 'skew':
    case 'slow-streams':
    case 'split':
      return world.inject(what)
  }
}

function end(world: World, name: string, how: (node: SimNode) => Promise<void>): void {
  const node = world.node(name)
  if (node.isUp && node.farewell === undefined) how(node).catch(() => {})
}

function answersOf(
  temper: Exclude<Temper, 'none'>,
  life: string,
  seed: number,
): {
  readonly answers: Answers
} {
  const random = seededRandom(seed, `handlers/${life}`)
  const within = (leastMs: number, mostMs: number): number =>
    leastMs + fraction(random) * (mostMs - leastMs)
  const answers = (): Answer => {
    if (temper === 'quick') return { afterMs: within(1, 200) }
    if (temper === 'slow') return { afterMs: within(200, 8_000) }
    const luck = below(random, 20)
    if (luck === 0) return { afterMs: undefined }
    if (luck === 1) return { afterMs: undefined, onAbort: 'fail' }
    if (luck < 5) return { afterMs: within(1, 2_000), outcome: 'failed' }
    return { afterMs: within(1, 1_000), onAbort: 'fail' }
  }
  return { answers }
}

function readersOf({ seed }: Scenario): CheckFactory {
  const random = seededRandom(seed, 'readers')
  return faithfulReaders(() => (below(random, 10) === 0 ? 30_000 : 200) * fraction(random))
}
