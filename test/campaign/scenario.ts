import {
  below,
  fraction,
  seededRandom,
  shuffle,
  type Random,
} from '../../packages/libring/src/base/random.ts'
import type { Fault, SimClusterOptions } from 'libring/sim'

/** What can be made to happen in a run: something goes wrong, or somebody comes or goes in order. */
export type Happening =
  | Fault
  | { readonly type: 'join' }
  | { readonly type: 'drain'; readonly node: string }
  | { readonly type: 'stop'; readonly node: string }
  | { readonly type: 'stop-to-return'; readonly node: string }
  | { readonly type: 'weight'; readonly node: string; readonly weight: number }

export type HappeningType = Happening['type']

/** Somebody comes, goes or changes in order. All else is a fault. */
const IN_ORDER: ReadonlySet<HappeningType> = new Set([
  'join',
  'drain',
  'stop',
  'stop-to-return',
  'weight',
])

export function isFault(type: HappeningType): boolean {
  return !IN_ORDER.has(type)
}

export interface Dated {
  readonly atMs: number
  readonly what: Happening
  /** Whether it ends something that went wrong before; such do not count. */
  readonly isRepair: boolean
}

/** How handlers behave. */
export type Temper = 'none' | 'quick' | 'slow' | 'troubled'

/** One run, wholly determined. */
export interface Scenario {
  readonly seed: number
  readonly nodes: number
  readonly network: {
    readonly latencyMs: readonly [number, number]
    readonly lossRate: number
    readonly duplicateRate: number
  }
  readonly cluster: SimClusterOptions & { readonly partitions: number; readonly redundancy: number }
  readonly temper: Temper
  readonly isEncrypted: boolean
  readonly isCompressed: boolean
  readonly hasReaders: boolean
  readonly happenings: readonly Dated[]
}

/** Nothing goes wrong before and after these. */
const CALM_UNTIL_MS = 15_000
export const LAST_FAULT_MS = 205_000
/** By then all that lasts is mended. */
export const MENDED_MS = 210_000
/** A run lasts so long, or longer until all is at rest. */
export const RUN_MS = 300_000

const NODES_MAX = 30

/** Every run has so many faults, whatever comes and goes in order besides. */
const FAULTS_MIN = 10

/** What is drawn, and how often. A name may stand for several happenings. */
const KINDS = [
  ['join', 3],
  ['joins', 1],
  ['crash', 3],
  ['restart', 3],
  ['pause', 4],
  ['skew', 2],
  ['cut', 4],
  ['split', 3],
  ['loss', 3],
  ['latency', 2],
  ['duplicates', 1],
  ['slow-streams', 1],
  ['drain', 2],
  ['stop', 1],
  ['stop-to-return', 2],
  ['weight', 1],
] as const

type Kind = (typeof KINDS)[number][0]

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed, 'scenario')
  const pick = <T>(...items: readonly T[]): T => items[below(random, items.length)]!
  // Few more often than many: what goes wrong seldom needs many, and they cost as their square.
  const nodes = 3 + Math.round((below(random, 28) * below(random, 28)) / 27)
  return {
    seed,
    nodes,
    network: {
      latencyMs: [1, pick(5, 20, 50, 150)],
      lossRate: pick(0, 0, 0.02, 0.1),
      duplicateRate: pick(0, 0.02),
    },
    cluster: {
      partitions: pick(8, 8, 16, 16, 32, 32, 64),
      redundancy: 1 + below(random, 3),
      assignment: pick('balanced', 'balanced', 'balanced', 'rendezvous'),
      settleMs: pick(1_000, 1_000, 200),
      releaseTimeoutMs: pick(10_000, 3_000),
      handoffTimeoutMs: 15_000,
      concurrentHandoffs: pick(8, 8, 2, 1),
      minMembers: pick(1, 1, 2, 3),
      graceMs: pick(0, 0, 20_000, 60_000),
    },
    temper: pick<Temper>('none', 'quick', 'quick', 'quick', 'slow', 'troubled'),
    isEncrypted: below(random, 8) === 0,
    isCompressed: below(random, 8) === 0,
    hasReaders: below(random, 4) === 0,
    happenings: new Drawing(random, nodes).happenings(),
  }
}

/** Draws what happens, knowing who is up by then. */
class Drawing {
  readonly #random: Random
  readonly #drawn: Dated[] = []
  /** Until when each node is not to be touched; `Infinity` once it is gone for good. */
  readonly #busyUntilMs: number[]
  readonly #bornAtMs: number[]
  /** Nodes that are down or about to be. */
  readonly #down = new Set<number>()
  #nowMs = 0

  constructor(random: Random, nodes: number) {
    this.#random = random
    this.#busyUntilMs = Array.from({ length: nodes }, () => 0)
    this.#bornAtMs = [...this.#busyUntilMs]
  }

  happenings(): readonly Dated[] {
    const count = 10 + below(this.#random, 16)
    const times = Array.from({ length: count }, () => {
      return CALM_UNTIL_MS + fraction(this.#random) * (LAST_FAULT_MS - CALM_UNTIL_MS)
    })
    for (const atMs of times.sort((left, right) => left - right)) {
      this.#nowMs = atMs
      this.#draw(this.#kind())
    }
    while (this.#faults() < FAULTS_MIN) {
      this.#nowMs += fraction(this.#random) * (LAST_FAULT_MS - this.#nowMs)
      this.#draw(this.#kind())
    }
    return this.#drawn.sort((left, right) => left.atMs - right.atMs)
  }

  #faults(): number {
    return this.#drawn.filter(({ what, isRepair }) => !isRepair && isFault(what.type)).length
  }

  #kind(): Kind {
    const sum = KINDS.reduce((total, [, weight]) => total + weight, 0)
    let at = below(this.#random, sum)
    for (const [kind, weight] of KINDS) {
      at -= weight
      if (at < 0) return kind
    }
    return 'skew'
  }

  #draw(kind: Kind): void {
    switch (kind) {
      case 'join':
        return this.#join(1)
      case 'joins':
        return this.#join(2 + below(this.#random, 4))
      case 'crash':
        return this.#crash()
      case 'restart':
        return this.#restart()
      case 'pause':
        return this.#pause()
      case 'skew':
        return this.#skew()
      case 'drain':
      case 'stop':
      case 'stop-to-return':
        return this.#leave(kind)
      case 'weight': {
        const node = this.#node()
        return this.#add({ type: 'weight', node, weight: 1 + below(this.#random, 3) })
      }
      case 'split':
        return this.#split()
      case 'cut':
      case 'loss':
      case 'latency':
      case 'duplicates':
      case 'slow-streams':
        return this.#spoil(kind)
    }
  }

  #join(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#busyUntilMs.length - this.#down.size >= NODES_MAX) return this.#skew()
      const lastMs = this.#bornAtMs.at(-1)!
      const delayMs = Math.max(0, lastMs - this.#nowMs) + below(this.#random, 1_500)
      this.#bornAtMs.push(this.#nowMs + delayMs)
      this.#busyUntilMs.push(this.#nowMs + delayMs + 2_000)
      this.#add({ type: 'join' }, delayMs)
    }
  }

  #crash(): void {
    const index = this.#victim()
    if (index === undefined) return this.#skew()
    const node = nameOf(index)
    this.#add({ type: 'crash', node })
    this.#goDown(index, 20_000 + below(this.#random, 70_000))
  }

  /** So soon that few have noticed. */
  #restart(): void {
    const index = this.#victim()
    if (index === undefined) return this.#skew()
    const node = nameOf(index)
    this.#add({ type: 'crash', node })
    const downMs = 10 + below(this.#random, 4_000)
    this.#busyUntilMs[index] = this.#nowMs + downMs + 1_000
    this.#add({ type: 'restart', node, address: this.#address() }, downMs)
  }

  #pause(): void {
    const index = this.#victim()
    if (index === undefined) return this.#skew()
    const node = nameOf(index)
    const lastsMs = this.#lasts(500, below(this.#random, 2) === 0 ? 4_000 : 40_000)
    this.#add({ type: 'pause', node })
    this.#busyUntilMs[index] = this.#nowMs + lastsMs
    this.#repair({ type: 'resume', node }, lastsMs)
  }

  #skew(): void {
    const range = [500, 5_000, 60_000][below(this.#random, 3)]!
    const skewMs = Math.round((2 * fraction(this.#random) - 1) * range)
    this.#add({ type: 'skew', node: this.#node(), skewMs })
  }

  #leave(type: 'drain' | 'stop' | 'stop-to-return'): void {
    const index = this.#victim()
    if (index === undefined) return this.#skew()
    this.#add({ type, node: nameOf(index) })
    const leastMs = type === 'stop-to-return' ? 10_000 : 40_000
    this.#goDown(index, leastMs + below(this.#random, 60_000))
  }

  #goDown(index: number, downMs: number): void {
    this.#down.add(index)
    this.#busyUntilMs[index] = Infinity
    if (below(this.#random, 2) === 0 || this.#nowMs + downMs >= LAST_FAULT_MS) return
    const node = nameOf(index)
    this.#repair({ type: 'restart', node, address: this.#address() }, downMs)
  }

  #split(): void {
    const names = this.#names()
    shuffle(names, this.#random)
    const parts = 1 + below(this.#random, 2)
    const size = 1 + below(this.#random, Math.max(1, Math.floor(names.length / 2)))
    const groups = Array.from({ length: parts }, (_, part) =>
      names.slice(part * size, (part + 1) * size),
    )
    this.#add({ type: 'split', groups: groups.filter((group) => group.length > 0) })
    this.#repair({ type: 'split', groups: [] }, this.#lasts(2_000, 60_000))
  }

  #spoil(type: 'cut' | 'loss' | 'latency' | 'duplicates' | 'slow-streams'): void {
    const way = { from: this.#some(), to: this.#some() }
    const back = { from: way.to, to: way.from }
    const ways = below(this.#random, 2) === 0 ? [way] : [way, back]
    const lastsMs = this.#lasts(1_000, 40_000)
    const fault = this.#spoiling(type)
    for (const it of ways) {
      this.#add({ ...fault, ...it }, 0, it === back)
      this.#repair({ type: 'mend', ...it }, lastsMs)
    }
  }

  #spoiling(type: 'cut' | 'loss' | 'latency' | 'duplicates' | 'slow-streams'): Fault {
    switch (type) {
      case 'cut':
        return { type }
      case 'loss':
        return { type, rate: [0.2, 0.3, 0.6, 0.9][below(this.#random, 4)]! }
      case 'latency':
        return { type, latencyMs: [below(this.#random, 200), 300 + below(this.#random, 1_200)] }
      case 'duplicates':
        return { type, rate: 0.1 + 0.4 * fraction(this.#random) }
      case 'slow-streams':
        return { type, bytesPerSecond: 1_000 + below(this.#random, 20_000) }
    }
  }

  /** One node, or several. */
  #some(): readonly string[] {
    const names = this.#names()
    shuffle(names, this.#random)
    const most = below(this.#random, 2) === 0 ? 1 : Math.ceil(names.length / 2)
    return names.slice(0, 1 + below(this.#random, most))
  }

  /** Somebody who is up and may go down: two others stay. */
  #victim(): number | undefined {
    const free = this.#busyUntilMs.flatMap((untilMs, index) => {
      return untilMs <= this.#nowMs ? [index] : []
    })
    return free.length > 2 ? free[below(this.#random, free.length)] : undefined
  }

  #node(): string {
    const names = this.#names()
    return names[below(this.#random, names.length)]!
  }

  /** Everybody who was ever there by now. */
  #names(): string[] {
    return this.#bornAtMs.flatMap((atMs, index) => (atMs <= this.#nowMs - 1 ? [nameOf(index)] : []))
  }

  #address(): 'same' | 'new' {
    return below(this.#random, 4) === 0 ? 'new' : 'same'
  }

  #lasts(leastMs: number, mostMs: number): number {
    const lastsMs = leastMs + below(this.#random, mostMs - leastMs)
    return Math.min(lastsMs, MENDED_MS - this.#nowMs - 1)
  }

  #add(what: Happening, delayMs = 0, isRepair = false): void {
    this.#drawn.push({ atMs: Math.round(this.#nowMs + delayMs), what, isRepair })
  }

  #repair(what: Happening, delayMs: number): void {
    this.#add(what, delayMs, true)
  }
}

function nameOf(index: number): string {
  return `node-${index}`
}
