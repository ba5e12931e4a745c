import {
  LibringError,
  OptionError,
  PeerError,
  reasonOf,
  type PeerErrorCode,
} from '../base/errors.ts'
import { requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import type { Logger } from '../ports/logger.ts'
import { fitsPeerHead, PEER_DEADLINE_MS_MAX, PEER_TEXT_BYTES_MAX } from '../wire/peer.ts'
import { Deferred } from './deferred.ts'
import { ReceivedBody, SentBody, type PeerBody } from './peer-bodies.ts'
import type { OpenCall, PeerCall, PeerCallOwner, PeerCalls } from './peer-calls.ts'
import { isOwnTopic, OWN_TOPIC_PREFIX, PEER_STREAMS_OF_APPLICATION_MAX } from './peer-places.ts'
import { Refusal, type PeerServer, type ServedCall } from './peer-server.ts'
import type { PeerEnding, PeerOwner, PeerStream } from './peer-stream.ts'

const DEADLINE_MS = 10_000

export interface PeerRequestOptions {
  /**
   * How long all of it may take: waiting for a place, the request, and reading the reply to its
   * end. 1 to 3,600,000.
   *
   * @defaultValue 10,000
   */
  readonly deadlineMs?: Millis
  /** Calls the request off, and the handler at the other end with it. */
  readonly signal?: AbortSignal
}

/** What a member answers. To be read, or cancelled: until then it takes one of 48 places. */
export interface PeerReply {
  /** The reply as it arrives, for one reader. Rejects when the rest will not come. */
  readonly body: AsyncIterable<Uint8Array>
  /**
   * The whole reply.
   *
   * @param limitBytes 1 MiB unless given.
   * @throws {LibringError} `LIBRING_PEER_FAILED` when it is longer; the rest is not read then.
   */
  bytes(limitBytes?: number): Promise<Uint8Array>
  /** The rest is not wanted. */
  cancel(): void
}

/** A request of another member. */
export interface PeerRequest {
  /** The name by which it introduced itself. Whoever has the keys of the cluster can bear any. */
  readonly from: string
  readonly topic: string
  /** The body as it arrives, for one reader. Rejects when the rest will not come. */
  readonly body: AsyncIterable<Uint8Array>
  /**
   * The whole body.
   *
   * @param limitBytes 1 MiB unless given.
   * @throws {LibringError} `LIBRING_PEER_FAILED` when it is longer; the rest is not read then.
   */
  bytes(limitBytes?: number): Promise<Uint8Array>
  /** Aborts when nobody waits for the reply any more. */
  readonly signal: AbortSignal
  /** How long the other member waits, counted from the call of the handler. */
  readonly deadlineMs: Millis
}

/** Answers a request. What it throws, the other member gets as an error. */
export type PeerHandler = (
  request: PeerRequest,
) => PeerBody | undefined | void | Promise<PeerBody | undefined | void>

/**
 * Requests between members of libring, over the gossip port: streamed both ways, encrypted as all
 * gossip is, each on a stream of its own.
 *
 * At most 64 requests are under way at once in each direction, of which the application has 48;
 * 4,096 more wait for a place. Of each body at most 263,168 bytes are under way: whoever reads
 * sets the pace.
 */
export class Peers {
  readonly #calls: PeerCalls
  readonly #server: PeerServer
  readonly #logger: Logger
  /** Handlers that have not returned, whether or not anybody waits for them. */
  #running = 0

  /** Made by the node. */
  constructor(calls: PeerCalls, server: PeerServer, logger: Logger) {
    this.#calls = calls
    this.#server = server
    this.#logger = logger
  }

  /**
   * Ask another member, or this one. Resolves when the reply begins.
   *
   * A request is never repeated by itself. `LIBRING_PEER_UNREACHABLE` and `LIBRING_PEER_BUSY` say
   * that nobody got it; after any other error it may have been dealt with.
   *
   * @param member name of a member that runs libring.
   * @param topic 1 to 128 bytes; those that begin with `libring/` are taken.
   * @param body nothing unless given.
   * @throws {PeerError} `LIBRING_PEER_UNREACHABLE`, `LIBRING_PEER_BUSY`, `LIBRING_PEER_FAILED` or
   *   `LIBRING_PEER_TIMEOUT`. {LibringError} `LIBRING_CLOSED` when the node leaves or stops.
   * @throws `signal.reason`, untouched; and whatever `body` throws.
   */
  async request(
    member: string,
    topic: string,
    body?: PeerBody,
    options: PeerRequestOptions = {},
  ): Promise<PeerReply> {
    const { deadlineMs = DEADLINE_MS, signal } = options
    requireTopic(topic)
    requireWhole('deadlineMs', deadlineMs, 1, PEER_DEADLINE_MS_MAX)
    signal?.throwIfAborted()
    const request = new Request({ member, topic, deadlineMs }, body, signal)
    request.begin(this.#calls)
    return await request.reply
  }

  /**
   * Have `handler` called for every request of a topic. Returns how to stop, which leaves those
   * alone that it is dealing with. A handler that does not return keeps its place, one of 48.
   *
   * @param topic 1 to 128 bytes; those that begin with `libring/` are taken.
   * @throws {OptionError} when the topic is none, or has a handler.
   */
  serve(topic: string, handler: PeerHandler): () => void {
    requireTopic(topic)
    const stop = this.#server.serve(topic, (call) => this.#accept(call, handler))
    if (stop === undefined) throw new OptionError('topic', 'one without a handler', topic)
    return stop
  }

  #accept(call: ServedCall, handler: PeerHandler): PeerOwner {
    const serving = new Serving(call)
    if (this.#running >= PEER_STREAMS_OF_APPLICATION_MAX) {
      call.stream.refuse(Refusal.busy, 'too many handlers are at work')
      return serving
    }
    this.#running++
    void serving
      .run(handler, (error) => {
        const { topic, from } = call
        this.#logger.error('peer handler failed', { topic, member: from, error })
      })
      .finally(() => this.#running--)
    return serving
  }
}

/** One request of ours. */
class Request implements PeerCallOwner {
  readonly #request: PeerCall
  readonly #body: PeerBody | undefined
  readonly #signal: AbortSignal | undefined
  readonly #reply = new Deferred<PeerReply>()
  readonly #onAbort = (): void => this.#giveUp(this.#signal?.reason)
  #call: OpenCall | undefined
  #sent: SentBody | undefined
  #received: ReceivedBody | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(request: PeerCall, body: PeerBody | undefined, signal: AbortSignal | undefined) {
    this.#request = request
    this.#body = body
    this.#signal = signal
  }

  get reply(): Promise<PeerReply> {
    return this.#reply.promise
  }

  begin(calls: PeerCalls): void {
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#call = calls.open(this.#request, this)
  }

  onOpen(stream: PeerStream): void {
    this.#received = new ReceivedBody(stream, () => this.#call?.cancel())
    this.#sent = new SentBody(stream)
    this.#sent.send(this.#body).catch((error: unknown) => this.#giveUp(error))
  }

  onReadable(): void {
    const received = this.#received
    if (received === undefined) return
    received.notify()
    this.#reply.resolve({
      body: received,
      bytes: (limitBytes) => received.bytes(limitBytes),
      cancel: () => this.#call?.cancel(),
    })
  }

  onDrained(): void {
    this.#sent?.onDrained()
  }

  onOver(ending: PeerEnding): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#sent?.onOver()
    if (ending.type === 'done') return this.#received?.notify()
    const { error } = this.#failure ?? { error: errorOf(ending, this.#request) }
    this.#reply.reject(error)
    this.#received?.fail(error)
  }

  #giveUp(error: unknown): void {
    this.#failure ??= { error }
    this.#call?.cancel()
  }
}

/** One request of a peer, and the handler that deals with it. */
class Serving implements PeerOwner {
  readonly #call: ServedCall
  readonly #sent: SentBody
  readonly #received: ReceivedBody
  readonly #controller = new AbortController()
  #isOver = false

  constructor(call: ServedCall) {
    this.#call = call
    this.#sent = new SentBody(call.stream)
    this.#received = new ReceivedBody(call.stream, () => {})
  }

  async run(handler: PeerHandler, onFailed: (error: unknown) => void): Promise<void> {
    const { from, topic, deadlineMs, stream } = this.#call
    const received = this.#received
    try {
      const { signal } = this.#controller
      const bytes = (limitBytes?: number): Promise<Uint8Array> => received.bytes(limitBytes)
      const answer = await handler({ from, topic, body: received, bytes, signal, deadlineMs })
      await this.#sent.send(answer)
    } catch (error) {
      // One that gave up because nobody waits any more has not failed.
      if (this.#isOver) return
      stream.refuse(Refusal.failed, reasonOf(error))
      onFailed(error)
    }
  }

  onReadable(): void {
    this.#received.notify()
  }

  onDrained(): void {
    this.#sent.onDrained()
  }

  onOver(ending: PeerEnding): void {
    this.#isOver = true
    this.#sent.onOver()
    const error = abortReason(ending)
    this.#received.fail(error)
    if (ending.type !== 'done') this.#controller.abort(error)
  }
}

/** Why nobody waits for a handler any more. */
function abortReason(ending: PeerEnding): LibringError {
  if (ending.type === 'done') {
    return new LibringError('LIBRING_CLOSED', 'the request was answered already')
  }
  if (ending.type !== 'refused') {
    return new LibringError('LIBRING_PEER_FAILED', 'the other member has called the request off')
  }
  const { code, reason } = ending
  if (code === Refusal.timeout) return new LibringError('LIBRING_PEER_TIMEOUT', reason)
  return new LibringError(
    code === Refusal.closed ? 'LIBRING_CLOSED' : 'LIBRING_PEER_FAILED',
    reason,
  )
}

/** What whoever made the request gets to see. */
function errorOf(ending: PeerEnding, { member, topic, deadlineMs }: PeerCall): LibringError {
  const error = (code: PeerErrorCode, what: string): PeerError => {
    return new PeerError(code, member, topic, what)
  }
  switch (ending.type) {
    case 'unreachable':
      return error('LIBRING_PEER_UNREACHABLE', `reached nobody: ${ending.reason}`)
    case 'refused':
      return error(codeOfRefusal(ending.code), `was refused (${ending.code}): ${ending.reason}`)
    case 'broken':
      return error('LIBRING_PEER_FAILED', `broke off: ${ending.reason}`)
    case 'fault':
      return error('LIBRING_PEER_FAILED', `was answered by something else: ${ending.fault}`)
    case 'busy':
      return error('LIBRING_PEER_BUSY', 'found no place to wait')
    case 'timed-out':
      return error('LIBRING_PEER_TIMEOUT', `was not answered in full within ${deadlineMs} ms`)
    case 'cancelled':
    case 'done':
      return error('LIBRING_PEER_FAILED', 'was called off')
    case 'closed':
      return new LibringError('LIBRING_CLOSED', 'the node leaves or was stopped')
  }
}

function codeOfRefusal(code: string): PeerErrorCode {
  switch (code) {
    case Refusal.busy:
      return 'LIBRING_PEER_BUSY'
    case Refusal.topic:
    case Refusal.member:
    case Refusal.version:
      return 'LIBRING_PEER_UNREACHABLE'
    case Refusal.timeout:
      return 'LIBRING_PEER_TIMEOUT'
    default:
      return 'LIBRING_PEER_FAILED'
  }
}

function requireTopic(topic: unknown): void {
  if (typeof topic === 'string' && fitsPeerHead(topic) && !isOwnTopic(topic)) return
  const rule = `text of 1 to ${PEER_TEXT_BYTES_MAX} bytes that does not begin with ${OWN_TOPIC_PREFIX}`
  throw new OptionError('topic', rule, topic)
}
