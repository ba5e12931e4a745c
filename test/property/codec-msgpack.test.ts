import { decode as oracleDecode, encode as oracleEncode, ExtData } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bool,
  bytes,
  bytesNeverNil,
  decode,
  encode,
  float64,
  int,
  int64,
  list,
  nilable,
  omitEmpty,
  struct,
  text,
  textMap,
  uint16,
  uint32,
  uint64,
  uint8,
} from '../../packages/libring/src/codec/msgpack.ts'
import { skipValue } from '../../packages/libring/src/codec/msgpack-forms.ts'
import { Reader } from '../../packages/libring/src/codec/reader.ts'

const seed = 0x5e4f

const uint = (max: number) =>
  fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(0, 127, 128, 255))
const bigUint = (max: bigint) => {
  return fc.oneof(
    fc.bigInt({ min: 0n, max }),
    fc.constantFrom(0n, 127n, 255n, 256n, 65_535n, 65_536n, 0xffff_ffffn, 0x1_0000_0000n, max),
  )
}
const words = fc.string({ unit: 'binary', maxLength: 40 })
const blob = fc.uint8Array({ maxLength: 300 })

const INNER = struct({ Name: text, Payload: bytesNeverNil })
const ALL = struct({
  U8: uint8,
  U16: uint16,
  U32: uint32,
  U64: uint64,
  I64: int64,
  Int: int,
  Float: float64,
  Bool: bool,
  Text: text,
  Bytes: bytes,
  Maybe: omitEmpty(uint32),
  Nested: INNER,
  Slots: list(nilable(INNER), 1_000),
  Times: textMap(uint64, 1_000),
})
const inner = fc.record({ Name: words, Payload: blob })
const all = fc.record({
  U8: uint(0xff),
  U16: uint(0xffff),
  U32: uint(0xffff_ffff),
  U64: bigUint(2n ** 64n - 1n),
  I64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(-1n, -33n)),
  Int: fc.maxSafeInteger(),
  Float: fc.double(),
  Bool: fc.boolean(),
  Text: words,
  Bytes: blob,
  Maybe: uint(0xffff_ffff),
  Nested: inner,
  Slots: fc.array(fc.option(inner, { nil: undefined }), { maxLength: 20 }),
  Times: fc
    .array(fc.tuple(words, bigUint(2n ** 64n - 1n)), { maxLength: 20 })
    .map((pairs) => new Map(pairs)),
})

describe('structs of every kind of field', () => {
  test('what goes in comes out', () => {
    fc.assert(
      fc.property(all, (value) => {
        const encoded = encode(ALL, value)
        expect(decode(ALL, encoded)).toEqual({ value, end: encoded.length })
      }),
      { seed },
    )
  })

  test('a cut anywhere is truncated, and nothing else', () => {
    fc.assert(
      fc.property(all, fc.nat(), (value, cut) => {
        const encoded = encode(ALL, value)
        const part = encoded.subarray(0, cut % encoded.length)
        expect(decode(ALL, part)).toEqual({ fault: 'truncated' })
      }),
      { seed, numRuns: 300 },
    )
  })

  test('the bytes said to be wanted are enough to get further, and no more than there are', () => {
    fc.assert(
      fc.property(all, (value) => {
        const encoded = encode(ALL, value)
        let length = 0
        let steps = 0
        for (;;) {
          const reader = new Reader(encoded.subarray(0, length))
          ALL.read(reader)
          if (reader.fault === undefined) break
          expect(reader.wanted).toBeGreaterThan(length)
          expect(reader.wanted).toBeLessThanOrEqual(encoded.length)
          length = reader.wanted
          steps++
        }
        expect(length).toBe(encoded.length)
        expect(steps).toBeLessThanOrEqual(encoded.length)
      }),
      { seed, numRuns: 50 },
    )
  })

  test('no bytes make it throw', () => {
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(all, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([value, place, byte]) => {
        const encoded = encode(ALL, value)
        return encoded.with(place % encoded.length, byte)
      }),
    )
    fc.assert(
      fc.property(wild, (bytes) => {
        const decoded = decode(ALL, bytes)
        expect(decoded.fault ?? 'read').toMatch(/^(truncated|malformed|too-large|read)$/)
      }),
      { seed, numRuns: 1_000 },
    )
  })
})

describe('against an independent implementation', () => {
  test('it reads what we write', () => {
    fc.assert(
      fc.property(all, (value) => {
        const seen = oracleDecode(encode(ALL, value), { useBigInt64: true, rawStrings: true })
        const raw = (text: string) => new TextEncoder().encode(text)
        const rawInner = (body: { Name: string; Payload: Uint8Array }) => {
          return { Name: raw(body.Name), Payload: body.Payload }
        }
        const fields = seen as Record<string, unknown>
        expect(fields).toMatchObject({
          U8: value.U8,
          U16: value.U16,
          U32: value.U32,
          Bool: value.Bool,
          Float: value.Float,
          Text: raw(value.Text),
          Bytes: value.Bytes.length === 0 ? null : value.Bytes,
          Nested: rawInner(value.Nested),
          Slots: value.Slots.map((slot) => (slot === undefined ? null : rawInner(slot))),
        })
        for (const key of ['U64', 'I64', 'Int'] as const) {
          expect(BigInt(fields[key] as number | bigint)).toBe(BigInt(value[key]))
        }
        expect('Maybe' in fields).toBe(value.Maybe !== 0)
      }),
      { seed },
    )
  })

  test('we read what it writes: newer string and binary forms, keys in any order', () => {
    const fields = {
      U8: uint8,
      U32: uint32,
      I64: int64,
      Float: float64,
      Bool: bool,
      Text: text,
      Bytes: bytes,
    }
    const SOME = struct({ ...fields, Words: list(text, 100) })
    const some = fc.record({
      U8: uint(0xff),
      U32: uint(0xffff_ffff),
      I64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      // It writes whole numbers as integers, which have no negative zero.
      Float: fc.double().map((value) => value + 0),
      Bool: fc.boolean(),
      Text: fc.string({ unit: 'binary', maxLength: 300 }),
      Bytes: blob,
      Words: fc.array(words, { maxLength: 20 }),
    })
    const shuffled = some.chain((value) => {
      const keys = Object.keys(value)
      return fc
        .shuffledSubarray(keys, { minLength: keys.length })
        .map((order) => ({ value, order }))
    })
    fc.assert(
      fc.property(shuffled, ({ value, order }) => {
        const record = Object.fromEntries(
          order.map((key) => [key, value[key as keyof typeof value]]),
        )
        const encoded = oracleEncode(record, { useBigInt64: true })
        expect(decode(SOME, encoded)).toEqual({ value, end: encoded.length })
      }),
      { seed },
    )
  })

  test('we pass over anything it writes, to its last byte', () => {
    const leaf = fc.oneof(
      fc.constantFrom(null, true, false),
      fc.maxSafeInteger(),
      fc.double(),
      fc.float(),
      words,
      blob,
      fc.uint8Array({ maxLength: 40 }).map((data) => new ExtData(7, data)),
    )
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 20 }),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 20 }),
      ),
    })).value
    fc.assert(
      fc.property(anything, (value) => {
        const encoded = oracleEncode(value)
        const reader = new Reader(encoded)
        skipValue(reader, Infinity)
        expect(reader).toMatchObject({ fault: undefined, offset: encoded.length })
      }),
      { seed, numRuns: 300 },
    )
  })
})

test('no bytes make passing over throw or go past their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const reader = new Reader(bytes)
      expect(skipValue(reader, 1_000)).toBeLessThanOrEqual(bytes.length + 1)
      expect(reader.offset).toBeLessThanOrEqual(bytes.length)
    }),
    { seed, numRuns: 1_000 },
  )
})
