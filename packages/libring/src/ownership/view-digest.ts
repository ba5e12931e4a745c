import { compareUtf8, utf8Encode } from '../base/bytes.ts'
import { crc32, crc32Joined, crc32Power } from '../codec/crc32.ts'
import { keyHashName } from '../ring/key-hash.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import { sameHome, type Home } from './acting.ts'
import type { Candidate } from './candidate.ts'
import type { ClusterMember } from './cluster-member.ts'
import { configurationText } from './ring-tag.ts'

/** What is seen of one member, and the CRC-32 of that, so that it is read but once. */
interface Line {
  readonly text: string
  /** Of a comma and the text as JSON. */
  readonly crc: number
  readonly power: number
}

/**
 * A number for everything that an assignment depends on: two members that show the same number
 * see the same members, up to one chance in 2^32. It is the CRC-32 of
 *
 *   [ rules of the assignment , [ a line of each member, in the order of their bytes ] ]
 *
 * as JSON. Where one member of thousands has changed, its line alone is read; the rest costs one
 * multiplication for each line behind it.
 */
export class ViewDigest {
  /** Of members that have changed since the number was asked for last. */
  readonly #changed = new Map<string, Candidate | undefined>()
  readonly #present = new Map<string, Line>()
  readonly #away = new Map<string, { readonly home: Home; readonly line: Line }>()
  readonly #lines: Line[] = []
  /** For each line, the CRC-32 of everything up to its end. The first so many are right. */
  readonly #crcs: number[] = []
  #right = 0
  #options: ResolvedRingOptions | undefined
  #head = 0

  /** @param candidate `undefined` of one that is not there any more. */
  see(name: string, candidate: Candidate | undefined): void {
    this.#changed.set(name, candidate)
  }

  /** @param away those that keep their homes though they are not there. */
  of(away: readonly Home[], options: ResolvedRingOptions): number {
    this.#begin(options)
    for (const [name, candidate] of this.#changed) this.#bring(name, candidate)
    this.#changed.clear()
    this.#bringAway(away)
    for (let at = this.#right; at < this.#lines.length; at++) {
      const { text, crc, power } = this.#lines[at]!
      this.#crcs[at] =
        at === 0
          ? joined(this.#head, JSON.stringify(text))
          : crc32Joined(this.#crcs[at - 1]!, crc, power)
    }
    this.#right = this.#lines.length
    return joined(this.#crcs[this.#lines.length - 1] ?? this.#head, ']]')
  }

  #begin(options: ResolvedRingOptions): void {
    if (this.#options === options) return
    const { partitions, redundancy, assignment, slack, primarySlack, keyHash } = options
    const rules = [partitions, redundancy, assignment, slack, primarySlack, keyHashName(keyHash)]
    this.#options = options
    this.#head = crc32(utf8Encode(`[${JSON.stringify(rules)},[`))
    this.#right = 0
  }

  #bring(name: string, candidate: Candidate | undefined): void {
    const known = this.#present.get(name)
    if (candidate === undefined) {
      if (known !== undefined) this.#remove(known)
      this.#present.delete(name)
      return
    }
    const line = lineOf(name, candidate)
    if (line.text === known?.text) return
    if (known !== undefined) this.#remove(known)
    this.#add(line)
    this.#present.set(name, line)
  }

  /** A member that is about to go may be present as well. */
  #bringAway(away: readonly Home[]): void {
    if (away.length === 0 && this.#away.size === 0) return
    const wanted = new Map(away.map((home) => [home.name, home]))
    for (const [name, { home, line }] of this.#away) {
      const now = wanted.get(name)
      if (now !== undefined && sameHome(now, home)) continue
      this.#remove(line)
      this.#away.delete(name)
    }
    for (const [name, home] of wanted) {
      if (this.#away.has(name)) continue
      const line = newLine([name, home.weight, home.zone, 'away'])
      this.#add(line)
      this.#away.set(name, { home, line })
    }
  }

  #add(line: Line): void {
    const at = this.#placeOf(line)
    this.#lines.splice(at, 0, line)
    this.#right = Math.min(this.#right, at)
  }

  #remove(line: Line): void {
    const at = this.#placeOf(line)
    this.#lines.splice(at, 1)
    this.#right = Math.min(this.#right, at)
  }

  /** Of the first line that does not come before this one. */
  #placeOf({ text }: Line): number {
    let low = 0
    let high = this.#lines.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareUtf8(this.#lines[middle]!.text, text) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Of each record the line that was made of it last. */
const LINES = new WeakMap<ClusterMember, Pick<Candidate, 'member' | 'tag'> & { line: Line }>()

function lineOf(name: string, { member, bystander, tag }: Candidate): Line {
  const record = (member ?? bystander)!
  const known = LINES.get(record)
  if (known !== undefined && known.member === member && known.tag === tag) return known.line
  const { weight, zone } = record
  const part = member === undefined ? 'none' : 'member'
  const configuration = tag && configurationText(tag.configuration)
  const line = newLine([name, weight, zone, part, tag?.standing, configuration])
  LINES.set(record, { member, tag, line })
  return line
}

function newLine(values: readonly unknown[]): Line {
  const text = JSON.stringify(values)
  const bytes = utf8Encode(`,${JSON.stringify(text)}`)
  return { text, crc: crc32(bytes), power: crc32Power(bytes.length) }
}

/** The CRC-32 of what has this one, and `text` behind it. */
function joined(crc: number, text: string): number {
  const bytes = utf8Encode(text)
  return crc32Joined(crc, crc32(bytes), crc32Power(bytes.length))
}

/** A number for what a number of a partition means: how many there are, and how keys are hashed. */
export function spaceDigest({ partitions, keyHash }: ResolvedRingOptions): number {
  return crc32(utf8Encode(JSON.stringify([partitions, keyHashName(keyHash)])))
}
