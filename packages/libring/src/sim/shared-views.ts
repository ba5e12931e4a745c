import { compareUtf8 } from '../base/bytes.ts'
import type { RecordPool } from '../cluster/members.ts'
import type { Sharing } from '../cluster/ports.ts'
import type { Home } from '../ownership/acting.ts'
import { sameClusterMember, type ClusterMember } from '../ownership/cluster-member.ts'
import { areMadeOf, makeRings, type MadeRings, type RingMaker } from '../ownership/made-rings.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'

/** Records of one member that are kept: nodes hear of a change at different times. */
const RECORDS_MAX = 4

/** Rings that are kept, the latest: nodes come by the same view at different times. */
const RINGS_MAX = 64

interface Kept {
  readonly rings: MadeRings
  readonly present: ReadonlySet<ClusterMember>
}

/**
 * What the nodes of a world see, kept once. A thousand nodes that see the same members would work
 * out a thousand times who holds what, and keep it a thousand times.
 *
 * Nothing that is shared ever changes, so that no node can tell.
 */
export class SharedViews implements Sharing {
  readonly #records = new Map<string, readonly ClusterMember[]>()
  /** A number for each record that was kept. */
  readonly #numbers = new WeakMap<ClusterMember, number>()
  readonly #optionsKept: ResolvedRingOptions[] = []
  /** By options, those that are away, and the sum of the numbers of those present. */
  readonly #kept = new Map<string, Kept>()
  #count = 0

  readonly pool: RecordPool = (record) => {
    const records = this.#records.get(record.name) ?? []
    const known = records.find((other) => sameClusterMember(other, record))
    if (known !== undefined) return known
    this.#records.set(record.name, [record, ...records.slice(0, RECORDS_MAX - 1)])
    // Sums of such numbers are hardly ever equal, and where they are only time is lost.
    this.#numbers.set(record, Math.imul(++this.#count, 0x9e37_79b1))
    return record
  }

  readonly makeRings: RingMaker = (parts, options, before) => {
    const { present, away } = parts
    const key = `${this.#numberOf(options)} ${this.#sumOf(present)} ${textOf(away)}`
    const kept = this.#kept.get(key)
    if (kept === undefined || !isOf(kept, present)) {
      const rings = makeRings(parts, options, before)
      this.#keep(key, { rings, present: new Set(present) })
      return rings
    }
    if (before === undefined || before === kept.rings) return kept.rings
    return areMadeOf(before, parts) ? before : kept.rings
  }

  #numberOf(options: ResolvedRingOptions): number {
    const number = this.#optionsKept.findIndex((other) => sameOptions(other, options))
    return number < 0 ? this.#optionsKept.push(options) - 1 : number
  }

  #sumOf(present: readonly ClusterMember[]): number {
    let sum = 0
    for (const record of present) sum += this.#numbers.get(record) ?? 0
    return sum
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= RINGS_MAX) break
      this.#kept.delete(oldest)
    }
  }
}

function isOf(kept: Kept, present: readonly ClusterMember[]): boolean {
  return present.length === kept.present.size && present.every((one) => kept.present.has(one))
}

function textOf(away: readonly Home[]): string {
  if (away.length === 0) return ''
  const homes = away.map(({ name, weight, zone }) => JSON.stringify([name, weight, zone]))
  return homes.sort(compareUtf8).join()
}

function sameOptions(left: ResolvedRingOptions, right: ResolvedRingOptions): boolean {
  const names = Object.keys(left) as (keyof ResolvedRingOptions)[]
  return names.every((name) => left[name] === right[name])
}
