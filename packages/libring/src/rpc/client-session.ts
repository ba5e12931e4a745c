import { Deadlines } from '../base/deadlines.ts'
import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import type { Millis } from '../base/time.ts'
import { decode, type Codec } from '../codec/msgpack.ts'
import {
  ANSWER_HEADER,
  answerCodec,
  recordCodec,
  REQUEST_HEADER,
  REQUESTS,
  RPC_VERSION,
  RpcErrorText,
  type AnswerHeader,
  type QueryRecord,
  type RpcCommand,
  type RpcRequests,
} from './commands.ts'
import { encodeFrame, FrameDecoder, type Frame } from './frames.ts'
import { SessionCalls, type PendingCall } from './session-calls.ts'

/** A command and what goes with it. */
export type RpcRequest = {
  readonly [C in RpcCommand]: { readonly command: C; readonly body: RpcRequests[C] }
}[RpcCommand]

/** Why a call came to nothing. */
export interface CallFailure {
  /**
   *  - `refused` the agent says so, in `words`
   *  - `unsupported` the agent does not know the command
   *  - `timeout` no answer, or no end of the records, in time
   *  - `busy` too many calls are under way; nothing was sent
   *  - `closed` the session was over, before the call or during it
   */
  readonly reason: 'refused' | 'unsupported' | 'timeout' | 'busy' | 'closed'
  readonly words: string
  /** The body that came with a refusal. */
  readonly answer?: unknown
}

/**
 * Why a session is over.
 *
 *  - `auth-refused` the agent wants another key
 *  - `unsupported` the agent speaks another version
 *  - `timeout` the agent did not greet us in time
 *  - `malformed` the agent said something that cannot be
 *  - `closed` the connection is gone
 */
export type SessionEnd = 'auth-refused' | 'unsupported' | 'timeout' | 'malformed' | 'closed'

export type SessionInput =
  /** Bytes can be sent. */
  | { readonly type: 'connected' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** No bytes will come any more. */
  | { readonly type: 'disconnected'; readonly words: string }
  | {
      readonly type: 'call'
      /** Chosen by the caller, another one for each call. */
      readonly call: number
      readonly request: RpcRequest
      /** How long the answer may take. */
      readonly timeoutMs: Millis
      /** How long records may come after it; for ever, where it is `Infinity`. */
      readonly lastsMs: Millis
    }
  /** Nobody waits for the answer or the records any more. */
  | { readonly type: 'abandon'; readonly call: number }

export type SessionEffect =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** The agent takes commands from now on. */
  | { readonly type: 'ready' }
  /** The command was done; `undefined` stands for no body. */
  | { readonly type: 'answer'; readonly call: number; readonly body: unknown }
  | { readonly type: 'record'; readonly call: number; readonly record: unknown }
  /** The last record was there. */
  | { readonly type: 'done'; readonly call: number }
  | { readonly type: 'failed'; readonly call: number; readonly failure: CallFailure }
  /** Once; every call has failed by then. The connection is to be closed. */
  | { readonly type: 'over'; readonly end: SessionEnd; readonly words: string }

/**
 * Most calls of one session at a time: without an answer, or with records still to come, even
 * where nobody waits for these any more.
 */
export const SESSION_CALLS_MAX = 128

/** Answers that no body follows, though the command has one. */
const BODILESS: readonly string[] = [
  RpcErrorText.authenticationRequired,
  RpcErrorText.handshakeRequired,
  RpcErrorText.unsupportedCommand,
]

/**
 * The client's end of one connection to an agent: greets it, shows the key, gives every request a
 * number and matches what comes back.
 *
 * The key is always shown, even an empty one: where the agent wants another, it says so to that,
 * and not to the first command, whose body it would then take for the next header.
 *
 * An answer that comes too late is read and dropped. What comes under a number that was never given
 * out, or whose answer was there already, ends the session: nobody knows where the next value begins.
 */
export class ClientSession implements Machine<SessionInput, SessionEffect> {
  readonly #authKey: string
  readonly #greetingMs: Millis
  readonly #calls = new SessionCalls()
  readonly #deadlines = new Deadlines()
  readonly #effects = new Fifo<SessionEffect>()
  readonly #decoder = new FrameDecoder(ANSWER_HEADER, (header) => this.#hasBody(header))
  #phase: 'idle' | 'greeting' | 'ready' | 'over' = 'idle'
  #endWords = ''

  /** @param setup.greetingMs how long handshake and key may take together. */
  constructor(setup: { readonly authKey: string; readonly greetingMs: Millis }) {
    this.#authKey = setup.authKey
    this.#greetingMs = setup.greetingMs
  }

  handle(input: SessionInput, nowMs: Millis): void {
    this.tick(nowMs)
    switch (input.type) {
      case 'connected':
        if (this.#phase !== 'idle') return
        this.#phase = 'greeting'
        this.#deadlines.set('', nowMs + this.#greetingMs)
        this.#ask({ command: 'handshake', body: { Version: RPC_VERSION } })
        return
      case 'bytes':
        if (this.#phase !== 'over') this.#read(input.bytes, nowMs)
        return
      case 'disconnected':
        return this.#finish('closed', input.words)
      case 'call':
        return this.#call(input, nowMs)
      case 'abandon':
        return this.#abandon(input.call)
    }
  }

  tick(nowMs: Millis): void {
    for (let key = this.#deadlines.takeDue(nowMs); key !== undefined;) {
      this.#expire(key)
      key = this.#deadlines.takeDue(nowMs)
    }
  }

  deadlineMs(): Millis | undefined {
    return this.#deadlines.nextMs()
  }

  poll(): SessionEffect | undefined {
    return this.#effects.take()
  }

  #call(input: Extract<SessionInput, { type: 'call' }>, nowMs: Millis): void {
    const { call, request, timeoutMs, lastsMs } = input
    if (this.#phase !== 'ready') {
      const words = this.#phase === 'over' ? this.#endWords : 'the agent was not greeted yet'
      return this.#fail(call, { reason: 'closed', words })
    }
    if (this.#calls.size >= SESSION_CALLS_MAX) {
      return this.#fail(call, { reason: 'busy', words: `${this.#calls.size} calls are under way` })
    }
    const pending = this.#ask(request, call, lastsMs)
    this.#deadlines.set(keyOf(pending), nowMs + timeoutMs)
  }

  #ask(request: RpcRequest, call?: number, lastsMs: Millis = 0): PendingCall {
    const pending = this.#calls.add(request.command, call, lastsMs)
    const codec = REQUESTS[request.command] as Codec<unknown> | undefined
    const header = { Command: request.command, Seq: pending.seq }
    const bytes = encodeFrame([REQUEST_HEADER, header], codec && [codec, request.body])
    this.#effects.push({ type: 'send', bytes })
    return pending
  }

  #abandon(call: number): void {
    const pending = this.#calls.byCall(call)
    if (pending === undefined) return
    this.#deadlines.clear(keyOf(pending))
    this.#calls.abandon(pending)
    if (pending.phase === 'streaming') this.#stop(pending)
  }

  /** Have no more records come. Those of a query cannot be stopped, and end on their own. */
  #stop(pending: PendingCall): void {
    if (pending.command === 'query') return
    this.#calls.retire(pending)
    this.#ask({ command: 'stop', body: { Stop: pending.seq } })
  }

  #expire(key: string): void {
    if (key === '') return this.#finish('timeout', 'the agent did not answer in time')
    const pending = this.#calls.bySeq(BigInt(key))
    if (pending?.call === undefined) return
    const { call, phase } = pending
    const what = phase === 'asked' ? 'no answer' : 'no end of the records'
    this.#abandon(call)
    this.#fail(call, { reason: 'timeout', words: `${what} came in time` })
  }

  #read(bytes: Uint8Array, nowMs: Millis): void {
    this.#decoder.push(bytes)
    while (this.#phase !== 'over') {
      const frame = this.#decoder.take()
      // Asked about a header with an unknown number, we have ended.
      if (this.#isOver) return
      if (frame === undefined) break
      this.#receive(frame, nowMs)
    }
    const { fault } = this.#decoder
    if (fault !== undefined) this.#finish('malformed', `what the agent says is ${fault}`)
  }

  get #isOver(): boolean {
    return this.#phase === 'over'
  }

  #hasBody({ Error: error, Seq: seq }: AnswerHeader): boolean {
    const pending = this.#calls.bySeq(seq)
    if (pending === undefined) {
      if (this.#calls.isRetired(seq)) return true
      this.#finish('malformed', `the agent answers request ${seq}, which nobody made or is done`)
      return false
    }
    if (pending.phase === 'streaming') return true
    return answerCodec(pending.command) !== undefined && !BODILESS.includes(error)
  }

  #receive({ header, body }: Frame<AnswerHeader>, nowMs: Millis): void {
    const pending = this.#calls.bySeq(header.Seq)
    // The last record of a stream that was stopped.
    if (pending === undefined) return
    if (pending.phase === 'streaming') return this.#receiveRecord(pending, body!)
    this.#deadlines.clear(keyOf(pending))
    if (this.#phase === 'greeting') return this.#greet(pending, header.Error)
    if (header.Error === RpcErrorText.authenticationRequired) {
      return this.#finish('auth-refused', header.Error)
    }
    const codec = body === undefined ? undefined : answerCodec(pending.command)
    const decoded = codec === undefined ? undefined : decode(codec, body!)
    if (decoded?.fault !== undefined) {
      return this.#finish('malformed', `the answer to ${pending.command} is ${decoded.fault}`)
    }
    this.#settle(pending, header.Error, decoded?.value, nowMs)
  }

  #settle(pending: PendingCall, error: string, body: unknown, nowMs: Millis): void {
    const { call, command, isAbandoned, lastsMs } = pending
    const opensStream = error === '' && recordCodec(command) !== undefined
    if (opensStream) {
      pending.phase = 'streaming'
      if (isAbandoned) this.#stop(pending)
      else if (lastsMs < Infinity) this.#deadlines.set(keyOf(pending), nowMs + lastsMs)
    } else {
      this.#calls.remove(pending)
    }
    if (call === undefined || isAbandoned) return
    if (error === '') return this.#effects.push({ type: 'answer', call, body })
    const reason = error === RpcErrorText.unsupportedCommand ? 'unsupported' : 'refused'
    this.#fail(call, { reason, words: error, answer: body })
  }

  #receiveRecord(pending: PendingCall, body: Uint8Array): void {
    const { call, command, isAbandoned } = pending
    const decoded = decode(recordCodec(command)!, body)
    if (decoded.fault !== undefined) {
      return this.#finish('malformed', `a record of ${command} is ${decoded.fault}`)
    }
    const isLast = command === 'query' && (decoded.value as QueryRecord).Type === 'done'
    if (isLast) {
      this.#deadlines.clear(keyOf(pending))
      this.#calls.remove(pending)
    }
    if (call === undefined || isAbandoned) return
    if (isLast) this.#effects.push({ type: 'done', call })
    else this.#effects.push({ type: 'record', call, record: decoded.value })
  }

  #greet(pending: PendingCall, error: string): void {
    this.#calls.remove(pending)
    if (pending.command === 'handshake') {
      if (error !== '') return this.#finish('unsupported', error)
      this.#ask({ command: 'auth', body: { AuthKey: this.#authKey } })
      return
    }
    if (error !== '') return this.#finish('auth-refused', error)
    this.#deadlines.clear('')
    this.#phase = 'ready'
    this.#effects.push({ type: 'ready' })
  }

  #fail(call: number, failure: CallFailure): void {
    this.#effects.push({ type: 'failed', call, failure })
  }

  #finish(end: SessionEnd, words: string): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#endWords = words
    this.#deadlines.clearAll()
    for (const { call } of this.#calls.takeAwaited()) {
      this.#fail(call!, { reason: 'closed', words })
    }
    this.#effects.push({ type: 'over', end, words })
  }
}

function keyOf({ seq }: PendingCall): string {
  return String(seq)
}
