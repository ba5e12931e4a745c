import { encode } from '../../packages/libring/src/codec/msgpack.ts'
import { REQUEST_HEADER, REQUESTS } from '../../packages/libring/src/rpc/commands.ts'
import { encodeFrame } from '../../packages/libring/src/rpc/frames.ts'

// What a hostile client of an RPC server puts together, piece by piece.

export const handshake: Uint8Array = encodeFrame(
  [REQUEST_HEADER, { Command: 'handshake', Seq: 1n }],
  [REQUESTS.handshake, { Version: 1 }],
)

export const header = (command: string): Uint8Array =>
  encode(REQUEST_HEADER, { Command: command, Seq: 2n })

/** The head of a text of so many bytes, of which none follow. */
export function textOf(length: number): Uint8Array {
  const head = new Uint8Array(5)
  const view = new DataView(head.buffer)
  view.setUint8(0, 0xdb)
  view.setUint32(1, length)
  return head
}
