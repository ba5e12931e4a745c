import { setTimeout as passed } from 'node:timers/promises'
import { below, type Random } from '../../../packages/libring/src/base/random.ts'
import type { Crew } from './crew.ts'
import type { LoadProcess } from './load-process.ts'
import { nowMs } from './words.ts'

export const FIVE: readonly string[] = ['ann', 'bob', 'cat', 'dan', 'eve']
const GUEST = 'fay'

/** One thing that happens to members, and is over when it resolves. */
type Deed = (scene: Scene) => Promise<void>

interface Scene {
  readonly crew: Crew
  readonly load: LoadProcess
  /** A whole number of milliseconds within these. */
  readonly between: (from: number, to: number) => number
  /** So many of the five, each another one. */
  readonly pick: (count: number) => readonly string[]
}

export const DEEDS: Readonly<Record<string, Deed>> = {
  async join({ crew, load }) {
    await crew.start(GUEST)
    await load.address(crew.hosts)
    await crew.settled()
    await leave({ crew, load }, GUEST)
    await crew.settled()
  },
  async drain(scene) {
    const [name] = scene.pick(1)
    await drainAndReturn(scene, name!)
    await scene.crew.settled()
  },
  async kill({ crew, between, pick }) {
    const [name] = pick(1)
    const trouble = await crew.kill(name!)
    await crew.detected(trouble)
    await passed(between(0, 3_000))
    await crew.restart(name!, trouble)
    await crew.settled()
  },
  /** Too short for the others to find out, as a rule. */
  async hiccup({ crew, between, pick }) {
    const [name] = pick(1)
    const trouble = crew.pause(name!)
    await passed(between(100, 600))
    crew.resume(name!, trouble)
    await crew.settled()
  },
  async stop({ crew, between, pick }) {
    const [name] = pick(1)
    const trouble = crew.pause(name!)
    await crew.detected(trouble)
    await passed(between(500, 4_000))
    crew.resume(name!, trouble)
    await crew.settled()
  },
  async killWhileDraining(scene) {
    const { crew, between, pick } = scene
    const [first, second] = pick(2)
    const draining = drainAndReturn(scene, first!)
    await passed(between(0, 500))
    const trouble = await crew.kill(second!)
    await draining
    await crew.detected(trouble)
    await crew.restart(second!, trouble)
    await crew.settled()
  },
  async killTwo({ crew, between, pick }) {
    const [first, second] = pick(2)
    const one = await crew.kill(first!)
    await passed(between(0, 1_500))
    const two = await crew.kill(second!)
    await crew.detected(one)
    await crew.detected(two)
    await crew.restart(first!, one)
    await crew.restart(second!, two)
    await crew.settled()
  },
}

/** Clients leave it first, as they do when it says that it is not ready any more. */
async function leave({ crew, load }: Pick<Scene, 'crew' | 'load'>, name: string): Promise<void> {
  const { host } = crew.member(name)
  await load.address(crew.hosts.filter((each) => each !== host))
  await crew.drain(name)
}

async function drainAndReturn({ crew, load, between }: Scene, name: string): Promise<void> {
  await leave({ crew, load }, name)
  await passed(between(0, 1_000))
  await crew.start(name)
  await load.address(crew.hosts)
}

/** Rounds of these deeds in an order of chance, until the time is over; one round at least. */
export async function churn(
  crew: Crew,
  load: LoadProcess,
  given: {
    readonly random: Random
    readonly durationMs: number
    readonly deeds: readonly string[]
    readonly onDeed?: (deed: string) => void
  },
): Promise<void> {
  const { random, durationMs, deeds, onDeed } = given
  const scene: Scene = {
    crew,
    load,
    between: (from, to) => from + below(random, to - from + 1),
    pick: (count) => shuffled(FIVE, random).slice(0, count),
  }
  const overAt = nowMs() + durationMs
  do {
    for (const deed of shuffled(deeds, random)) {
      onDeed?.(deed)
      await DEEDS[deed]!(scene)
      await passed(scene.between(0, 1_000))
      if (durationMs > 0 && nowMs() > overAt) return
    }
  } while (nowMs() < overAt)
}

/** Each of the five leaves in order and comes back. */
export async function restartAll(crew: Crew, load: LoadProcess): Promise<void> {
  const scene: Scene = { crew, load, between: () => 0, pick: () => FIVE }
  for (const name of FIVE) {
    await drainAndReturn(scene, name)
    await crew.settled()
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  for (let at = left.length - 1; at > 0; at--) {
    const other = below(random, at + 1)
    const item = left[at]!
    left[at] = left[other]!
    left[other] = item
  }
  return left
}
