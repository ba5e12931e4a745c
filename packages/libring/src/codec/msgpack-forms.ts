import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

// The forms of MessagePack by their first byte. "Raw" is the one kind of string of the original
// format; `str8` and `bin` came in 2013. Between nodes we write only the original forms, towards
// Serf's RPC all of them; and we read them all.

/** The first byte of a value that is nothing but its first byte, or that a number follows. */
export const Form = {
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  bin16: 0xc5,
  bin32: 0xc6,
  ext8: 0xc7,
  ext16: 0xc8,
  ext32: 0xc9,
  float32: 0xca,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  fixext1: 0xd4,
  fixext16: 0xd8,
  str8: 0xd9,
  raw16: 0xda,
  raw32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
} as const

const FIXMAP = 0x80
const FIXARRAY = 0x90
const FIXRAW = 0xa0
const NEGATIVE_FIXINT = 0xe0

/** Take a nil off the front, if one is there. */
export function takeNil(reader: Reader): boolean {
  if (reader.peek() !== Form.nil || reader.fault !== undefined) return false
  reader.uint8()
  return true
}

/** Length in bytes of the raw, str or bin that `head` begins; `undefined` when it begins none. */
export function rawLength(reader: Reader, head: number): number | undefined {
  if (head >= FIXRAW && head < Form.nil) return head - FIXRAW
  switch (head) {
    case Form.str8:
    case Form.bin8:
      return reader.uint8()
    case Form.raw16:
    case Form.bin16:
      return reader.uint16()
    case Form.raw32:
    case Form.bin32:
      return reader.uint32()
    default:
      return undefined
  }
}

/** How many values the array that `head` begins holds; `undefined` when it begins none. */
export function arrayCount(reader: Reader, head: number): number | undefined {
  if (head >= FIXARRAY && head < FIXRAW) return head - FIXARRAY
  if (head === Form.array16) return reader.uint16()
  return head === Form.array32 ? reader.uint32() : undefined
}

/** How many pairs the map that `head` begins holds; `undefined` when it begins none. */
export function mapCount(reader: Reader, head: number): number | undefined {
  if (head >= FIXMAP && head < FIXARRAY) return head - FIXMAP
  if (head === Form.map16) return reader.uint16()
  return head === Form.map32 ? reader.uint32() : undefined
}

/** An integer of any width, signed or not, that a number holds exactly; else `malformed`. */
export function readInteger(reader: Reader): number {
  const head = reader.uint8()
  if (head < FIXMAP) return head
  if (head >= NEGATIVE_FIXINT) return head - 0x100
  switch (head) {
    case Form.uint8:
      return reader.uint8()
    case Form.uint16:
      return reader.uint16()
    case Form.uint32:
      return reader.uint32()
    case Form.int8:
      return (reader.uint8() << 24) >> 24
    case Form.int16:
      return (reader.uint16() << 16) >> 16
    case Form.int32:
      return reader.uint32() | 0
    case Form.uint64:
      return exactly(reader, reader.uint32())
    case Form.int64:
      return exactly(reader, reader.uint32() | 0)
    default:
      reader.fail('malformed')
      return 0
  }
}

/** An integer of any width, signed or not. */
export function readBigInteger(reader: Reader): bigint {
  const head = reader.peek()
  if (head !== Form.uint64 && head !== Form.int64) return BigInt(readInteger(reader))
  reader.uint8()
  const value = reader.uint64()
  return head === Form.int64 ? BigInt.asIntN(64, value) : value
}

function exactly(reader: Reader, high: number): number {
  const value = high * 0x1_0000_0000 + reader.uint32()
  if (Number.isSafeInteger(value)) return value
  reader.fail('malformed')
  return 0
}

/**
 * Pass over one value, whatever it is and however deep it nests: a loop, not a recursion.
 *
 * @param valuesMax how many values, nested ones counted, it may consist of; more is `too-large`.
 * @returns how many there were.
 */
export function skipValue(reader: Reader, valuesMax: number): number {
  let seen = 0
  for (let pending = 1; pending > 0 && reader.fault === undefined; pending--) {
    if (++seen > valuesMax) reader.fail('too-large')
    pending += skipHead(reader)
  }
  return seen
}

/** Pass over one value without those inside it, and say how many these are. */
export function skipHead(reader: Reader): number {
  const head = reader.uint8()
  if (head < FIXMAP || head >= NEGATIVE_FIXINT) return 0
  const pairs = mapCount(reader, head)
  if (pairs !== undefined) return 2 * pairs
  const items = arrayCount(reader, head)
  if (items !== undefined) return items
  reader.skip(rawLength(reader, head) ?? fixedLength(reader, head))
  return 0
}

/** How many bytes follow the first of a value that is no container and no string. */
function fixedLength(reader: Reader, head: number): number {
  if (head >= Form.uint8 && head <= Form.uint64) return 1 << (head - Form.uint8)
  if (head >= Form.int8 && head <= Form.int64) return 1 << (head - Form.int8)
  if (head >= Form.fixext1 && head <= Form.fixext16) return 1 + (1 << (head - Form.fixext1))
  switch (head) {
    case Form.nil:
    case Form.false:
    case Form.true:
      return 0
    case Form.float32:
      return 4
    case Form.float64:
      return 8
    case Form.ext8:
      return 1 + reader.uint8()
    case Form.ext16:
      return 1 + reader.uint16()
    case Form.ext32:
      return 1 + reader.uint32()
    default:
      reader.fail('malformed')
      return 0
  }
}

/** An integer in its shortest form; non-negative ones always as unsigned. */
export function writeInteger(writer: Writer, value: number): void {
  if (value < 0 || value > 0xffff_ffff) return writeBigInteger(writer, BigInt(value))
  if (value < 0x80) return writer.uint8(value)
  if (value <= 0xff) {
    writer.uint8(Form.uint8)
    writer.uint8(value)
  } else if (value <= 0xffff) {
    writer.uint8(Form.uint16)
    writer.uint16(value)
  } else {
    writer.uint8(Form.uint32)
    writer.uint32(value)
  }
}

/** An integer from -2^63 to 2^64 - 1 in its shortest form; non-negative ones as unsigned. */
export function writeBigInteger(writer: Writer, value: bigint): void {
  if (value >= 0n && value <= 0xffff_ffffn) return writeInteger(writer, Number(value))
  if (value > 0n) {
    writer.uint8(Form.uint64)
    writer.uint64(value)
  } else if (value >= -0x20n) {
    writer.uint8(Number(value) + 0x100)
  } else if (value >= -0x80n) {
    writer.uint8(Form.int8)
    writer.uint8(Number(value))
  } else if (value >= -0x8000n) {
    writer.uint8(Form.int16)
    writer.uint16(Number(value))
  } else if (value >= -0x8000_0000n) {
    writer.uint8(Form.int32)
    writer.uint32(Number(value))
  } else {
    writer.uint8(Form.int64)
    writer.uint64(value)
  }
}

/** The head of a raw of `length` bytes. There is no `str8` here: old peers know none. */
export function writeRawHead(writer: Writer, length: number): void {
  writeHead(writer, length, FIXRAW, 32, Form.raw16)
}

/** The head of text of `length` bytes, as it is since 2013. */
export function writeStrHead(writer: Writer, length: number): void {
  if (length < 32 || length > 0xff) return writeRawHead(writer, length)
  writer.uint8(Form.str8)
  writer.uint8(length)
}

/** The head of bytes that are no text. */
export function writeBinHead(writer: Writer, length: number): void {
  if (length <= 0xff) {
    writer.uint8(Form.bin8)
    writer.uint8(length)
  } else if (length <= 0xffff) {
    writer.uint8(Form.bin16)
    writer.uint16(length)
  } else {
    writer.uint8(Form.bin32)
    writer.uint32(length)
  }
}

/** The head of an array of `count` values. */
export function writeArrayHead(writer: Writer, count: number): void {
  writeHead(writer, count, FIXARRAY, 16, Form.array16)
}

/** The head of a map of `count` pairs. */
export function writeMapHead(writer: Writer, count: number): void {
  writeHead(writer, count, FIXMAP, 16, Form.map16)
}

/** The form for 32 bits is always the byte after the one for 16. */
function writeHead(writer: Writer, count: number, fix: number, fixCount: number, form16: number) {
  if (count < fixCount) return writer.uint8(fix + count)
  if (count <= 0xffff) {
    writer.uint8(form16)
    writer.uint16(count)
  } else {
    writer.uint8(form16 + 1)
    writer.uint32(count)
  }
}
