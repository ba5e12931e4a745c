import type { Millis } from '../base/time.ts'
import type { QueryResponse } from './messages.ts'
import { QueryFlag } from './messages.ts'
import type { SerfStats } from './stats.ts'

/** Queries of ours that can be open at one time. */
export const ASKED_MAX = 1_024

/** Answers of a kind that are taken beyond one for each member: of those who are not known yet. */
const ANSWERS_OF_OTHERS_MAX = 64

/** Who asked: the caller by its number, or the settling of who owns our name. */
export type Asker = number | 'dispute'

interface Asked {
  readonly asker: Asker
  readonly untilMs: Millis
  readonly wantsAcks: boolean
  /** Most answers of a kind to take. */
  readonly answersMax: number
  readonly acks: Set<string>
  readonly responses: Set<string>
}

/** An answer to take to whoever asked. */
export interface Answer {
  readonly asker: Asker
  readonly kind: 'ack' | 'response'
  readonly from: string
  readonly payload: Uint8Array
}

/**
 * Queries of ours that are open, and who has answered them already.
 *
 * @see serf serf.go `handleQueryResponse`.
 */
export class AskedQueries {
  readonly #stats: SerfStats
  readonly #byKey = new Map<string, Asked>()
  readonly #keys = new Map<Asker, string>()

  constructor(stats: SerfStats) {
    this.#stats = stats
  }

  get isFull(): boolean {
    return this.#byKey.size >= ASKED_MAX
  }

  has(asker: Asker): boolean {
    return this.#keys.has(asker)
  }

  /** @param present how many members may answer. */
  open(
    query: { readonly ltime: bigint; readonly id: number; readonly flags: number },
    asker: Asker,
    { untilMs, present }: { readonly untilMs: Millis; readonly present: number },
  ): void {
    const key = keyOf(query)
    this.#keys.set(asker, key)
    this.#byKey.set(key, {
      asker,
      untilMs,
      wantsAcks: (query.flags & QueryFlag.ack) !== 0,
      answersMax: present + ANSWERS_OF_OTHERS_MAX,
      acks: new Set(),
      responses: new Set(),
    })
  }

  close(asker: Asker): void {
    const key = this.#keys.get(asker)
    this.#keys.delete(asker)
    if (key !== undefined) this.#byKey.delete(key)
  }

  /** The answer in a response, unless it comes too late, is nobody's, or has come before. */
  take(response: QueryResponse, nowMs: Millis): Answer | undefined {
    const asked = this.#byKey.get(keyOf(response))
    if (asked === undefined || nowMs >= asked.untilMs) {
      this.#stats.answersLate++
      return undefined
    }
    const { from, payload } = response
    const kind = (response.flags & QueryFlag.ack) === 0 ? 'response' : 'ack'
    const heard = kind === 'ack' ? asked.acks : asked.responses
    if (heard.has(from)) {
      this.#stats.answersRepeated++
      return undefined
    }
    if (heard.size >= asked.answersMax || (kind === 'ack' && !asked.wantsAcks)) {
      this.#stats.answersDropped++
      return undefined
    }
    heard.add(from)
    return { asker: asked.asker, kind, from, payload: payload.slice() }
  }
}

/** At the end of time the clock stands still, so the time alone does not tell queries apart. */
function keyOf({ ltime, id }: { readonly ltime: bigint; readonly id: number }): string {
  return `${ltime} ${id}`
}
