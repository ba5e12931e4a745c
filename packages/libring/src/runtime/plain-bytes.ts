/**
 * The same bytes without Node's own type, whose `slice` is a view: the layers below take it for
 * the copy that every other `Uint8Array` makes.
 */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
