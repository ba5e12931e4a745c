import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { wrapCompressed } from '../../packages/libring/src/wire/compress.ts'
import { WIRE_FAULTS } from '../../packages/libring/src/wire/messages.ts'
import {
  encodeStream,
  StreamDecoder,
  type StreamResult,
} from '../../packages/libring/src/wire/stream.ts'
import { damaged, streamMessage, streamVectors } from '../support/wire-arbitraries.ts'

const seed = 0x57e
const faults = new Set<string>(WIRE_FAULTS)
const wrap = fc.record({ compression: fc.boolean() })

/** What comes of the bytes when they arrive in pieces of these sizes, taken in turn. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): StreamResult {
  const decoder = new StreamDecoder('dialling')
  let result: StreamResult = { status: 'more' }
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    result = decoder.push(bytes.subarray(at, at + size))
    at += size
  }
  return result
}

/** What comes of them at once, held to what is promised of any bytes at all. */
function decodeAny(bytes: Uint8Array): StreamResult {
  const result = new StreamDecoder('dialling').push(bytes)
  expect(result.status !== 'fault' || faults.has(result.fault)).toBe(true)
  return result
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

test('a message comes out of a stream as it went in, whatever the chunks and what follows', () => {
  const rest = fc.uint8Array({ maxLength: 30 })
  fc.assert(
    fc.property(streamMessage, wrap, sizes, rest, (message, wrap, sizes, rest) => {
      const bytes = encodeStream(message, wrap)
      const expected = { status: 'message', message }
      expect(decodeAny(bytes)).toEqual(expected)
      expect(inPieces(concatBytes([bytes, rest]), sizes)).toEqual(expected)
      expect(inPieces(bytes, [1])).toEqual(expected)
    }),
    { seed, numRuns: 200 },
  )
})

test('a message cut anywhere asks for more', () => {
  fc.assert(
    fc.property(streamMessage, wrap, fc.nat(), (message, wrap, cut) => {
      const bytes = encodeStream(message, wrap)
      expect(decodeAny(bytes.subarray(0, cut % bytes.length))).toEqual({ status: 'more' })
    }),
    { seed, numRuns: 300 },
  )
})

test('a compressed message that is cut inside is truncated', () => {
  fc.assert(
    fc.property(streamMessage, fc.nat(), (message, cut) => {
      const bytes = encodeStream(message, { compression: false })
      const part = bytes.subarray(0, 1 + (cut % (bytes.length - 1)))
      expect(decodeAny(wrapCompressed(part))).toEqual({ status: 'fault', fault: 'truncated' })
    }),
    { seed, numRuns: 200 },
  )
})

test('every golden stream, cut at every byte, asks for more or has its fault', () => {
  for (const bytes of streamVectors) {
    const whole = decodeAny(bytes)
    expect(whole.status).not.toBe('more')
    for (let length = 0; length < bytes.length; length++) {
      const part = decodeAny(bytes.subarray(0, length))
      expect(part.status === 'more' ? whole : part).toEqual(whole)
    }
  }
})

test('byte by byte every golden stream gives what it gives at once', () => {
  for (const bytes of streamVectors) expect(inPieces(bytes, [1])).toEqual(decodeAny(bytes))
})

test('damaged or arbitrary bytes never throw, and chunks make no difference to them', () => {
  const first = fc.constantFrom(0, 2, 6, 8, 9, 10, 13)
  const bytes = fc.oneof(
    { weight: 4, arbitrary: damaged(streamVectors) },
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(first, fc.uint8Array({ maxLength: 300 }))
      .map(([type, body]) => Uint8Array.of(type, ...body)),
  )
  fc.assert(
    fc.property(bytes, sizes, (bytes, sizes) => {
      const whole = decodeAny(bytes)
      const pieces = inPieces(bytes, sizes)
      expect(pieces).toEqual(whole)
      decodeAny(wrapCompressed(bytes))
    }),
    { seed, numRuns: 2_000 },
  )
})
