import type { Millis } from '../base/time.ts'

/**
 * How well this node itself is doing: 0 is healthy, each step up slows its probes, so that a
 * node that is slow accuses others less.
 *
 * @see Lifeguard (Dadgar, Phillips, Currey 2018), LHA-Probe.
 */
export class Awareness {
  readonly #scoreLimit: number
  #score = 0

  /** @param scoreLimit scores run from 0 to this less one. */
  constructor(scoreLimit: number) {
    this.#scoreLimit = scoreLimit
  }

  get score(): number {
    return this.#score
  }

  /** Add to the score, within its range. */
  apply(delta: number): void {
    this.#score = Math.min(Math.max(this.#score + delta, 0), this.#scoreLimit - 1)
  }

  /** `duration` times one more than the score. */
  scale(duration: Millis): Millis {
    return duration * (this.#score + 1)
  }
}
