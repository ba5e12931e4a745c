import { sameAddress, type Address } from '../base/address.ts'
import {
  parseSnapshotLine,
  SNAPSHOT_CLOCKS,
  snapshotLine,
  type SnapshotClock,
  type SnapshotRecord,
} from './snapshot-lines.ts'

/** Most members that are remembered, as many as there may be. */
export const SNAPSHOT_MEMBERS_MAX = 65_536

/** Bytes below which writing the file anew is not worth it. */
const COMPACT_BYTES_MIN = 128 * 1_024

/** Twice what a member takes, roughly: beyond it half of the file is of the past. */
const COMPACT_BYTES_PER_MEMBER = 2 * 128

/**
 * What a node remembers over a restart: who was alive and where, and how far the clocks were.
 * Remembers at most {@link SNAPSHOT_MEMBERS_MAX} members.
 *
 * @see serf snapshot.go.
 */
export class Snapshot {
  readonly #rejoinAfterLeave: boolean
  readonly #alive = new Map<string, Address>()
  readonly #clocks = new Map<SnapshotClock, bigint>()
  #hasLeft = false

  /** @param how.rejoinAfterLeave whether to remember the others over our own farewell as well. */
  constructor(how: { readonly rejoinAfterLeave: boolean }) {
    this.#rejoinAfterLeave = how.rejoinAfterLeave
  }

  /** The last time seen on a clock; 0 for never. */
  clock(which: SnapshotClock): bigint {
    return this.#clocks.get(which) ?? 0n
  }

  /** Where the members were that were alive, but for the one called `self`. */
  addressesBeside(self: string): readonly Address[] {
    return [...this.#alive].filter(([name]) => name !== self).map(([, address]) => address)
  }

  /** Take in a line of the file, oldest first. Returns whether it was one. */
  replay(line: string): boolean {
    const record = parseSnapshotLine(line)
    if (record === undefined) return false
    this.#apply(record)
    return true
  }

  /**
   * Take in what has happened. After our own farewell nothing counts but the time of intents: in
   * another life we have to speak later than that farewell.
   *
   * @returns the line to append, or `undefined` when it says nothing new.
   */
  note(record: SnapshotRecord): string | undefined {
    if (this.#hasLeft && record.type !== 'clock') return undefined
    if (!this.#isNews(record)) return undefined
    const line = snapshotLine(record)
    if (line === undefined) return undefined
    this.#apply(record)
    if (record.type === 'leave') this.#hasLeft = true
    return line
  }

  /** Whether a file of so many bytes should be written anew. */
  isBloated(bytes: number): boolean {
    return bytes > Math.max(COMPACT_BYTES_MIN, COMPACT_BYTES_PER_MEMBER * this.#alive.size)
  }

  /** The shortest file that says the same. */
  lines(): readonly string[] {
    const lines: string[] = []
    for (const [name, address] of this.#alive) {
      const line = snapshotLine({ type: 'alive', name, address })
      if (line !== undefined) lines.push(line)
    }
    for (const type of SNAPSHOT_CLOCKS) lines.push(`${type}: ${this.clock(type)}`)
    return lines
  }

  #isNews(record: SnapshotRecord): boolean {
    switch (record.type) {
      case 'alive': {
        const known = this.#alive.get(record.name)
        if (known !== undefined) return !sameAddress(known, record.address)
        return this.#alive.size < SNAPSHOT_MEMBERS_MAX
      }
      case 'not-alive':
        return this.#alive.has(record.name)
      case 'clock':
      case 'event-clock':
      case 'query-clock':
        return record.ltime > this.clock(record.type)
      case 'leave':
        return true
      case 'nothing':
        return false
    }
  }

  #apply(record: SnapshotRecord): void {
    switch (record.type) {
      case 'alive': {
        const { name, address } = record
        if (this.#alive.has(name) || this.#alive.size < SNAPSHOT_MEMBERS_MAX) {
          this.#alive.set(name, address)
        }
        break
      }
      case 'not-alive':
        this.#alive.delete(record.name)
        break
      case 'clock':
      case 'event-clock':
      case 'query-clock':
        this.#clocks.set(record.type, record.ltime)
        break
      case 'leave':
        if (this.#rejoinAfterLeave) break
        this.#alive.clear()
        this.#clocks.clear()
        break
      case 'nothing':
    }
  }
}
