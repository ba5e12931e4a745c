import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import ConsistentHash from 'consistent-hash'
import HashRing from 'hashring'
import { diff, Ring } from 'libring/ring'
import { nameSet } from './names.ts'
import { hashWithoutUtf8, readOnly } from './probes.ts'
import type { Shape } from './schemes.ts'

export interface Lookup {
  readonly scheme: string
  readonly keys: string
  /** Median over the rounds. */
  readonly nsPerLookup: number
}

export interface Build extends Shape {
  /** Wall clock, median of a process that built before. */
  readonly warmMs: number
  /** Processor time of the same, mean: what a busy machine does not lengthen as much. */
  readonly warmCpuMs: number
  /** First builds, each in a process of its own: medians. */
  readonly coldMs: number
  /** Compilation in other threads is in this, and not in `coldMs`. */
  readonly coldCpuMs: number
}

export interface Held extends Shape {
  /** One view as it is made. */
  readonly viewBytes: number
  /** The same once every partition was looked up. */
  readonly usedBytes: number
}

const KEYS = 10_000
const ROUNDS = 60

const keySets: Readonly<Record<string, (i: number) => string>> = {
  'short ASCII (11 bytes)': (i) => `user:${100_000 + i}`,
  'ASCII (32 bytes)': (i) => createHash('md5').update(`${i}`).digest('hex'),
  'long ASCII (96 bytes)': (i) =>
    `/${'tenant/some-account/'.repeat(4)}documents-${100_000 + i}`.slice(-96),
  'non-ASCII (33 bytes)': (i) => `größe:日本語のキー:${100_000 + i}`,
}

/** Who has a key: one lookup a key, in turns, so that all see the same machine. */
export function measureLookups(): Lookup[] {
  const names = nameSet('host', 7, 50)
  const ring = new Ring(
    names.map((name) => ({ name })),
    { partitions: 2_056, redundancy: 2 },
  )
  const hashring = new HashRing(names)
  const consistentHash = new ConsistentHash()
  for (const name of names) consistentHash.add(name)
  const contenders: Record<string, (key: string) => unknown> = {
    'libring partitionForKey': (key) => ring.partitionForKey(key),
    'libring ownerForKey': (key) => ring.ownerForKey(key),
    'libring holdersForKey': (key) => ring.holdersForKey(key),
    'npm consistent-hash get': (key) => consistentHash.get(key),
    // More keys than its cache holds, in turn: every lookup misses.
    'npm hashring get, uncached': (key) => hashring.get(key),
    'probe: reading the key': readOnly,
    'probe: hash without UTF-8': hashWithoutUtf8,
  }
  return Object.entries(keySets).flatMap(([keys, keyOf]) => {
    // Through bytes and back: joined and sliced strings are slower to read for everybody.
    const all = Array.from({ length: KEYS }, (_, i) => Buffer.from(keyOf(i)).toString())
    const times = Object.keys(contenders).map((): number[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, lookup] of Object.values(contenders).entries()) {
        const ns = timeLoop(all, lookup)
        if (round >= 20) times[at]!.push(ns)
      }
    }
    return Object.keys(contenders).map((scheme, at) => {
      return { scheme, keys, nsPerLookup: median(times[at]!) }
    })
  })
}

let sink: unknown

// Made anew for each contender: shared code would be compiled for all of them at once.
function timeLoop(keys: readonly string[], lookup: (key: string) => unknown): number {
  const loop = loopOf(lookup)
  const start = process.hrtime.bigint()
  sink = loop(keys, lookup)
  return Number(process.hrtime.bigint() - start) / keys.length
}

type Loop = (keys: readonly string[], lookup: (key: string) => unknown) => unknown
const loops = new Map<unknown, Loop>()

function loopOf(lookup: (key: string) => unknown): Loop {
  let loop = loops.get(lookup)
  if (loop === undefined) {
    // oxlint-disable-next-line typescript/no-implied-eval -- a function of its own is the point
    loop = new Function(
      'keys',
      'lookup',
      'let last; for (let i = 0; i < keys.length; i++) last = lookup(keys[i]); return last',
    ) as Loop
    loops.set(lookup, loop)
  }
  return loop
}

const BUILD_SHAPES: readonly Shape[] = [
  { partitions: 2_056, members: 50, redundancy: 2 },
  { partitions: 16_384, members: 1_000, redundancy: 3 },
  { partitions: 65_536, members: 1_000, redundancy: 5 },
]

export function measureBuilds(): Build[] {
  return BUILD_SHAPES.map((shape) => {
    const cold = Array.from({ length: 11 }, () => timeBuilds(shape, 0, 1))
    const { wallMs, cpuMs } = timeBuilds(shape, 10, 40)
    return {
      ...shape,
      warmMs: median(wallMs),
      warmCpuMs: cpuMs / wallMs.length,
      coldMs: median(cold.map(({ wallMs }) => wallMs[0]!)),
      coldCpuMs: median(cold.map(({ cpuMs }) => cpuMs)),
    }
  })
}

/** Build in a fresh process; the first `unseen` times are not counted. */
function timeBuilds(
  shape: Shape,
  unseen: number,
  builds: number,
): { wallMs: number[]; cpuMs: number } {
  const program = `
    import { Ring } from 'libring/ring'
    const { partitions, members: count, redundancy } = ${JSON.stringify(shape)}
    const members = Array.from({ length: count }, (_, i) => ({ name: 'node-' + i }))
    const build = () => {
      const start = performance.now()
      new Ring(members, { partitions, redundancy })
      return performance.now() - start
    }
    for (let i = 0; i < ${unseen}; i++) build()
    const start = process.cpuUsage()
    const wallMs = Array.from({ length: ${builds} }, build)
    const { user, system } = process.cpuUsage(start)
    console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 }))`
  return runChild(program, [])
}

function runChild<T>(program: string, flags: readonly string[]): T {
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout) as T
}

/** One leave, compared with what was before; milliseconds, median. */
export function measureDiffs(): (Shape & { readonly ms: number; readonly moves: number })[] {
  return BUILD_SHAPES.map((shape) => {
    const { partitions, redundancy } = shape
    const members = nameSet('host', 1, shape.members).map((name) => ({ name }))
    const before = new Ring(members, { partitions, redundancy })
    const after = new Ring(members.slice(1), { partitions, redundancy })
    const times: number[] = []
    let moves = 0
    for (let i = 0; i < 60; i++) {
      const start = performance.now()
      moves = diff(before, after).length
      if (i >= 20) times.push(performance.now() - start)
    }
    return { ...shape, ms: median(times), moves }
  })
}

export function measureHeap(): Held[] {
  return BUILD_SHAPES.map((shape) => {
    const program = `
      import { Ring } from 'libring/ring'
      const { partitions, members: count, redundancy } = ${JSON.stringify(shape)}
      const members = Array.from({ length: count }, (_, i) => ({ name: 'node-' + i }))
      const held = () => {
        for (let i = 0; i < 4; i++) gc()
        const { heapUsed, arrayBuffers } = process.memoryUsage()
        return heapUsed + arrayBuffers
      }
      const make = () => new Ring(members, { partitions, redundancy })
      make()
      const start = held()
      const rings = Array.from({ length: 8 }, make)
      const made = held()
      for (const ring of rings) for (let p = 0; p < partitions; p++) ring.holdersForPartition(p)
      const used = held()
      console.log(JSON.stringify([(made - start) / rings.length, (used - start) / rings.length]))`
    const [viewBytes, usedBytes] = runChild<[number, number]>(program, ['--expose-gc'])
    return { ...shape, viewBytes, usedBytes }
  })
}

/** Bytes that a lookup leaves behind for the collector; next to nothing if it allocates nothing. */
export function measureGarbage(): Record<string, number> {
  const program = `
    import { Ring } from 'libring/ring'
    const members = Array.from({ length: 50 }, (_, i) => ({ name: 'node-' + i }))
    const keys = Array.from({ length: 1000 }, (_, i) => (i % 2 ? 'user:' + i : 'größe:日本' + i))
    const garbage = {}
    for (const keyHash of ['murmur3', 'fnv1a64']) {
      const ring = new Ring(members, { partitions: 2056, redundancy: 2, keyHash })
      for (const method of ['ownerForKey', 'holdersForKey']) {
        const lookUp = (rounds) => {
          for (let i = 0; i < rounds; i++) for (const key of keys) ring[method](key)
        }
        lookUp(300)
        gc()
        const start = process.memoryUsage().heapUsed
        lookUp(1000)
        garbage[method + ', ' + keyHash] = (process.memoryUsage().heapUsed - start) / 1e6
      }
    }
    console.log(JSON.stringify(garbage))`
  return runChild(program, ['--expose-gc'])
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]!
}

/** Keeps the compiler from dropping lookups whose result nobody reads. */
export function lastResult(): unknown {
  return sink
}
