import { compareUtf8, equalBytes, NO_BYTES, utf8Decode, utf8Encode } from '../base/bytes.ts'
import {
  arrayCount,
  Form,
  mapCount,
  rawLength,
  readBigInteger,
  readInteger,
  skipValue,
  takeNil,
  writeArrayHead,
  writeBigInteger,
  writeBinHead,
  writeInteger,
  writeMapHead,
  writeRawHead,
  writeStrHead,
} from './msgpack-forms.ts'
import { Reader, type ReadFault } from './reader.ts'
import { Writer } from './writer.ts'

// The dialect of MessagePack that memberlist and Serf speak between nodes. A message is described
// once, and read and written from that description:
//
//   interface JoinBody { readonly LTime: bigint; readonly Node: string }
//   const JOIN: Codec<JoinBody> = struct({ LTime: uint64, Node: text })
//
//   encode(JOIN, { LTime: 7n, Node: 'n1' }, 1)   // byte 1, then the map
//   decode(JOIN, bytes, 1)                       // { value: { LTime: 7n, Node: 'n1' }, end } or { fault }
//
// Written: the forms of before 2013 only (no str8, no bin: but see `str` and `bin`), keys in order
// of their bytes, integers in their shortest unsigned form. Read: every form, keys in any order, keys twice (the last one
// counts), keys nobody knows (passed over), nil for anything.

/** How one kind of value is written and read. */
export interface Codec<T> {
  /** What nil stands for, and a field that is not there. */
  readonly zero: T

  /** Read one value. What does not fit leaves a fault in the reader, and gives some `T` anyway. */
  read(reader: Reader): T

  write(writer: Writer, value: T): void

  /** True for values that a struct leaves out altogether; see {@link omitEmpty}. */
  omits?(value: T): boolean
}

/** What {@link decode} gives. */
export type Decoded<T> =
  | {
      readonly value: T
      /** Offset of the first byte after the value. */
      readonly end: number
      readonly fault?: never
    }
  | { readonly fault: ReadFault }

/** The writer that nobody writes to at the moment. */
let spareWriter: Writer | undefined

/** The bytes of `value`, after the byte `type` when one is given. */
export function encode<T>(codec: Codec<T>, value: T, type?: number): Uint8Array {
  const writer = spareWriter ?? new Writer()
  spareWriter = undefined
  if (type !== undefined) writer.uint8(type)
  codec.write(writer, value)
  const bytes = writer.finish()
  writer.clear()
  spareWriter = writer
  return bytes
}

/** The value that begins at `offset`. Bytes after it are left alone. Never throws. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, offset = 0): Decoded<T> {
  const reader = new Reader(bytes, offset)
  const value = codec.read(reader)
  return reader.fault === undefined ? { value, end: reader.offset } : { fault: reader.fault }
}

/**
 * How many values one struct may consist of, those in it that are passed over included, and
 * how many elements a byte array that is written as an array may have. More is `too-large`.
 * Nobody honest comes near.
 */
export const STRUCT_VALUES_MAX = 1_024

/** 0 to 255. */
export const uint8: Codec<number> = integer(0, 0xff)

/** 0 to 65,535. */
export const uint16: Codec<number> = integer(0, 0xffff)

/** 0 to 2^32 - 1. */
export const uint32: Codec<number> = integer(0, 0xffff_ffff)

/** A signed integer that a number holds exactly, which is less than the 64 bits Go has. */
export const int: Codec<number> = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

/** 0 to 2^64 - 1. */
export const uint64: Codec<bigint> = bigInteger(0n, 0xffff_ffff_ffff_ffffn)

/** -2^63 to 2^63 - 1. */
export const int64: Codec<bigint> = bigInteger(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn)

/** Always written in 8 bytes. Integers and single precision are read too. */
export const float64: Codec<number> = {
  zero: 0,
  read(reader) {
    switch (reader.peek()) {
      case Form.nil:
        reader.uint8()
        return 0
      case Form.float64:
        reader.uint8()
        return reader.float64()
      case Form.float32:
        reader.uint8()
        return reader.float32()
      default:
        return Number(readBigInteger(reader))
    }
  },
  write(writer, value) {
    writer.uint8(Form.float64)
    writer.float64(value)
  },
}

/** The integers 0 and 1 are read too, as Go does. */
export const bool: Codec<boolean> = {
  zero: false,
  read(reader) {
    const head = reader.uint8()
    if (head === Form.true || head === 1) return true
    if (head !== Form.false && head !== Form.nil && head !== 0) reader.fail('malformed')
    return false
  },
  write(writer, value) {
    writer.uint8(value ? Form.true : Form.false)
  },
}

/** Well-formed UTF-8; anything else is `malformed`. Never nil when written. */
export const text: Codec<string> = textUpTo(Infinity)

/** Like {@link text}, but `too-large` where it has more bytes: nothing is made of them then. */
export function textUpTo(bytesMax: number): Codec<string> {
  return {
    zero: '',
    read(reader) {
      const raw = readRaw(reader)
      if (raw.length > bytesMax) reader.fail('too-large')
      const value = reader.fault === undefined ? utf8Decode(raw) : ''
      if (value === undefined) reader.fail('malformed')
      return value ?? ''
    },
    write(writer, value) {
      writeRaw(writer, utf8Encode(value))
    },
  }
}

/**
 * Like {@link textUpTo}, but what is no such text is `undefined` and no fault, so that whoever tells of
 * many is not refused for one of them.
 */
export function lenientText(bytesMax: number): Codec<string | undefined> {
  return {
    zero: '',
    read(reader) {
      const raw = readRaw(reader)
      return raw.length > bytesMax ? undefined : utf8Decode(raw)
    },
    write(writer, value) {
      text.write(writer, value ?? '')
    },
  }
}

/**
 * Any bytes; none are written as nil, as Go writes a slice that was never made. Those read
 * are a view of the input: copy what outlives it.
 */
export const bytes: Codec<Uint8Array> = {
  zero: NO_BYTES,
  read(reader) {
    return readBytes(reader)
  },
  write(writer, value) {
    if (value.length === 0) writer.uint8(Form.nil)
    else writeRaw(writer, value)
  },
}

/** Like {@link bytes}, but none are written as an empty string, not as nil. */
export const bytesNeverNil: Codec<Uint8Array> = { ...bytes, write: writeRaw }

/** Like {@link text}, but written with the forms of 2013. */
export const str: Codec<string> = {
  ...text,
  write(writer, value) {
    const encoded = utf8Encode(value)
    writeStrHead(writer, encoded.length)
    writer.bytes(encoded)
  },
}

/** Like {@link bytes}, but written with the forms of 2013. */
export const bin: Codec<Uint8Array> = {
  ...bytes,
  write(writer, value) {
    if (value.length === 0) return writer.uint8(Form.nil)
    writeBinHead(writer, value.length)
    writer.bytes(value)
  },
}

/** How each field of a struct is written and read, in the order in which Go declares them. */
export type Fields<T> = { readonly [K in keyof T]: Codec<T[K]> }

interface FieldEntry {
  readonly name: string
  readonly key: Uint8Array
  /** The key as we write it, and as most senders do. */
  readonly encodedKey: Uint8Array
  readonly codec: Codec<unknown>
}

/**
 * A Go struct: a map whose keys are the field names. Fields that are not there have their zero
 * value. Also read from an array of the values in the order of `fields`, as Go does.
 */
export function struct<T extends object>(fields: Fields<T>): Codec<T> {
  const declared: FieldEntry[] = Object.entries<Codec<unknown>>(fields).map(([name, codec]) => {
    return { name, key: utf8Encode(name), encodedKey: encode(text, name), codec }
  })
  const sorted = declared.toSorted((a, b) => compareUtf8(a.name, b.name))
  const mayOmit = sorted.some(({ codec }) => codec.omits !== undefined)
  const zero = Object.fromEntries(declared.map(({ name, codec }) => [name, codec.zero]))

  return {
    zero: zero as T,
    read(reader) {
      if (takeNil(reader)) return zero as T
      const value: Record<string, unknown> = { ...zero }
      const head = reader.uint8()
      const pairs = mapCount(reader, head)
      if (pairs === undefined) readFromArray(reader, arrayCount(reader, head), declared, value)
      else readFromMap(reader, pairs, sorted, value)
      return value as T
    },
    write(writer, value) {
      const values = value as Readonly<Record<string, unknown>>
      let present = sorted
      if (mayOmit) present = sorted.filter(({ name, codec }) => !codec.omits?.(values[name]))
      writeMapHead(writer, present.length)
      for (const { name, encodedKey, codec } of present) {
        writer.bytes(encodedKey)
        codec.write(writer, values[name])
      }
    },
  }
}

/** Values of one kind, in order. Nil is read as none, and none is written as an empty array. */
export function list<T>(of: Codec<T>, countMax: number): Codec<readonly T[]> {
  return {
    zero: [],
    read(reader) {
      const count = readCount(reader, arrayCount, countMax)
      const values: T[] = []
      for (let i = 0; i < count && reader.fault === undefined; i++) values.push(of.read(reader))
      return values
    },
    write(writer, values) {
      writeArrayHead(writer, values.length)
      for (const value of values) of.write(writer, value)
    },
  }
}

/**
 * Values by text. Nil is read as none, and none is written as an empty map. Written in order of keys.
 * What stands under a key that `keys` reads as `undefined` is left out.
 */
export function textMap<T>(
  of: Codec<T>,
  countMax: number,
  keys: Codec<string> | Codec<string | undefined> = text,
): Codec<ReadonlyMap<string, T>> {
  return {
    zero: new Map(),
    read(reader) {
      const count = readCount(reader, mapCount, countMax)
      const values = new Map<string, T>()
      for (let i = 0; i < count && reader.fault === undefined; i++) {
        const key = keys.read(reader)
        const value = of.read(reader)
        if (key !== undefined) values.set(key, value)
      }
      return values
    },
    write(writer, values) {
      writeMapHead(writer, values.size)
      for (const [key, value] of [...values].sort(([a], [b]) => compareUtf8(a, b))) {
        keys.write(writer, key)
        of.write(writer, value)
      }
    },
  }
}

/** A value or nil. */
export function nilable<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    zero: undefined,
    read: (reader) => (takeNil(reader) ? undefined : codec.read(reader)),
    write(writer, value) {
      if (value === undefined) writer.uint8(Form.nil)
      else codec.write(writer, value)
    },
  }
}

/** A field that its struct leaves out when it is zero or empty: Go's `omitempty`. */
export function omitEmpty<T>(codec: Codec<T>): Codec<T> {
  return {
    ...codec,
    omits: (value) => {
      return value === codec.zero || (value instanceof Uint8Array && value.length === 0)
    },
  }
}

function integer(min: number, max: number): Codec<number> {
  return {
    zero: 0,
    read(reader) {
      if (takeNil(reader)) return 0
      const value = readInteger(reader)
      if (value >= min && value <= max) return value
      reader.fail('malformed')
      return 0
    },
    write: writeInteger,
  }
}

function bigInteger(min: bigint, max: bigint): Codec<bigint> {
  return {
    zero: 0n,
    read(reader) {
      if (takeNil(reader)) return 0n
      const value = readBigInteger(reader)
      if (value >= min && value <= max) return value
      reader.fail('malformed')
      return 0n
    },
    write: writeBigInteger,
  }
}

function readFromMap(
  reader: Reader,
  pairs: number,
  sorted: readonly FieldEntry[],
  value: Record<string, unknown>,
): void {
  let valuesLeft = STRUCT_VALUES_MAX
  let expected = 0
  for (let i = 0; i < pairs && reader.fault === undefined; i++) {
    if (valuesLeft-- <= 0) reader.fail('too-large')
    const at = takeKey(reader, sorted, expected)
    if (at < 0) {
      valuesLeft -= skipValue(reader, valuesLeft)
      continue
    }
    const { name, codec } = sorted[at]!
    value[name] = codec.read(reader)
    expected = at + 1
  }
}

/**
 * Where the key that comes next stands in `sorted`, or -1. Looks first for the field after the
 * last one, since senders sort too.
 */
function takeKey(reader: Reader, sorted: readonly FieldEntry[], expected: number): number {
  for (let at = expected; at < sorted.length; at++) {
    if (reader.skipIf(sorted[at]!.encodedKey)) return at
  }
  const key = readRaw(reader)
  return sorted.findIndex((entry) => equalBytes(entry.key, key))
}

function readFromArray(
  reader: Reader,
  count: number | undefined,
  declared: readonly FieldEntry[],
  value: Record<string, unknown>,
): void {
  if (count === undefined) return reader.fail('malformed')
  let valuesLeft = STRUCT_VALUES_MAX
  for (let i = 0; i < count && reader.fault === undefined; i++) {
    const entry = declared[i]
    if (entry === undefined) valuesLeft -= skipValue(reader, valuesLeft)
    else value[entry.name] = entry.codec.read(reader)
  }
}

function readCount(
  reader: Reader,
  countOf: (reader: Reader, head: number) => number | undefined,
  countMax: number,
): number {
  if (takeNil(reader)) return 0
  const count = countOf(reader, reader.uint8())
  if (count === undefined) reader.fail('malformed')
  else if (count > countMax) reader.fail('too-large')
  return count ?? 0
}

/** The bytes of a string in any form; nil is read as none. */
function readRaw(reader: Reader): Uint8Array {
  if (takeNil(reader)) return NO_BYTES
  const length = rawLength(reader, reader.uint8())
  if (length === undefined) reader.fail('malformed')
  return reader.view(length ?? 0)
}

/** Bytes as a string in any form, as an array of small integers, or nil. */
function readBytes(reader: Reader): Uint8Array {
  if (takeNil(reader)) return NO_BYTES
  const head = reader.uint8()
  const length = rawLength(reader, head)
  if (length !== undefined) return reader.view(length)
  const count = arrayCount(reader, head)
  if (count === undefined) reader.fail('malformed')
  else if (count > STRUCT_VALUES_MAX) reader.fail('too-large')
  if (reader.fault !== undefined) return NO_BYTES
  return Uint8Array.from({ length: count ?? 0 }, () => uint8.read(reader))
}

function writeRaw(writer: Writer, value: Uint8Array): void {
  writeRawHead(writer, value.length)
  writer.bytes(value)
}
