import type { Alive, Dead, Suspect } from '../wire/messages.ts'
import type { MemberRow } from './members.ts'

/**
 * Incarnations end at 2^32, and whoever stands at the last one can refute nothing any more. No
 * honest member comes near. So that one forged claim brings nobody there, beyond the first of these
 * an accusation counts only at the very incarnation at which its member is known, and a claim of
 * life only where it is at most so much above that; beyond the second nothing counts.
 */
const FREE_INCARNATION_MAX = 0xffff_0000
export const INCARNATION_MAX = 0xffff_ff00
const INCARNATION_REACH = 256

/** Of a member not met yet nothing above is believed, so that it has room to speak for itself. */
const NEWCOMER_INCARNATION_MAX = INCARNATION_MAX - 8_192

/** 2020-01-01T00:00:00Z. */
const FIRST_SECOND_MS = 1_577_836_800_000

/** Half of what there is, in 2088; the other half is left to those who have to refute. */
const FIRST_INCARNATION_MAX = 0x7fff_ffff

/**
 * The incarnation at which a process begins that starts at this time of the wall clock: whole
 * seconds since 2020. So what is said of it is above whatever was said of a process before it, its
 * farewell among others, which some members may have forgotten by then and others not.
 *
 * A clock that was set back gives one that is too low, as a process without a clock has it. Such a
 * one finds itself accused, and refutes.
 *
 * @param wallMs milliseconds since 1970.
 * @returns 1 to 0x7fff_ffff.
 */
export function firstIncarnation(wallMs: number): number {
  const seconds = Math.floor((wallMs - FIRST_SECOND_MS) / 1_000)
  return Math.max(1, Math.min(seconds, FIRST_INCARNATION_MAX))
}

/**
 * Whether a claim of life may be true, by its number.
 *
 * @param row the member as it is known, if it is.
 */
export function mayLive({ incarnation }: Alive, row: MemberRow | undefined): boolean {
  if (row === undefined) return incarnation <= NEWCOMER_INCARNATION_MAX
  return incarnation <= reachOf(row.incarnation)
}

/** The last incarnation at which life is believed of a member that is known at this one. */
export function reachOf(incarnation: number): number {
  const reached = Math.max(incarnation, FREE_INCARNATION_MAX) + INCARNATION_REACH
  return Math.min(reached, INCARNATION_MAX)
}

/** Whether an accusation may be true, by its number. */
export function mayAccuse({ incarnation }: Suspect | Dead, row: MemberRow): boolean {
  return incarnation <= FREE_INCARNATION_MAX || incarnation === row.incarnation
}
