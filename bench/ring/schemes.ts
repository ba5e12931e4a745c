import { createHash } from 'node:crypto'
import ConsistentHash from 'consistent-hash'
import HashRing from 'hashring'
import { Ring, type RingMember, type RingOptions } from 'libring/ring'
import { draws } from './names.ts'

export interface Shape {
  readonly partitions: number
  readonly members: number
  readonly redundancy: number
}

/** Holders by partition, primary first, in rows of `width`; as numbers that stand for names. */
export interface Table {
  readonly width: number
  readonly holders: Uint32Array
}

/** A way to give partitions to members. */
export interface Scheme {
  readonly name: string
  build(members: readonly RingMember[], shape: Shape): Table
}

const numbers = new Map<string, number>()

/** The number that stands for a name, the same in every table of this run. */
export function numberOf(name: string): number {
  let number = numbers.get(name)
  if (number === undefined) numbers.set(name, (number = numbers.size))
  return number
}

export function libring(name: string, options: RingOptions): Scheme {
  return {
    name,
    build(members, { partitions, redundancy }) {
      const ring = new Ring(members, { ...options, partitions, redundancy })
      const byIndex = ring.members.map((member) => numberOf(member.name))
      const { holders, holdersPerPartition } = ring.assignment
      const own = new Uint32Array(holders.length)
      for (let at = 0; at < own.length; at++) own[at] = byIndex[holders[at]!]!
      return { width: holdersPerPartition, holders: own }
    },
  }
}

/** Ask a ring of its own kind for the holders of every partition. */
function byAsking(
  name: string,
  create: (names: readonly string[]) => (key: string, count: number) => readonly string[],
): Scheme {
  return {
    name,
    build(members, { partitions, redundancy }) {
      const holdersOf = create(members.map((member) => member.name))
      const width = Math.min(redundancy, members.length)
      const holders = new Uint32Array(partitions * width)
      for (let p = 0; p < partitions; p++) {
        const row = holdersOf(`partition-${p}`, width)
        for (let r = 0; r < width; r++) holders[p * width + r] = numberOf(row[r]!)
      }
      return { width, holders }
    },
  }
}

export const npmHashring: Scheme = byAsking('npm hashring', (names) => {
  const ring = new HashRing(names)
  return (key, count) => ring.range(key, count)
})

// It draws its points from Math.random, so that no two processes would agree. Here each name has
// points of its own, drawn once.
export const npmConsistentHash: Scheme = byAsking('npm consistent-hash', (names) => {
  const ring = new ConsistentHash()
  for (const name of names) ring.add(name, undefined, pointsOf(name))
  return (key, count) => ring.get(key, count)
})

const points = new Map<string, number[]>()

function pointsOf(name: string): number[] {
  let own = points.get(name)
  if (own === undefined) {
    const draw = draws(name)
    own = Array.from({ length: 40 }, () => draw(100_003))
    points.set(name, own)
  }
  return own
}

/** libketama's ring: 160 points of MD5 a member, and the next different members clockwise. */
export const ketama: Scheme = byAsking('ketama, 160 points', (names) => {
  const { positions, owners } = continuum(names)
  return (key, count) => {
    const hash = createHash('md5').update(key).digest().readUInt32LE(0)
    let at = lowerBound(positions, hash)
    const row: string[] = []
    for (; row.length < count; at++) {
      const owner = names[owners[at % owners.length]!]!
      if (!row.includes(owner)) row.push(owner)
    }
    return row
  }
})

function continuum(names: readonly string[]): { positions: Uint32Array; owners: Uint32Array } {
  const keys = new Float64Array(names.length * 160)
  let next = 0
  for (const [i, name] of names.entries()) {
    for (let j = 0; j < 40; j++) {
      const digest = createHash('md5').update(`${name}-${j}`).digest()
      for (let k = 0; k < 4; k++) keys[next++] = digest.readUInt32LE(4 * k) * 0x10000 + i
    }
  }
  keys.sort()
  return {
    positions: Uint32Array.from(keys, (key) => Math.floor(key / 0x10000)),
    owners: Uint32Array.from(keys, (key) => key % 0x10000),
  }
}

function lowerBound(values: Uint32Array, wanted: number): number {
  let from = 0
  let to = values.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (values[middle]! < wanted) from = middle + 1
    else to = middle
  }
  return from
}

export const balanced: Scheme = libring('libring balanced', { assignment: 'balanced' })

export const SCHEMES: readonly Scheme[] = [
  balanced,
  libring('libring rendezvous', { assignment: 'rendezvous' }),
  npmHashring,
  npmConsistentHash,
  ketama,
  libring('Go libring, consistent', { assignment: 'go-consistent' }),
  libring('Go libring, uniform', { assignment: 'go-uniform' }),
]
