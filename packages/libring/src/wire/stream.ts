import { equalBytes, NO_BYTES } from '../base/bytes.ts'
import type { Codec } from '../codec/msgpack.ts'
import { Reader } from '../codec/reader.ts'
import { ValueExtent } from '../codec/value-scanner.ts'
import { ACK, ERROR, NODE_STATE, PING, PUSH_PULL_HEADER, USER_HEADER } from './bodies.ts'
import { COMPRESSED, inflate, wrapCompressed } from './compress.ts'
import { nodeStateOf, pingOf } from './decode.ts'
import { encodeStreamMessage } from './encode.ts'
import { labelHeader } from './label.ts'
import { MessageType } from './message-type.ts'
import type { NodeState, StreamMessage, WireFault } from './messages.ts'
import { IN_CLEAR, unguardStream, type Security, type StreamEnd } from './security.ts'

// A stream carries one message each way, with nothing around it but label and encryption, which
// are the matter of `security.ts`, and perhaps compression:
//
//   push/pull     6 | { Join, Nodes, UserStateLen } | node state * Nodes | bytes[UserStateLen]
//   user          8 | { UserMsgLen } | bytes[UserMsgLen]
//   ping, ack     as in a datagram
//   error        13 | { Error }
//   compressed    9 | { Algo, Buf }        one of the above inside, never another of these
//
// No length stands before a message, so it ends where its parts say.

/** How many bytes one message in a stream may have, as it came and inflated: 40 MiB. */
export const STREAM_BYTES_MAX = 41_943_040

/** How many members a push/pull may list: twice what a table holds. memberlist allows 2^20. */
export const STREAM_NODES_MAX = 131_072

/** What one of them takes at least once it is read, however short it was: about as measured. */
const NODE_COST_BYTES = 512

/** How long the user state of a push/pull, or a user message, may be: 20 MiB. */
export const STREAM_USER_BYTES_MAX = 20_971_520

/** How long what is encrypted may be: 20 MiB. */
const SEALED_BYTES_MAX = 20_971_520

/** How long any one struct may be, save that of a compressed message. Meta and names are short. */
const STRUCT_BYTES_MAX = 65_536

/** What came of the bytes of a stream so far. */
export type StreamResult =
  | { readonly status: 'more' }
  | { readonly status: 'message'; readonly message: StreamMessage }
  | { readonly status: 'fault'; readonly fault: WireFault }

/**
 * The bytes of a message for a stream. With compression they are always compressed, even when
 * that makes them longer: memberlist does the same.
 */
export function encodeStream(
  message: StreamMessage,
  wrap: { readonly compression: boolean },
): Uint8Array {
  const bytes = encodeStreamMessage(message)
  return wrap.compression ? wrapCompressed(bytes) : bytes
}

/**
 * Reads the one message of a stream as its bytes arrive, in chunks of any size.
 *
 * Never throws, and costs time in proportion to the bytes, however they are cut: what has been
 * read is not read again, but for the struct in which a chunk ended, and that once. Holds at most
 * {@link STREAM_BYTES_MAX} bytes, and makes room only for bytes that came. Once there is a
 * message or a fault, that stays the result and later bytes are ignored. Chunks are copied.
 */
export class StreamDecoder {
  readonly #unread = new Unread()
  readonly #reading: Reading<StreamMessage>
  #bytesLeft = STREAM_BYTES_MAX
  #bytesWanted = 1
  #result: StreamResult = { status: 'more' }

  /** @param sender which end sends what is read here. */
  constructor(sender: StreamEnd, security: Security = IN_CLEAR) {
    this.#reading = readStream(this.#unread, sender, security)
  }

  /**
   * How much it is to be charged for: the bytes that came, or what the members take that were read
   * of them, whichever is more. At most 64 MiB.
   */
  get chargedBytes(): number {
    return Math.max(STREAM_BYTES_MAX - this.#bytesLeft, NODE_COST_BYTES * this.#unread.nodesRead)
  }

  push(chunk: Uint8Array): StreamResult {
    if (this.#result.status !== 'more') return this.#result
    this.#unread.append(chunk.subarray(0, this.#bytesLeft))
    if (this.#unread.length >= this.#bytesWanted) this.#read()
    if (chunk.length > this.#bytesLeft && this.#result.status === 'more') this.#end('too-large')
    this.#bytesLeft -= Math.min(chunk.length, this.#bytesLeft)
    return this.#result
  }

  #read(): void {
    const step = this.#reading.next()
    if (step.done === true) this.#end(step.value)
    else this.#bytesWanted = step.value
  }

  #end(outcome: StreamMessage | WireFault): void {
    this.#result =
      typeof outcome === 'string'
        ? { status: 'fault', fault: outcome }
        : { status: 'message', message: outcome }
  }
}

/** A read that stops wherever bytes are missing, saying how many unread ones it needs to go on. */
type Reading<T> = Generator<number, T | WireFault, void>

function* readStream(
  unread: Unread,
  sender: StreamEnd,
  security: Security,
): Reading<StreamMessage> {
  if (sender === 'dialling') {
    const header = labelHeader(security.label)
    if (!equalBytes(yield* readBytes(unread, header.length), header)) return 'label'
  }
  const type = yield* readType(unread)
  if (type === MessageType.label) return 'label'
  if (type !== MessageType.encrypt) {
    return security.seal?.verifyIncoming === true ? 'unsealed' : yield* readWrapped(type, unread)
  }
  if (security.seal === undefined) return 'sealed'
  const length = new Reader(yield* readBytes(unread, 4)).uint32()
  if (length > SEALED_BYTES_MAX) return 'too-large'
  const message = unguardStream(yield* readBytes(unread, length), security)
  if (typeof message === 'string') return message
  return readWhole(message, readWrapped)
}

function* readWrapped(type: number, unread: Unread): Reading<StreamMessage> {
  if (type !== MessageType.compress) return yield* readMessage(type, unread)
  const body = yield* readStruct(unread, COMPRESSED, STREAM_BYTES_MAX)
  if (typeof body === 'string') return body
  const inflated = inflate(body, STREAM_BYTES_MAX)
  return typeof inflated === 'string' ? inflated : readWhole(inflated, readMessage)
}

/** A message of which all bytes are there that will ever be. */
function readWhole(
  bytes: Uint8Array,
  read: (type: number, unread: Unread) => Reading<StreamMessage>,
): StreamMessage | WireFault {
  const step = read(bytes[0]!, new Unread(bytes.subarray(1))).next()
  return step.done === true ? step.value : 'truncated'
}

function* readMessage(type: number, unread: Unread): Reading<StreamMessage> {
  switch (type) {
    case MessageType.pushPull:
      return yield* readPushPull(unread)
    case MessageType.user:
      return yield* readUser(unread)
    case MessageType.ping: {
      const body = yield* readStruct(unread, PING)
      return typeof body === 'string' ? body : pingOf(body)
    }
    case MessageType.ack: {
      const body = yield* readStruct(unread, ACK)
      if (typeof body === 'string') return body
      return { type: 'ack', seq: body.SeqNo, payload: body.Payload }
    }
    case MessageType.error: {
      const body = yield* readStruct(unread, ERROR)
      return typeof body === 'string' ? body : { type: 'error', reason: body.Error }
    }
    default:
      return 'unknown-type'
  }
}

function* readPushPull(unread: Unread): Reading<StreamMessage> {
  const header = yield* readStruct(unread, PUSH_PULL_HEADER)
  if (typeof header === 'string') return header
  const { Nodes, UserStateLen, Join } = header
  const fault =
    faultOfCount(Nodes, STREAM_NODES_MAX) ?? faultOfCount(UserStateLen, STREAM_USER_BYTES_MAX)
  if (fault !== undefined) return fault

  const nodes: NodeState[] = []
  for (let read = 0; read < Nodes; read++) {
    const body = yield* readStruct(unread, NODE_STATE)
    if (typeof body === 'string') return body
    unread.nodesRead++
    // Agents take any name, and tell of it. To refuse all they say for one row would cut us off.
    const node = nodeStateOf(body)
    if (typeof node !== 'string') nodes.push(node)
  }
  const userState = yield* readBytes(unread, UserStateLen)
  const rowsRefused = Nodes - nodes.length
  return {
    type: 'push-pull',
    join: Join,
    nodes,
    ...(rowsRefused > 0 && { rowsRefused }),
    userState,
  }
}

function* readUser(unread: Unread): Reading<StreamMessage> {
  const header = yield* readStruct(unread, USER_HEADER)
  if (typeof header === 'string') return header
  const fault = faultOfCount(header.UserMsgLen, STREAM_USER_BYTES_MAX)
  if (fault !== undefined) return fault
  return { type: 'user', payload: yield* readBytes(unread, header.UserMsgLen) }
}

function* readType(unread: Unread): Generator<number, number, void> {
  const [type] = yield* readBytes(unread, 1)
  return type!
}

function* readBytes(unread: Unread, length: number): Generator<number, Uint8Array, void> {
  while (unread.length < length) yield length
  return unread.take(length)
}

function* readStruct<T>(
  unread: Unread,
  codec: Codec<T>,
  bytesMax: number = STRUCT_BYTES_MAX,
): Reading<T> {
  let reader = new Reader(unread.peek(bytesMax))
  let body = codec.read(reader)
  if (reader.fault !== undefined) {
    // Not again before all of it is there: a sender that cuts small would have us read each time.
    // Nor does a fault count before, so that it makes no difference how it is cut.
    const fault = yield* readExtent(unread, bytesMax)
    if (fault !== undefined) return fault
    reader = new Reader(unread.peek(bytesMax))
    body = codec.read(reader)
  }
  if (reader.fault !== undefined) return reader.fault
  unread.take(reader.offset)
  return body
}

/** Wait until the value at the front is whole. */
function* readExtent(
  unread: Unread,
  bytesMax: number,
): Generator<number, WireFault | undefined, void> {
  const extent = new ValueExtent()
  for (;;) {
    const fault = extent.grow(unread.peek(bytesMax), bytesMax)
    if (fault !== 'truncated') return fault
    yield extent.wanted
  }
}

function faultOfCount(count: number, max: number): WireFault | undefined {
  if (count < 0) return 'malformed'
  return count > max ? 'too-large' : undefined
}

/** Bytes that arrived and were not read yet. Views it gave stay valid. */
class Unread {
  /** Members that were read of it so far. */
  nodesRead = 0
  #bytes: Uint8Array
  #start = 0
  #end: number

  constructor(bytes: Uint8Array = NO_BYTES) {
    this.#bytes = bytes
    this.#end = bytes.length
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** Copy `chunk` behind what is there. Room doubles, so that bytes are moved but a few times. */
  append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) {
      const unread = this.peek(this.length)
      this.#bytes = new Uint8Array(2 * (unread.length + chunk.length))
      this.#bytes.set(unread)
      this.#start = 0
      this.#end = unread.length
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** A view of the first of them, `lengthMax` at most. */
  peek(lengthMax: number): Uint8Array {
    return this.#bytes.subarray(this.#start, Math.min(this.#end, this.#start + lengthMax))
  }

  /** A view of the first `length`, which count as read from now on. */
  take(length: number): Uint8Array {
    this.#start += length
    return this.#bytes.subarray(this.#start - length, this.#start)
  }
}
