import { utf8Encode } from '../base/bytes.ts'
import { Deadlines } from '../base/deadlines.ts'
import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import type { Millis } from '../base/time.ts'
import { decode, type Codec } from '../codec/msgpack.ts'
import {
  ANSWER_HEADER,
  answerCodec,
  EVENT_RECORDS,
  isRpcCommand,
  RECORDS,
  REQUEST_HEADER,
  REQUESTS,
  RPC_VERSION,
  RpcErrorText,
  type EventRecord,
  type QueryRecord,
  type RequestHeader,
  type RpcAnswers,
  type RpcCommand,
  type RpcRequests,
} from './commands.ts'
import { parseEventFilters } from './event-filter.ts'
import { encodeFrame, FrameDecoder, type Frame } from './frames.ts'
import { logLevel } from './log-level.ts'
import { ServerStreams, STREAMS_MAX } from './server-streams.ts'

/** What the session does on its own; all else is asked of whoever drives it. */
type OwnCommand = 'handshake' | 'auth' | 'stream' | 'monitor' | 'stop' | 'respond'

type OwnAction = (body: unknown, seq: bigint) => void

/** A command that somebody else has to carry out. */
export type ServerRequest<Query> =
  | {
      readonly [C in Exclude<RpcCommand, OwnCommand>]: {
        readonly command: C
        readonly body: RpcRequests[C]
      }
    }[Exclude<RpcCommand, OwnCommand>]
  /** Answer a query that was told. */
  | { readonly command: 'respond'; readonly query: Query; readonly payload: Uint8Array }
  /** Give the lines that were written before; those that follow are told anyway. */
  | { readonly command: 'monitor' }

/** An event as the session is told of it. */
export type ServerEvent<Query> =
  | Pick<EventRecord, 'Event' | 'Members'>
  | ({ readonly Event: 'user' } & Pick<EventRecord, 'LTime' | 'Name' | 'Payload' | 'Coalesce'>)
  | ({
      readonly Event: 'query'
      /** What {@link ServerRequest} `respond` gives back. */
      readonly query: Query
      /** How long it may be answered. */
      readonly lastsMs: Millis
    } & Pick<EventRecord, 'LTime' | 'Name' | 'Payload'>)

export type ServerInput<Query> =
  | { readonly type: 'connected' }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** The client is gone. */
  | { readonly type: 'disconnected' }
  /** What was sent last was, or was not, taken by the client: records wait in between. */
  | { readonly type: 'congested' | 'drained' }
  /** The open request was carried out, or could not be, in these words. */
  | {
      readonly type: 'answer'
      readonly error: string
      /** As {@link RpcAnswers} has it for the command; where it has none, and for errors, none. */
      readonly body?: RpcAnswers[keyof RpcAnswers]
    }
  /** The open request makes no sense: the connection ends without an answer. */
  | { readonly type: 'break' }
  | { readonly type: 'event'; readonly event: ServerEvent<Query> }
  | { readonly type: 'log'; readonly line: string }
  /** Of a query that was asked under this number; the last one is `done`. */
  | { readonly type: 'record'; readonly seq: bigint; readonly record: QueryRecord }

export type ServerEffect<Query> =
  | { readonly type: 'send'; readonly bytes: Uint8Array }
  /** To be answered by one `answer` or `break`; until then there is no other. */
  | { readonly type: 'request'; readonly seq: bigint; readonly request: ServerRequest<Query> }
  /** Once, when everything has been sent that was to be. */
  | { readonly type: 'close' }

/** Most queries that one connection can answer at a time; for one more the oldest is forgotten. */
const QUERIES_MAX = 1_024

interface Open {
  readonly seq: bigint
  readonly command: RpcCommand
}

/**
 * The agent's end of one connection: asks for a greeting and for the key, takes one request after the
 * other, and gives records in between.
 *
 * What comes before the key was shown is read and dropped, its body too. Nothing is read while a
 * request is open or the client takes nothing, see {@link wantsBytes}: so no more is held than one
 * chunk, one request, and of every stream as many records as an agent keeps.
 *
 * @see Serf's agent/ipc.go; the order of its checks is kept, since clients go by its words.
 */
export class ServerSession<Query> implements Machine<ServerInput<Query>, ServerEffect<Query>> {
  readonly #authKey: Uint8Array
  readonly #decoder: FrameDecoder<RequestHeader>
  readonly #streams = new ServerStreams()
  readonly #effects = new Fifo<ServerEffect<Query>>()
  readonly #deadlines = new Deadlines()
  /** Queries that may be answered, by the number under which the client knows each. */
  readonly #queries = new Map<bigint, Query>()
  readonly #greetingMs: Millis
  readonly #own: {
    readonly [C in OwnCommand]: (body: RpcRequests[C], seq: bigint) => void
  } = {
    handshake: (body) => this.#greet(body),
    auth: (body) => this.#trust(body),
    stream: (body, seq) => this.#stream(seq, body),
    monitor: (body, seq) => this.#monitor(seq, body),
    stop: ({ Stop: seq }) => this.#stop(seq),
    respond: (body, seq) => this.#respond(seq, body),
  }
  #lastQueryId = 0n
  #isGreeted = false
  #isTrusted: boolean
  #isCongested = false
  #isOver = false
  #open: Open | undefined

  /**
   * @param setup.authKey what clients have to show; empty where they need not.
   * @param setup.greetingMs how long they may take until they are let in.
   */
  constructor(setup: { readonly authKey: string; readonly greetingMs: Millis }) {
    this.#greetingMs = setup.greetingMs
    this.#authKey = utf8Encode(setup.authKey)
    this.#isTrusted = setup.authKey === ''
    this.#decoder = new FrameDecoder(REQUEST_HEADER, ({ Command: command }) => {
      return isRpcCommand(command) && REQUESTS[command] !== undefined
    })
  }

  /** Whether the client may say more; until then its bytes are better left where they are. */
  get wantsBytes(): boolean {
    return this.#open === undefined && !this.#isCongested && !this.#isOver
  }

  /** Records that had to be dropped, as the client was too slow. */
  get recordsDropped(): number {
    return this.#streams.dropped
  }

  handle(input: ServerInput<Query>, nowMs: Millis): void {
    if (this.#isOver) return
    this.tick(nowMs)
    switch (input.type) {
      case 'connected':
        this.#deadlines.set('greeting', nowMs + this.#greetingMs)
        return
      case 'bytes':
        this.#decoder.push(input.bytes)
        break
      case 'disconnected':
        return this.#end()
      case 'congested':
      case 'drained':
        this.#isCongested = input.type === 'congested'
        break
      case 'answer':
        this.#answerOpen(input.error, input.body)
        break
      case 'break':
        return this.#close()
      case 'event':
        this.#tell(input.event, nowMs)
        break
      case 'log':
        for (const seq of this.#streams.watching(input.line)) {
          this.#streams.keep(seq, recordFrame(seq, RECORDS.monitor, { Log: input.line }))
        }
        break
      case 'record':
        this.#record(input.seq, input.record)
        break
    }
    this.#goOn()
  }

  tick(nowMs: Millis): void {
    for (let key = this.#deadlines.takeDue(nowMs); key !== undefined;) {
      if (key === 'greeting') return this.#close()
      this.#queries.delete(BigInt(key))
      key = this.#deadlines.takeDue(nowMs)
    }
  }

  deadlineMs(): Millis | undefined {
    return this.#deadlines.nextMs()
  }

  poll(): ServerEffect<Query> | undefined {
    return this.#effects.take()
  }

  /** Take the next requests, and give what waited, as far as that may be. */
  #goOn(): void {
    this.#giveRecords()
    while (this.wantsBytes) {
      const frame = this.#decoder.take()
      if (frame === undefined) break
      this.#receive(frame)
      this.#giveRecords()
    }
    if (this.#decoder.fault !== undefined) this.#close()
  }

  #giveRecords(): void {
    while (!this.#isCongested) {
      const bytes = this.#streams.take()
      if (bytes === undefined) return
      this.#effects.push({ type: 'send', bytes })
    }
  }

  #receive({ header, body }: Frame<RequestHeader>): void {
    const { Command: command, Seq: seq } = header
    if (command !== 'handshake' && !this.#isGreeted) {
      return this.#refuseAndClose(seq, RpcErrorText.handshakeRequired)
    }
    const isOpenToAll = command === 'handshake' || command === 'auth'
    if (!isOpenToAll && !this.#isTrusted) {
      return this.#send(seq, RpcErrorText.authenticationRequired)
    }
    if (!isRpcCommand(command)) return this.#refuseAndClose(seq, RpcErrorText.unsupportedCommand)
    const codec = REQUESTS[command] as Codec<unknown> | undefined
    const decoded = codec === undefined ? undefined : decode(codec, body!)
    if (decoded?.fault !== undefined) return this.#close()
    this.#begin(seq, command, decoded?.value)
  }

  #begin(seq: bigint, command: RpcCommand, body: unknown): void {
    this.#open = { seq, command }
    const own = this.#own[command as OwnCommand] as OwnAction | undefined
    if (own !== undefined) return own(body, seq)
    if (command === 'query' && !this.#hasRoomFor(seq)) return
    const request = { command, body } as ServerRequest<Query>
    this.#effects.push({ type: 'request', seq, request })
  }

  #greet({ Version: version }: RpcRequests['handshake']): void {
    if (version !== RPC_VERSION) return this.#answerOpen(RpcErrorText.unsupportedVersion)
    if (this.#isGreeted) return this.#answerOpen('Handshake already performed')
    this.#isGreeted = true
    this.#letIn()
    this.#answerOpen('')
  }

  #trust({ AuthKey: key }: RpcRequests['auth']): void {
    if (!equalInConstantTime(utf8Encode(key), this.#authKey)) {
      return this.#answerOpen(RpcErrorText.invalidToken)
    }
    this.#isTrusted = true
    this.#letIn()
    this.#answerOpen('')
  }

  #letIn(): void {
    if (this.#isGreeted && this.#isTrusted) this.#deadlines.clear('greeting')
  }

  #stream(seq: bigint, { Type: type }: RpcRequests['stream']): void {
    if (!this.#hasRoomFor(seq)) return
    const filters = parseEventFilters(type)
    if (filters === undefined) return this.#answerOpen('Invalid event filter')
    this.#answerOpen('')
    this.#streams.open(seq, { type: 'events', filters })
  }

  #monitor(seq: bigint, { LogLevel: name }: RpcRequests['monitor']): void {
    const level = logLevel(name)
    if (level === undefined) return this.#answerOpen(`Unknown log level: ${name.toUpperCase()}`)
    if (this.#streams.isMonitored) return this.#answerOpen('Monitor already exists')
    if (!this.#hasRoomFor(seq)) return
    // The request stays open until the lines from before were given.
    this.#send(seq, '')
    this.#streams.open(seq, { type: 'log', level })
    this.#effects.push({ type: 'request', seq, request: { command: 'monitor' } })
  }

  #stop(seq: bigint): void {
    this.#streams.close(seq)
    this.#answerOpen('')
  }

  /** Whether a stream of that number may be opened; the request has been answered otherwise. */
  #hasRoomFor(seq: bigint): boolean {
    if (this.#streams.has(seq)) this.#answerOpen('Stream with given sequence exists')
    else if (this.#streams.size >= STREAMS_MAX) this.#answerOpen('Too many streams')
    else return true
    return false
  }

  #respond(seq: bigint, { ID: id, Payload: payload }: RpcRequests['respond']): void {
    const query = this.#queries.get(id)
    if (query === undefined) return this.#answerOpen('No pending queries matching ID')
    const request = { command: 'respond', query, payload } as const
    this.#effects.push({ type: 'request', seq, request })
  }

  #answerOpen(error: string, body?: unknown): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    // A monitor was answered before its lines.
    if (open.command === 'monitor' && this.#streams.has(open.seq)) return
    this.#send(open.seq, error, answerCodec(open.command), body)
    if (open.command === 'query' && error === '') this.#streams.open(open.seq, { type: 'query' })
    if (open.command === 'leave' && error === '') this.#close()
  }

  #send(seq: bigint, error: string, codec?: Codec<unknown>, body?: unknown): void {
    const header = { Error: error, Seq: seq }
    const bytes = encodeFrame([ANSWER_HEADER, header], codec && [codec, body ?? codec.zero])
    this.#effects.push({ type: 'send', bytes })
  }

  #tell(event: ServerEvent<Query>, nowMs: Millis): void {
    const name = 'Name' in event ? event.Name : undefined
    for (const seq of this.#streams.wanting({ event: event.Event, name })) {
      this.#streams.keep(seq, this.#eventFrame(seq, event, nowMs))
    }
  }

  #eventFrame(seq: bigint, event: ServerEvent<Query>, nowMs: Millis): Uint8Array {
    if ('Members' in event) return recordFrame(seq, EVENT_RECORDS.member, event)
    if (event.Event === 'user') return recordFrame(seq, EVENT_RECORDS.user, event)
    const { Event, LTime, Name, Payload } = event
    const ID = this.#expectAnswer(event.query, nowMs + event.lastsMs)
    return recordFrame(seq, EVENT_RECORDS.query, { Event, ID, LTime, Name, Payload })
  }

  #expectAnswer(query: Query, untilMs: Millis): bigint {
    const id = ++this.#lastQueryId
    const [oldest] = this.#queries.keys()
    if (this.#queries.size >= QUERIES_MAX && oldest !== undefined) {
      this.#queries.delete(oldest)
      this.#deadlines.clear(String(oldest))
    }
    this.#queries.set(id, query)
    this.#deadlines.set(String(id), untilMs)
    return id
  }

  #record(seq: bigint, record: QueryRecord): void {
    const bytes = recordFrame(seq, RECORDS.query, record)
    if (record.Type === 'done') this.#streams.keepLast(seq, bytes)
    else this.#streams.keep(seq, bytes)
  }

  #refuseAndClose(seq: bigint, error: string): void {
    this.#send(seq, error)
    this.#close()
  }

  #close(): void {
    if (this.#isOver) return
    this.#end()
    this.#effects.push({ type: 'close' })
  }

  #end(): void {
    this.#isOver = true
    this.#open = undefined
    this.#streams.closeAll()
    this.#queries.clear()
    this.#deadlines.clearAll()
  }
}

function recordFrame<T>(seq: bigint, codec: Codec<T>, record: T): Uint8Array {
  return encodeFrame([ANSWER_HEADER, { Error: '', Seq: seq }], [codec, record])
}

/** How long it takes tells the length at most. */
function equalInConstantTime(given: Uint8Array, wanted: Uint8Array): boolean {
  let difference = given.length ^ wanted.length
  for (const [index, byte] of given.entries()) {
    difference |= byte ^ (wanted[index % Math.max(1, wanted.length)] ?? 0)
  }
  return difference === 0
}
