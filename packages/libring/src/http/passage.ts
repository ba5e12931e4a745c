import type { IncomingMessage } from 'node:http'
import { isLibringError, type ErrorCode } from '../base/errors.ts'
import type { Key } from '../ring/key-hash.ts'
import { admit } from '../routing/admission.ts'
import { encodeForwardMark, type ForwardMark, type Refusal } from '../routing/forward-mark.ts'
import { Itinerary, type Reachable } from '../routing/itinerary.ts'
import { servesHere, type RoleAsked } from '../routing/routed-cluster.ts'
import type { Means } from './means.ts'
import { outcomeOf, refusalOutcome, type Outcome } from './outcome.ts'
import type { MemberPool } from './pools.ts'
import { targetOf } from './request-headers.ts'

/** Longest key that is sent along with a request. */
const KEY_BYTES_MAX = 1_024

/** What a request is for. */
export interface Errand {
  readonly request: IncomingMessage
  readonly key: Key
  readonly partition: number
  readonly role: RoleAsked
  /** What the member says that forwarded it; `undefined` for one from outside. */
  readonly mark: ForwardMark | undefined
  /** Whether a body follows. */
  readonly hasBody: boolean
  /** How often one from outside was forwarded, as it claims: so it does not go round for ever. */
  readonly hops: number
}

/** Where a request is to be sent, and with what. */
export interface Despatch {
  readonly member: Reachable
  readonly to: MemberPool
  readonly path: string
  /** The signed mark. */
  readonly mark: string
}

/**
 * One request on its way: served here, forwarded to one member after the other until one has it,
 * or answered with an error. What differs between a request and a connection that asks for
 * another protocol is in the two classes below this one.
 */
export abstract class Passage {
  protected readonly means: Means
  protected readonly errand: Errand
  /** Whether whoever asked is gone, or has its answer. */
  protected isOver = false
  #itinerary: Itinerary | undefined
  #aborter: AbortController | undefined

  constructor(means: Means, errand: Errand) {
    this.means = means
    this.errand = errand
  }

  protected abstract serve(): void
  protected abstract send(despatch: Despatch): void
  protected abstract fail(outcome: Outcome): void

  /** Begin, or go on after something has changed. */
  go(): void {
    if (this.isOver) return
    try {
      if (this.errand.mark === undefined) this.#goOut()
      else this.#comeIn(this.errand.mark, this.means.options.acquireWaitMs)
    } catch (error) {
      this.failBy(isLibringError(error) ? error.code : 'LIBRING_REQUEST_INVALID')
    }
  }

  /** Whoever asked is gone: nobody waits any more. */
  protected abandon(): void {
    this.isOver = true
    this.#aborter?.abort()
  }

  protected failBy(code: ErrorCode, why: string = WHY[code] ?? 'the request failed'): void {
    if (!this.isOver) this.fail(outcomeOf(code, why))
  }

  /** The member that was asked did not deal with it. */
  protected refused(member: Reachable, { reason, owner, isNext }: Refusal): void {
    this.means.stats.refusedElsewhere++
    this.#itinerary!.refused(member.name, reason === 'not-owner' ? owner : undefined, isNext)
    this.go()
  }

  /** The member that was asked got nothing of it. */
  protected unreachable(member: Reachable): void {
    this.means.stats.unreachable++
    this.means.badAddresses.note(member.url, performance.now())
    this.#itinerary!.unreachable(member.name)
    this.go()
  }

  /** One that came from outside. */
  #goOut(): void {
    const { cluster, options } = this.means
    const { partition, role } = this.errand
    if (this.#itinerary === undefined) {
      if (servesHere(cluster, partition, role)) return this.serve()
      this.#itinerary = new Itinerary(cluster, this.errand, options, this.means.isBad)
    }
    const itinerary = this.#itinerary
    const leg = itinerary.next()
    switch (leg.type) {
      case 'serve':
        return this.serve()
      case 'forward':
        return this.send(this.#despatch(leg.member, itinerary))
      case 'wait': {
        const { timeoutMs } = leg
        return this.#wait(timeoutMs, (leftMs) => {
          itinerary.waited(timeoutMs, leftMs)
          this.go()
        })
      }
      case 'fail':
        return this.failBy(leg.code, leg.why)
    }
  }

  /** One that another member has forwarded. */
  #comeIn(mark: ForwardMark, leftMs: number): void {
    const { cluster, options } = this.means
    const admission = admit(cluster, mark, options.maxHops)
    switch (admission.type) {
      case 'serve':
        return this.serve()
      case 'refuse':
        return this.fail(refusalOutcome(admission))
      case 'wait':
        if (leftMs === 0) return this.#outOfTime(admission.otherwise)
        return this.#wait(leftMs, (left) => {
          try {
            this.#comeIn(mark, left)
          } catch (error) {
            this.failBy(isLibringError(error) ? error.code : 'LIBRING_NO_OWNER')
          }
        })
    }
  }

  #outOfTime(otherwise: Refusal | undefined): void {
    if (otherwise === undefined) this.failBy('LIBRING_NO_OWNER')
    else this.fail(refusalOutcome(otherwise))
  }

  #wait(timeoutMs: number, then: (leftMs: number) => void): void {
    this.means.stats.waited++
    this.#aborter = new AbortController()
    const { signal } = this.#aborter
    const { partition } = this.errand
    void this.means.cluster.whenMoved(partition, { timeoutMs, signal }).then((leftMs) => {
      // It was only for the wait: to abort costs more than all else that is done for a request.
      this.#aborter = undefined
      if (!this.isOver) then(leftMs)
    })
  }

  #despatch(member: Reachable, itinerary: Itinerary): Despatch {
    const { pools, credentials } = this.means
    const { request, key } = this.errand
    const to = pools.of(member)
    const path = to.basePath + targetOf(request)
    const sentKey = credentials.isShared ? encodeKey(key) : ''
    const mark = encodeForwardMark(itinerary.mark(sentKey))
    return { member, to, path, mark: credentials.sign(mark, request.method!, path) }
  }
}

const WHY: Partial<Record<ErrorCode, string>> = {
  LIBRING_CONFIG_MISMATCH: 'members have different configurations',
  LIBRING_NO_OWNER: 'nobody serves the key now',
  LIBRING_OWNER_FAILED: 'the owner broke off',
  LIBRING_OWNER_TIMEOUT: 'the owner did not answer in time',
  LIBRING_OVERLOADED: 'there is too much to do',
  LIBRING_SERVE_FAILED: 'the request failed',
  LIBRING_REQUEST_INVALID: 'the request cannot be routed',
}

/** Text with a `t` before it, bytes with a `b`, in base64url; empty where it is too long. */
function encodeKey(key: Key): string {
  if (key.length > KEY_BYTES_MAX) return ''
  return typeof key === 'string'
    ? `t${Buffer.from(key).toString('base64url')}`
    : `b${Buffer.from(key).toString('base64url')}`
}

/** The key that was sent along, or `undefined` where none was. */
export function decodeKey(text: string): Key | undefined {
  if (text === '') return undefined
  const bytes = Buffer.from(text.slice(1), 'base64url')
  return text.startsWith('b') ? new Uint8Array(bytes) : bytes.toString()
}
