import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'

/** The first wait after a failure, doubled after each more, up to the maximum. */
const RETRY_MS = 500
export const RETRY_MS_MAX = 30_000

/**
 * How long to wait after so many failures in a row, from 1: 500 ms, doubled up to 30 s; with
 * `random` drawn evenly between half of that and the whole.
 */
export function retryDelayMs(failures: number, random: Random | undefined): Millis {
  const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (failures - 1))
  return random === undefined ? waitMs : (waitMs * (1 + fraction(random))) / 2
}
