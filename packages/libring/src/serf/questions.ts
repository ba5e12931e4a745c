import { ipFromBytes, ipToBytes, sameAddress } from '../base/address.ts'
import { Allowance } from '../base/allowance.ts'
import { utf8Decode, utf8Encode } from '../base/bytes.ts'
import { invariant } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Keyring } from '../wire/keyring.ts'
import { Answers } from './answers.ts'
import { AskedQueries, type Answer, type Asker } from './asked-queries.ts'
import type { Refusal } from './effects.ts'
import {
  changeKeys,
  keyOperationOf,
  keyRefusal,
  listKeys,
  type KeyOperation,
} from './key-answers.ts'
import { KeyChanges } from './key-changes.ts'
import { knownMember } from './known-member.ts'
import type { LamportClock } from './lamport.ts'
import { encodeSerf } from './message-codec.ts'
import {
  QueryFlag,
  type Answerable,
  type Query,
  type QueryContent,
  type QueryResponse,
  type Relay,
  type SerfMessage,
} from './messages.ts'
import { NameDispute, type Verdict } from './name-dispute.ts'
import type { Outlet } from './outlet.ts'
import { judgeFilters } from './query-filters.ts'
import { defaultQueryTimeoutMs } from './query-timeout.ts'
import { ReceivedQueries } from './received-queries.ts'
import { countSighting, SeenMessages } from './seen.ts'
import type { Surroundings } from './surroundings.ts'

/** Queries by names that begin so are the business of nodes, and not told to the application. */
export const INTERNAL_PREFIX = '_serf_'

const CONFLICT_QUERY = '_serf_conflict'

/** Steps that filters of queries may take in a second, some 20 ms of work; and at once. */
const FILTER_STEPS_PER_SECOND = 1_000_000
const FILTER_STEPS_MOST = 2_000_000

export interface QuestionsSetting {
  readonly gossipIntervalMs: Millis
  readonly queryTimeoutMult: number
  /** Of a query as it is sent. */
  readonly queryBytesMax: number
  /** Of an answer as it is sent. */
  readonly queryResponseBytesMax: number
}

/**
 * Queries of ours and of others, and what is asked of every node by its nature: that it is there,
 * how it knows a member, which keys it has.
 *
 * @see serf serf.go `Query`, `handleQuery`; query.go; internal_query.go.
 */
export class Questions {
  readonly #outlet: Outlet
  readonly #around: Surroundings
  readonly #setting: QuestionsSetting
  readonly #random: Random
  readonly #keyring: Keyring | undefined
  readonly #seen = new SeenMessages()
  readonly #asked: AskedQueries
  readonly #received = new ReceivedQueries()
  readonly #answers: Answers
  readonly #dispute = new NameDispute()
  readonly #keyChanges = new KeyChanges()
  readonly #keepsKeys: boolean
  readonly #filterSteps = new Allowance(FILTER_STEPS_PER_SECOND, FILTER_STEPS_MOST)
  #sinceLTime = 0n

  constructor(setup: {
    readonly outlet: Outlet
    readonly around: Surroundings
    readonly setting: QuestionsSetting
    readonly random: Random
    readonly keyring: Keyring | undefined
    /** Whether a change of keys is answered only once it has been kept. */
    readonly keepsKeys: boolean
  }) {
    const { outlet, around, setting } = setup
    this.#outlet = outlet
    this.#around = around
    this.#setting = setting
    this.#random = setup.random
    this.#keyring = setup.keyring
    this.#keepsKeys = setup.keepsKeys
    this.#asked = new AskedQueries(outlet.stats)
    this.#answers = new Answers(outlet, around, setting.queryResponseBytesMax)
  }

  get clock(): LamportClock {
    return this.#seen.clock
  }

  /** How long a query waits for answers unless told otherwise, among as many as there are now. */
  get defaultTimeoutMs(): Millis {
    const { gossipIntervalMs, queryTimeoutMult } = this.#setting
    return defaultQueryTimeoutMs(gossipIntervalMs, queryTimeoutMult, this.#around.presentCount())
  }

  /** From now on, earlier queries are neither told nor answered. */
  ignoreBefore(ltime: bigint): void {
    if (ltime > this.#sinceLTime) this.#sinceLTime = ltime
  }

  // ── asking ───────────────────────────────────────────────────────────────────────────────────

  /** Ask, on behalf of the application. */
  ask(query: number, content: QueryContent, nowMs: Millis): void {
    const timeoutMs = content.timeoutMs ?? this.defaultTimeoutMs
    // Told first: our own answer is there before this returns.
    const refusal = this.#open(query, content, timeoutMs, nowMs, () => {
      this.#outlet.tell({ type: 'query-sent', query, timeoutMs, refusal: undefined })
    })
    if (refusal !== undefined) this.#outlet.tell({ type: 'query-sent', query, timeoutMs, refusal })
  }

  /** Nobody waits for the answers any more. */
  cancel(query: number): void {
    this.#asked.close(query)
    this.#outlet.deadlines.clear(`query:${query}`)
  }

  /** Somebody else bears our name: have all others say where they know it. */
  disputeName(nowMs: Millis): void {
    if (this.#around.address() === undefined || !this.#dispute.open(nowMs)) return
    const payload = utf8Encode(this.#around.name)
    const filters: Uint8Array[] = []
    const timeoutMs = this.defaultTimeoutMs
    const more = { filters, requestAck: false, relayFactor: 0, timeoutMs }
    const refusal = this.#open(
      'dispute',
      { name: CONFLICT_QUERY, payload, ...more },
      timeoutMs,
      nowMs,
    )
    if (refusal !== undefined) this.#dispute.close(nowMs)
  }

  /** An answer, of which we may have asked the question. */
  hearAnswer(response: QueryResponse, nowMs: Millis): void {
    // Those that wait to be read are many; so each may be no longer than ours.
    const { from, payload } = response
    if (from.length + payload.length > this.#setting.queryResponseBytesMax) {
      this.#outlet.stats.answersDropped++
      return
    }
    const answer = this.#asked.take(response, nowMs)
    if (answer !== undefined) this.#takeAnswer(answer)
  }

  /** The time for answers to a query of ours is over. */
  timeIsUp(about: string): void {
    const query = Number(about)
    this.#asked.close(query)
    this.#outlet.tell({ type: 'query-over', query })
  }

  /** The time for votes is over: whoever has won them has to answer for itself. */
  closeDispute(nowMs: Millis): void {
    this.#asked.close('dispute')
    const rival = this.#dispute.close(nowMs)
    if (rival !== undefined) {
      this.#outlet.order({ type: 'call', to: rival, node: this.#around.name })
    }
  }

  /** Whether who has won the votes is there. Gives the votes when our name is lost. */
  proveDispute(answered: boolean, nowMs: Millis): Verdict | undefined {
    return this.#dispute.prove(answered, nowMs)
  }

  // ── being asked ──────────────────────────────────────────────────────────────────────────────

  /** @param bytes the message as it came, to be passed along when it is news. */
  hear(query: Query, bytes: Uint8Array, nowMs: Millis): void {
    if (!this.#admit(query)) return
    if ((query.flags & QueryFlag.noBroadcast) === 0) this.#outlet.passAlong('queries', bytes)
    this.#consider(query, nowMs)
  }

  /** Answer a query that the application was told of, unless there is something against it. */
  respond(number: number, payload: Uint8Array, nowMs: Millis): void {
    const query = this.#received.get(number, nowMs)
    if (typeof query === 'string' || this.refusalOf(number, payload, nowMs) !== undefined) return
    this.#received.close(number)
    this.#answer(query, { flags: 0, payload }, nowMs)
  }

  /** What is against answering a query so, if anything. */
  refusalOf(number: number, payload: Uint8Array, nowMs: Millis): Refusal | undefined {
    const query = this.#received.get(number, nowMs)
    if (typeof query === 'string') return { why: 'closed', text: query }
    const { length } = encodeSerf(this.#response(query, { flags: 0, payload }))
    const bytesMax = this.#setting.queryResponseBytesMax
    if (length <= bytesMax) return undefined
    return { why: 'too-large', text: `response exceeds limit of ${bytesMax} bytes` }
  }

  /** Somebody wants an answer passed on. */
  passOn(relay: Relay, nowMs: Millis): void {
    this.#answers.passOn(relay, nowMs)
  }

  #open(
    asker: Asker,
    content: QueryContent,
    timeoutMs: Millis,
    nowMs: Millis,
    onOpen: () => void = () => {},
  ): Refusal | undefined {
    const address = this.#around.address()
    if (address === undefined) return { why: 'closed', text: 'this node has not started' }
    if (this.#asked.isFull || this.#asked.has(asker)) {
      return { why: 'too-many', text: 'too many queries are open' }
    }
    const addr = ipToBytes(address.host)
    invariant(addr !== undefined, 'the advertised host is an IP address')
    const query: Query = {
      type: 'query',
      ltime: this.clock.time,
      // 31 bits, as Serf draws them.
      id: this.#random.uint32() >>> 1,
      addr,
      port: address.port,
      sourceNode: this.#around.name,
      filters: content.filters,
      flags: content.requestAck ? QueryFlag.ack : 0,
      relayFactor: content.relayFactor,
      timeoutNanos: BigInt(Math.round(timeoutMs)) * 1_000_000n,
      name: content.name,
      payload: content.payload,
    }
    const bytes = encodeSerf(query)
    const { queryBytesMax } = this.#setting
    if (bytes.length > queryBytesMax) {
      return { why: 'too-large', text: `query exceeds limit of ${queryBytesMax} bytes` }
    }
    if (!this.#outlet.spread('queries', bytes)) {
      return { why: 'too-large', text: 'query does not fit into a packet' }
    }
    this.#outlet.announce(bytes, nowMs)
    const untilMs = nowMs + timeoutMs
    this.#asked.open(query, asker, { untilMs, present: this.#around.presentCount() })
    this.#outlet.deadlines.set(asker === 'dispute' ? asker : `query:${asker}`, untilMs)
    onOpen()
    this.#admit(query)
    this.#consider(query, nowMs)
    return undefined
  }

  /** Judge and remember a query. False when it is no news. */
  #admit({ ltime, id }: Query): boolean {
    if (ltime < this.#sinceLTime) {
      this.clock.witness(ltime)
      this.#outlet.stats.beforeJoin++
      return false
    }
    return countSighting(this.#seen.admit(ltime, String(id)), this.#outlet.stats)
  }

  #consider(query: Query, nowMs: Millis): void {
    const { name } = this.#around
    const tags = this.#around.member(name)?.tags ?? {}
    const verdict = judgeFilters(query.filters, { name, tags }, (steps) => {
      return this.#filterSteps.take(steps, nowMs)
    })
    if (verdict === 'refused') this.#outlet.stats.filtersRefused++
    if (verdict !== 'meant') return
    if ((query.flags & QueryFlag.ack) !== 0) {
      this.#answer(query, { flags: QueryFlag.ack, payload: new Uint8Array(0) }, nowMs)
    }
    if (query.name.startsWith(INTERNAL_PREFIX)) return this.#answerInternal(query, nowMs)
    const { number, timeoutMs } = this.#received.open(query, nowMs)
    const { name: what, sourceNode: from, ltime } = query
    const payload = query.payload.slice()
    this.#outlet.tell({ type: 'query', query: number, name: what, payload, from, ltime, timeoutMs })
  }

  #answerInternal(query: Query, nowMs: Millis): void {
    const operation = keyOperationOf(query.name)
    if (operation !== undefined) return this.#answerAboutKeys(operation, query, nowMs)
    if (query.name !== CONFLICT_QUERY) return
    const about = utf8Decode(query.payload)
    // Whoever bears the name has no say in whose it is.
    if (about === undefined || about === this.#around.name) return
    this.#reply(
      query,
      { type: 'conflict-response', member: knownMember(about, this.#around) },
      nowMs,
    )
  }

  #answerAboutKeys(operation: KeyOperation, query: Query, nowMs: Millis): void {
    if (operation === 'list') {
      const { queryResponseBytesMax } = this.#setting
      const fits = (payload: Uint8Array): boolean => {
        const response = this.#response(query, { flags: 0, payload })
        return encodeSerf(response).length <= queryResponseBytesMax
      }
      return this.#reply(query, listKeys(this.#keyring, queryResponseBytesMax, fits), nowMs)
    }
    if (this.#keyChanges.isFull) {
      return this.#reply(query, keyRefusal('too many changes of keys are under way'), nowMs)
    }
    const before = this.#keyring?.keys
    const response = changeKeys(operation, query.payload, this.#keyring)
    const keys = this.#keyring?.keys
    const waits = this.#keepsKeys && keys !== before
    if (!waits) this.#reply(query, response, nowMs)
    if (keys === undefined || keys === before) return
    const change = this.#keyChanges.open(waits ? { query, response } : undefined)
    this.#outlet.tell({ type: 'keys-changed', change, keys })
  }

  /** The keys of a change are kept now, or could not be. */
  keysKept(change: number, failure: string | undefined, nowMs: Millis): void {
    const due = this.#keyChanges.close(change, failure)
    if (due !== undefined) this.#reply(due.query, due.response, nowMs)
  }

  #reply(query: Query, message: SerfMessage, nowMs: Millis): void {
    this.#answer(query, { flags: 0, payload: encodeSerf(message) }, nowMs)
  }

  /** Send an answer of a length that will do. */
  #answer(query: Answerable, what: Pick<QueryResponse, 'flags' | 'payload'>, nowMs: Millis): void {
    const response = this.#response(query, what)
    // To ourselves it takes no road: none can lose it, and nobody need be able to reach us.
    if (this.#isOurs(query)) this.hearAnswer(response, nowMs)
    else this.#answers.send(query, response, nowMs)
  }

  #response(
    { ltime, id }: Answerable,
    { flags, payload }: Pick<QueryResponse, 'flags' | 'payload'>,
  ): QueryResponse {
    return { type: 'query-response', ltime, id, from: this.#around.name, flags, payload }
  }

  #isOurs({ sourceNode, addr, port }: Answerable): boolean {
    const own = this.#around.address()
    const host = ipFromBytes(addr)
    const isHere = own !== undefined && host !== undefined && sameAddress({ host, port }, own)
    return sourceNode === this.#around.name && isHere
  }

  #takeAnswer({ asker, kind, from, payload }: Answer): void {
    const own = this.#around.address()
    if (asker !== 'dispute') {
      this.#outlet.tell({ type: 'query-answer', query: asker, kind, from, payload })
    } else if (own !== undefined) {
      this.#dispute.vote(payload, own)
    }
  }
}
