import { concatBytes } from '../base/bytes.ts'
import { decode, encode, type Codec } from '../codec/msgpack.ts'
import type { ReadFault } from '../codec/reader.ts'
import { ValueScanner } from '../codec/value-scanner.ts'

/** Most bytes of a header: it carries the agent's words on what went wrong. */
export const RPC_HEADER_BYTES_MAX = 0x1_0000

/** Most bytes of a body: that of 65,536 members, each with about 500 bytes. */
export const RPC_BODY_BYTES_MAX = 0x200_0000

/** A header and the value after it, still as bytes, where one belongs to it. */
export interface Frame<Header> {
  readonly header: Header
  readonly body: Uint8Array | undefined
}

/** A header and the body that belongs to it. Both ends say what they say in this form. */
export function encodeFrame<Header, Body>(
  header: readonly [Codec<Header>, Header],
  body?: readonly [Codec<Body>, Body],
): Uint8Array {
  const head = encode(...header)
  return body === undefined ? head : concatBytes([head, encode(...body)])
}

/**
 * Reads what the other end says, as its bytes arrive, in chunks of any size.
 *
 * Nothing on the wire tells whether a body follows: that is known of the header alone, by whoever
 * reads it. Never throws. Holds one unfinished value at most, besides what the last chunk brought.
 * After the first fault nothing more is given.
 */
export class FrameDecoder<Header> {
  readonly #codec: Codec<Header>
  readonly #hasBody: (header: Header) => boolean
  readonly #scanner = new ValueScanner()
  #header: Header | undefined
  #fault: ReadFault | undefined

  /** @param hasBody asked once about each header, when all before it have been taken. */
  constructor(codec: Codec<Header>, hasBody: (header: Header) => boolean) {
    this.#codec = codec
    this.#hasBody = hasBody
  }

  get fault(): ReadFault | undefined {
    return this.#fault
  }

  push(bytes: Uint8Array): void {
    if (this.#fault === undefined) this.#scanner.push(bytes)
  }

  /** The next whole frame. */
  take(): Frame<Header> | undefined {
    const header = this.#header ?? this.#takeHeader()
    if (header === undefined) return undefined
    if (this.#header === undefined && !this.#hasBody(header)) return { header, body: undefined }
    this.#header = header
    const body = this.#takeValue(RPC_BODY_BYTES_MAX)
    if (body === undefined) return undefined
    this.#header = undefined
    return { header, body }
  }

  #takeHeader(): Header | undefined {
    const bytes = this.#takeValue(RPC_HEADER_BYTES_MAX)
    if (bytes === undefined) return undefined
    const decoded = decode(this.#codec, bytes)
    if (decoded.fault === undefined) return decoded.value
    this.#fault = decoded.fault
    return undefined
  }

  #takeValue(bytesMax: number): Uint8Array | undefined {
    if (this.#fault !== undefined) return undefined
    const value = this.#scanner.take(bytesMax)
    this.#fault = this.#scanner.fault
    return value
  }
}
