import { LibringError, RpcError } from '../base/errors.ts'
import { canonicalIp, type HostAndPort } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import { Driver } from '../gossip/driver.ts'
import type { Timer } from '../ports/clock.ts'
import type { Stream } from '../ports/transport.ts'
import { ClientSession, type RpcRequest } from '../rpc/client-session.ts'
import type { SessionEffect, SessionInput } from '../rpc/client-session.ts'
import type { RpcAnswers, RpcCommand, RpcRecords } from '../rpc/commands.ts'
import { callError, endError } from './failures.ts'
import type { ResolvedRpcOptions } from './options.ts'
import type { RpcPorts } from './ports.ts'

/** What comes of a command: the body of its answer, if it has one. */
export type AnswerTo<C extends RpcCommand> = C extends keyof RpcAnswers ? RpcAnswers[C] : undefined

export interface CallTerms {
  /** How long the answer may take. @defaultValue the option `requestTimeoutMs` */
  readonly timeoutMs?: Millis | undefined
  /** Gives up waiting. The agent is not told. */
  readonly signal?: AbortSignal | undefined
}

/** Who hears the records of a stream. */
export interface RecordReceiver<Record> {
  onRecord(record: Record): void
  /** Once, last: why it ended before its time, if it did. */
  onEnd(error: Error | undefined): void
}

interface Call {
  readonly command: RpcCommand
  readonly answered: Deferred<unknown>
  readonly receiver: RecordReceiver<unknown> | undefined
  phase: 'asked' | 'streaming'
}

/** Addresses of one name that are tried. */
const ADDRESSES_MAX = 8

/** One connection to an agent, from the first try to connect until it is gone. Used once. */
export class RpcConnection {
  readonly #options: ResolvedRpcOptions
  readonly #ports: RpcPorts
  readonly #onOver: (error: Error) => void
  readonly #driver: Driver<SessionInput, SessionEffect>
  readonly #calls = new Map<number, Call>()
  readonly #opened = new Deferred<void>()
  #phase: 'idle' | 'opening' | 'open' | 'over' = 'idle'
  #lastCall = 0
  #stream: Stream | undefined
  #timer: Timer | undefined

  /** @param onOver told once that an open connection is gone, unless it was closed here. */
  constructor(
    options: ResolvedRpcOptions,
    ports: RpcPorts,
    onOver: (error: Error) => void = () => {},
  ) {
    this.#options = options
    this.#ports = ports
    this.#onOver = onOver
    const { authKey, connectTimeoutMs } = options
    const session = new ClientSession({ authKey, greetingMs: connectTimeoutMs })
    this.#driver = new Driver(session, ports.clock, (effect) => this.#perform(effect))
    // Whoever closes it before it is open may not wait for it any more.
    this.#opened.promise.catch(() => {})
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /**
   * Resolves once the agent takes commands.
   *
   * @throws {RpcError} `LIBRING_RPC_UNREACHABLE`, `LIBRING_RPC_AUTH_REFUSED`,
   *   `LIBRING_RPC_UNSUPPORTED`, `LIBRING_RPC_BROKEN`. {LibringError} `LIBRING_CLOSED` when closed
   *   meanwhile.
   */
  open(timeoutMs: Millis = this.#options.connectTimeoutMs): Promise<void> {
    if (this.#phase !== 'idle') return this.#opened.promise
    this.#phase = 'opening'
    const { clock, resolver } = this.#ports
    this.#timer = clock.at(clock.nowMs() + timeoutMs, () => {
      this.#fail(this.#unreachable(`nobody answered within ${Math.ceil(timeoutMs)} ms`))
    })
    const { host } = this.#options
    const ip = canonicalIp(host)
    if (ip !== undefined) {
      this.#dial([ip], [])
      return this.#opened.promise
    }
    resolver.resolve(host, (resolution) => {
      if (this.#phase !== 'opening') return
      const { addresses } = resolution
      if (addresses === undefined) this.#fail(this.#unreachable(resolution.error.message))
      else this.#dial(hostsOf(addresses), [])
    })
    return this.#opened.promise
  }

  /**
   * Have the agent do something.
   *
   * @throws {RpcError} of every code but `LIBRING_RPC_UNREACHABLE`. The reason of the signal.
   */
  async call<C extends RpcCommand>(
    request: RpcRequest & { readonly command: C },
    terms: CallTerms = {},
  ): Promise<AnswerTo<C>> {
    return (await this.#ask(request, terms, undefined, 0).answered) as AnswerTo<C>
  }

  /**
   * Open a stream of records. Resolves with how to stop it, once the agent has agreed.
   *
   * @param lastsMs how long records may come.
   * @throws the same as {@link call}; the receiver hears nothing then.
   */
  async stream<C extends keyof RpcRecords>(
    request: RpcRequest & { readonly command: C },
    receiver: RecordReceiver<RpcRecords[C]>,
    terms: CallTerms = {},
    lastsMs: Millis = Infinity,
  ): Promise<() => void> {
    const heard = receiver as RecordReceiver<unknown>
    const { call, answered } = this.#ask(request, terms, heard, lastsMs)
    await answered
    return () => this.#abandon(call)
  }

  /** Drop it. What is under way fails with `error`; streams end without one. */
  close(error: Error = closedError()): void {
    if (this.#phase === 'over') return
    const wasOpening = this.#phase !== 'open'
    this.#phase = 'over'
    this.#timer?.cancel()
    this.#driver[Symbol.dispose]()
    this.#stream?.destroy()
    if (wasOpening) this.#opened.reject(error)
    for (const { answered, receiver, phase } of this.#takeCalls()) {
      if (phase === 'asked') answered.reject(error)
      else receiver?.onEnd(undefined)
    }
  }

  #ask(
    request: RpcRequest,
    { timeoutMs = this.#options.requestTimeoutMs, signal }: CallTerms,
    receiver: RecordReceiver<unknown> | undefined,
    lastsMs: Millis,
  ): { readonly call: number; readonly answered: Promise<unknown> } {
    if (signal?.aborted === true) return { call: 0, answered: Promise.reject(signal.reason) }
    if (this.#phase === 'over') return { call: 0, answered: Promise.reject(closedError()) }
    const call = ++this.#lastCall
    const answered = new Deferred<unknown>()
    this.#calls.set(call, { command: request.command, answered, receiver, phase: 'asked' })
    const onAbort = (): void => {
      this.#abandon(call)
      answered.reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort)
    this.#driver.feed({ type: 'call', call, request, timeoutMs, lastsMs })
    const forget = (): void => signal?.removeEventListener('abort', onAbort)
    // A stream is given up by its signal as long as it lasts, and then by its reader.
    answered.promise.then(forget, forget)
    return { call, answered: answered.promise }
  }

  #abandon(call: number): void {
    if (this.#calls.delete(call)) this.#driver.feed({ type: 'abandon', call })
  }

  #dial(addresses: readonly string[], reasons: readonly string[]): void {
    const [host, ...others] = addresses
    if (host === undefined) return this.#fail(this.#unreachable(reasons.join('; ')))
    const { port } = this.#options
    let isConnected = false
    this.#stream = this.#ports.dialer.dial(
      { host, port },
      {
        onConnected: () => {
          isConnected = true
          if (this.#phase === 'opening') this.#driver.feed({ type: 'connected' })
        },
        onBytes: (bytes) => this.#driver.feed({ type: 'bytes', bytes }),
        onEnd: () => this.#driver.feed({ type: 'disconnected', words: 'the agent hung up' }),
        onClosed: (error) => {
          const words = error?.message ?? 'the agent hung up'
          if (isConnected) this.#driver.feed({ type: 'disconnected', words })
          else if (this.#phase === 'opening') this.#dial(others, [...reasons, words])
        },
      },
    )
  }

  #perform(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        this.#stream?.write(effect.bytes)
        break
      case 'ready':
        this.#phase = 'open'
        this.#timer?.cancel()
        this.#opened.resolve()
        break
      case 'answer':
        this.#answered(effect.call, effect.body)
        break
      case 'record':
        this.#calls.get(effect.call)?.receiver?.onRecord(effect.record)
        break
      case 'done':
        this.#take(effect.call)?.receiver?.onEnd(undefined)
        break
      case 'failed': {
        const call = this.#take(effect.call)
        if (call === undefined) break
        const error = callError(this.#options.address, call.command, effect.failure)
        if (call.phase === 'asked') call.answered.reject(error)
        else call.receiver?.onEnd(error)
        break
      }
      case 'over':
        this.#fail(endError(this.#options.address, effect.end, effect.words))
        break
    }
  }

  #answered(number: number, body: unknown): void {
    const call = this.#calls.get(number)
    if (call === undefined) return
    if (call.receiver === undefined) this.#calls.delete(number)
    else call.phase = 'streaming'
    call.answered.resolve(body)
  }

  #take(number: number): Call | undefined {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    return call
  }

  #takeCalls(): Call[] {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    return calls
  }

  #fail(error: RpcError): void {
    const wasOpen = this.#phase === 'open'
    this.close(error)
    if (wasOpen) this.#onOver(error)
  }

  #unreachable(words: string): RpcError {
    return new RpcError('LIBRING_RPC_UNREACHABLE', this.#options.address, words)
  }
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the connection to the agent was closed')
}

/** Where a name leads to; the port is always the one that was given. */
function hostsOf(addresses: readonly HostAndPort[]): readonly string[] {
  return addresses.slice(0, ADDRESSES_MAX).map(({ host }) => host)
}
