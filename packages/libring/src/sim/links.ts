import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'

/** How what is sent from one host to another fares. */
export interface Conditions {
  /**
   * Least and most time that one datagram, or one piece of a stream, is under way. What is drawn
   * between them reorders datagrams.
   */
  readonly latencyMs: readonly [min: Millis, max: Millis]
  /**
   * Part of all that is sent that is lost, 0 to 1. A stream sends it again, so there it comes late:
   * after 0.2 s, then 0.4 s more, then 0.8 s.
   */
  readonly lossRate: number
  /** Part of all datagrams that arrives twice, 0 to 1. */
  readonly duplicateRate: number
  /** How fast the bytes of one stream go. */
  readonly streamBytesPerSecond: number
  /** Nothing gets through. */
  readonly isCut: boolean
}

/** How long a system waits until it sends again what nobody confirmed, and how often it tries. */
const RETRANSMIT_MS = 200
const RETRANSMITS_MAX = 6

/** The way from every host to every other. */
export class Links {
  readonly #usual: Conditions
  /** Of each pair whose conditions differ: from, then to. */
  readonly #unusual = new Map<string, Map<string, Conditions>>()
  #groups = new Map<string, number>()

  constructor(usual: Conditions) {
    this.#usual = usual
  }

  /** The way from one host to another. A host always reaches itself as it usually does. */
  conditions(from: string, to: string): Conditions {
    const link = this.#unusual.get(from)?.get(to) ?? this.#usual
    return this.#isSplit(from, to) && !link.isCut ? { ...link, isCut: true } : link
  }

  /** Whether something sent from one host does not reach the other. */
  isCut(from: string, to: string): boolean {
    return this.#isSplit(from, to) || this.#unusual.get(from)?.get(to)?.isCut === true
  }

  /** Whether two hosts cannot talk: something does not get through one way or the other. */
  areApart(left: string, right: string): boolean {
    return this.isCut(left, right) || this.isCut(right, left)
  }

  /** Hosts of one group reach each other only. Hosts in no group make up one more. */
  split(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((hosts, index) => hosts.map((host) => [host, index])))
  }

  /** The way from one host to another is different from now on. */
  change(from: string, to: string, changes: Partial<Conditions>): void {
    if (from === to) return
    const links = this.#unusual.get(from) ?? new Map<string, Conditions>()
    this.#unusual.set(from, links.set(to, { ...(links.get(to) ?? this.#usual), ...changes }))
  }

  /** The way from one host to another is as usual again, unless they are in different groups. */
  mend(from: string, to: string): void {
    const links = this.#unusual.get(from)
    links?.delete(to)
    if (links?.size === 0) this.#unusual.delete(from)
  }

  /** All is as usual again. */
  heal(): void {
    this.#groups = new Map()
    this.#unusual.clear()
  }

  #isSplit(from: string, to: string): boolean {
    return this.#groups.size > 0 && this.#groups.get(from) !== this.#groups.get(to)
  }
}

/** How long one datagram takes. */
export function latencyOf({ latencyMs: [min, max] }: Conditions, random: Random): Millis {
  return min + fraction(random) * (max - min)
}

/** How much later a write to a stream arrives for having been lost and sent again. */
export function retransmitDelayOf({ lossRate }: Conditions, random: Random): Millis {
  let delayMs = 0
  for (let lost = 0; lossRate > 0 && lost < RETRANSMITS_MAX; lost++) {
    if (fraction(random) >= lossRate) break
    delayMs += RETRANSMIT_MS * 2 ** lost
  }
  return delayMs
}
