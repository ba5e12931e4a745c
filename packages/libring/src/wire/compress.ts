import { lzwCompress, lzwDecompress } from '../codec/lzw.ts'
import { bytesNeverNil, encode, struct, uint8, type Codec } from '../codec/msgpack.ts'
import { MessageType } from './message-type.ts'
import type { WireFault } from './messages.ts'

const ALGO_LZW = 0

/** Body of a compressed message; the type byte 9 stands before it. */
export interface Compressed {
  readonly Algo: number
  readonly Buf: Uint8Array
}

export const COMPRESSED: Codec<Compressed> = struct({ Algo: uint8, Buf: bytesNeverNil })

/** `message` compressed, its own type byte included. May come out longer than it went in. */
export function wrapCompressed(message: Uint8Array): Uint8Array {
  const body = { Algo: ALGO_LZW, Buf: lzwCompress(message) }
  return encode(COMPRESSED, body, MessageType.compress)
}

/**
 * The message inside a compressed one, newly made and never empty.
 *
 * @param limit most bytes it may inflate to; past that it is `too-large`.
 */
export function inflate(body: Compressed, limit: number): Uint8Array | WireFault {
  if (body.Algo !== ALGO_LZW) return 'compression'
  const message = lzwDecompress(body.Buf, limit)
  if (typeof message === 'string') return message === 'too-large' ? 'too-large' : 'compression'
  return message.length === 0 ? 'empty' : message
}
