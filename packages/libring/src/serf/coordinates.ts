import type { MemberEvent } from '../base/member.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import {
  attracted,
  distanceNanos,
  gravitated,
  isSound,
  isPlausible,
  ORIGIN,
  rawDistance,
  secondsOf,
  type Coordinate,
} from './coordinate.ts'
import { decodePingPayload, encodePingPayload } from './ping-payload.ts'
import type { SerfStats } from './stats.ts'

/** The longest round trip that says anything about distance. */
export const RTT_MAX_MS: Millis = 10_000

const NANOS_PER_MS = 1e6

/** The median of so many of a member's last round trips counts. */
const SAMPLES_PER_MEMBER = 3

/** Over so many measurements, of all members together, the adjustment is averaged. */
const ADJUSTMENT_WINDOW = 20

/** What is known of one member. Gone with it: see {@link Coordinates.forget}. */
interface Peer {
  readonly coordinate: Coordinate
  /** Seconds, oldest first. */
  readonly samples: readonly number[]
}

/**
 * The local member's coordinate, kept up by its own probes, and the last one seen of each member
 * that it probed.
 *
 * Holds one entry for each member observed and not forgotten since.
 *
 * @see serf coordinate/client.go; Ledlie, Gardner, Seltzer, Network Coordinates in the Wild (2007).
 */
export class Coordinates {
  readonly #name: string
  readonly #random: Random
  readonly #peers = new Map<string, Peer>()
  readonly #residuals: number[] = Array<number>(ADJUSTMENT_WINDOW).fill(0)
  #residualAt = 0
  #own: Coordinate
  #resets = 0
  #payload: Uint8Array | undefined

  constructor(name: string, random: Random, start: Coordinate = ORIGIN) {
    this.#name = name
    this.#random = random
    this.#own = start
  }

  /** The local member's, from the start on. */
  get own(): Coordinate {
    return this.#own
  }

  /** What to answer pings with. */
  get payload(): Uint8Array {
    return (this.#payload ??= encodePingPayload(this.#own))
  }

  /** Times our coordinate was no number any more and went back to the origin. */
  get resets(): number {
    return this.#resets
  }

  /** How many other members there is one of. */
  get size(): number {
    return this.#peers.size
  }

  /** The last coordinate seen of a member; `undefined` until we have probed it. */
  of(name: string): Coordinate | undefined {
    return name === this.#name ? this.#own : this.#peers.get(name)?.coordinate
  }

  /** Expected round-trip time between two members; `undefined` unless both are known. */
  rttMs(a: string, b: string): Millis | undefined {
    const [from, to] = [this.of(a), this.of(b)]
    return from === undefined || to === undefined
      ? undefined
      : distanceNanos(from, to) / NANOS_PER_MS
  }

  /** A direct ping took `rttMs`, and was answered with `payload`. What is wrong is counted. */
  hear(
    pinged: { readonly name: string; readonly rttMs: Millis; readonly payload: Uint8Array },
    stats: SerfStats,
  ): void {
    const { name, rttMs, payload } = pinged
    const { coordinate, fault } = decodePingPayload(payload)
    if (fault !== undefined) stats.faults[fault]++
    else if (!this.observe(name, coordinate, rttMs)) stats.coordinatesRefused++
    stats.coordinateResets = this.#resets
  }

  /**
   * A direct ping took `rttMs`, and the member says that it stands at `other`.
   *
   * @returns whether it was taken in. What cannot be true changes nothing.
   */
  observe(name: string, other: Coordinate, rttMs: Millis): boolean {
    if (name === this.#name || !isPlausible(other)) return false
    if (!(rttMs >= 0 && rttMs <= RTT_MAX_MS)) return false
    const known = this.#peers.get(name)?.samples ?? []
    const samples = [...known, secondsOf(Math.round(rttMs * NANOS_PER_MS))].slice(
      -SAMPLES_PER_MEMBER,
    )
    this.#peers.set(name, { coordinate: other, samples })
    this.#move(other, median(samples))
    return true
  }

  /** Members that are gone for good take along what is known of them. */
  note({ type, members }: MemberEvent): void {
    if (type === 'member-reap') for (const { name } of members) this.forget(name)
  }

  /** A member is gone for good. */
  forget(name: string): void {
    this.#peers.delete(name)
  }

  #move(other: Coordinate, rttSeconds: number): void {
    const moved = attracted(this.#own, other, rttSeconds, this.#random)
    const adjustment = this.#adjust(rttSeconds - rawDistance(moved, other))
    this.#own = gravitated({ ...moved, adjustment }, this.#random)
    this.#payload = undefined
    if (isSound(this.#own)) return
    this.#own = ORIGIN
    this.#resets++
  }

  /** Half of the mean residual: the other half is the other member's to add. */
  #adjust(residual: number): number {
    this.#residuals[this.#residualAt] = residual
    this.#residualAt = (this.#residualAt + 1) % ADJUSTMENT_WINDOW
    let sum = 0
    for (const value of this.#residuals) sum += value
    return sum / (2 * ADJUSTMENT_WINDOW)
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
