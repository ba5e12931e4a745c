import { fraction, type Random } from '../base/random.ts'

/**
 * Where a member stands in a space in which distances are round-trip times. All in seconds.
 *
 * @see Dabek, Cox, Kaashoek, Morris, Vivaldi: A Decentralized Network Coordinate System (2004).
 */
export interface Coordinate {
  /** 8 numbers. */
  readonly vec: readonly number[]
  /** How little it is to be trusted, 0 to 1.5; no unit. */
  readonly error: number
  /** By how much measured times differed of late from what the coordinates say, halved. */
  readonly adjustment: number
  /** The time it takes to get off the member's own access link. At least 0.00001. */
  readonly height: number
}

export const DIMENSIONS = 8
export const ERROR_MAX = 1.5
export const HEIGHT_MIN = 1e-5

/** How much one measurement may change the error, and move the coordinate. */
const ERROR_WEIGHT = 0.25
const FORCE_WEIGHT = 0.25

/** What is nearer than this, in seconds, is at the same place. */
const ZERO = 1e-6

/** At this distance from the origin, in seconds, it pulls by one second a measurement. */
const GRAVITY_RHO = 150

const NANOS = 1e9

/**
 * The farthest that anything of another member's coordinate may be from 0, in seconds. Gravity
 * keeps honest ones within a quarter of that; a forged one beyond it would throw ours about.
 */
export const COMPONENT_MAX = 1_000

const ORIGIN_VEC: readonly number[] = Object.freeze(Array<number>(DIMENSIONS).fill(0))

/** Where everybody begins, and where gravity pulls. */
export const ORIGIN: Coordinate = Object.freeze({
  vec: ORIGIN_VEC,
  error: ERROR_MAX,
  adjustment: 0,
  height: HEIGHT_MIN,
})

/** Whether it can be another member's: of our dimension, finite, and within reason. */
export function isPlausible(coordinate: Coordinate): boolean {
  const { vec, error, adjustment, height } = coordinate
  const isNear = (value: number) => Math.abs(value) <= COMPONENT_MAX
  return (
    vec.length === DIMENSIONS &&
    vec.every(isNear) &&
    isNear(adjustment) &&
    error >= 0 &&
    isNear(error) &&
    height >= 0 &&
    isNear(height)
  )
}

/** Whether it still consists of numbers; ours may cease to, as sums of floats do. */
export function isSound({ vec, error, adjustment, height }: Coordinate): boolean {
  return [...vec, error, adjustment, height].every(Number.isFinite)
}

/**
 * Expected round-trip time in whole nanoseconds, rounded down, as Serf keeps it. Adjustments
 * count unless they would make it less than nothing.
 */
export function distanceNanos(from: Coordinate, to: Coordinate): number {
  const raw = rawDistance(from, to)
  const adjusted = raw + from.adjustment + to.adjustment
  return Math.trunc((adjusted > 0 ? adjusted : raw) * NANOS)
}

/** Expected round-trip time in seconds by the positions alone. */
export function rawDistance(from: Coordinate, to: Coordinate): number {
  return length(difference(from.vec, to.vec)) + from.height + to.height
}

/** Our coordinate after a round trip of `rttSeconds` to a member that stands at `other`. */
export function attracted(
  own: Coordinate,
  other: Coordinate,
  rttSeconds: number,
  random: Random,
): Coordinate {
  const distance = secondsOf(distanceNanos(own, other))
  const rtt = Math.max(rttSeconds, ZERO)
  const wrongness = Math.abs(distance - rtt) / rtt
  const weight = own.error / Math.max(own.error + other.error, ZERO)
  const error = ERROR_WEIGHT * weight * wrongness + own.error * (1 - ERROR_WEIGHT * weight)
  const force = FORCE_WEIGHT * weight * (rtt - distance)
  return pushed({ ...own, error: Math.min(error, ERROR_MAX) }, other, force, random)
}

/** Our coordinate drawn a little towards the origin, so that all together do not drift off. */
export function gravitated(own: Coordinate, random: Random): Coordinate {
  const fromOrigin = secondsOf(distanceNanos(ORIGIN, own)) / GRAVITY_RHO
  return pushed(own, ORIGIN, -(fromOrigin * fromOrigin), random)
}

/** `own` moved by `force` seconds away from `other`; in a random direction if both are in one place. */
function pushed(own: Coordinate, other: Coordinate, force: number, random: Random): Coordinate {
  const away = difference(own.vec, other.vec)
  const apart = length(away)
  const isApart = apart > ZERO
  const direction = isApart ? scaled(away, 1 / apart) : randomDirection(random)
  const vec = own.vec.map((value, axis) => value + direction[axis]! * force)
  if (!isApart) return { ...own, vec }
  const height = ((own.height + other.height) * force) / apart + own.height
  return { ...own, vec, height: Math.max(height, HEIGHT_MIN) }
}

function randomDirection(random: Random): readonly number[] {
  const vec = ORIGIN_VEC.map(() => fraction(random) - 0.5)
  const size = length(vec)
  return size > ZERO ? scaled(vec, 1 / size) : ORIGIN_VEC.map((_, axis) => (axis === 0 ? 1 : 0))
}

function difference(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((value, axis) => value - right[axis]!)
}

function scaled(vec: readonly number[], factor: number): readonly number[] {
  return vec.map((value) => value * factor)
}

function length(vec: readonly number[]): number {
  let sum = 0
  for (const value of vec) sum += value * value
  return Math.sqrt(sum)
}

/** Whole seconds and the rest apart, as Go divides, so that results agree to the last bit. */
export function secondsOf(nanos: number): number {
  return Math.trunc(nanos / NANOS) + (nanos % NANOS) / NANOS
}
