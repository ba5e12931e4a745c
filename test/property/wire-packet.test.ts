import fc from 'fast-check'
import { expect, test } from 'vitest'
import { equalBytes } from '../../packages/libring/src/base/bytes.ts'
import { wrapChecksum } from '../../packages/libring/src/wire/checksum.ts'
import { decodeCompound, encodeCompound } from '../../packages/libring/src/wire/compound.ts'
import { wrapCompressed } from '../../packages/libring/src/wire/compress.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import { WIRE_FAULTS, type PacketMessage } from '../../packages/libring/src/wire/messages.ts'
import {
  openPacket,
  PACKET_PINGS_MAX,
  PACKET_YIELD_MAX,
  packPacket,
  WRAPPERS_MAX,
} from '../../packages/libring/src/wire/packet.ts'
import { damaged, packetMessage, packetVectors } from '../support/wire-arbitraries.ts'

const seed = 0x9ac
const faults = new Set<string>(WIRE_FAULTS)

/** Open it, and hold what comes out to what is promised of any bytes at all. */
function openAny(bytes: Uint8Array): ReturnType<typeof openPacket> {
  const opened = openPacket(bytes)
  expect(opened.faults.filter((fault) => !faults.has(fault))).toEqual([])
  const yielded = opened.messages.length + opened.faults.length
  expect(yielded).toBeGreaterThan(0)
  expect(yielded).toBeLessThanOrEqual(PACKET_YIELD_MAX)
  return opened
}

/** As many pings as a packet may hold, and all else. */
function withFewPings(messages: readonly PacketMessage[]): readonly PacketMessage[] {
  let pings = 0
  return messages.filter(({ type }) => {
    return (type !== 'ping' && type !== 'indirect-ping') || ++pings <= PACKET_PINGS_MAX
  })
}

/** What is to come out of a packet of these. */
function opened(messages: readonly PacketMessage[]): ReturnType<typeof openPacket> {
  const taken = withFewPings(messages)
  const faults = Array.from({ length: messages.length - taken.length }, () => 'too-large' as const)
  return { messages: taken, faults }
}

test('messages come out of a packet as they went in, however it is wrapped, but for too many pings', () => {
  const messages = fc.array(packetMessage, { minLength: 1, maxLength: 20 })
  const wrap = fc.record({ compression: fc.boolean(), checksum: fc.boolean() })
  fc.assert(
    fc.property(messages, wrap, (messages, wrap) => {
      const parts = messages.map((message) => encodeMessage(message))
      expect(openPacket(packPacket(parts, wrap))).toEqual(opened(messages))
    }),
    { seed, numRuns: 300 },
  )
})

test('messages come out of wrappers nested at random', () => {
  interface Nested {
    readonly bytes: Uint8Array
    readonly messages: readonly PacketMessage[]
    readonly wrappers: number
  }
  const leaf = packetMessage.map((message): Nested => {
    return { bytes: encodeMessage(message), messages: [message], wrappers: 0 }
  })
  const { nested } = fc.letrec<{ nested: Nested }>((tie) => ({
    nested: fc.oneof(
      { maxDepth: WRAPPERS_MAX, depthSize: 'small' },
      leaf,
      fc.array(tie('nested'), { minLength: 1, maxLength: 4 }).map((inside): Nested => {
        return {
          bytes: encodeCompound(inside.map(({ bytes }) => bytes)),
          messages: inside.flatMap(({ messages }) => messages),
          wrappers: 1 + Math.max(...inside.map(({ wrappers }) => wrappers)),
        }
      }),
      tie('nested').map(({ bytes, messages, wrappers }): Nested => {
        return { bytes: wrapCompressed(bytes), messages, wrappers: 1 + wrappers }
      }),
    ),
  }))
  fc.assert(
    fc.property(nested, ({ bytes, messages, wrappers }) => {
      fc.pre(wrappers <= WRAPPERS_MAX && bytes.length < 20_000)
      expect(openPacket(bytes)).toEqual(opened(messages))
      expect(openPacket(wrapChecksum(bytes))).toEqual(opened(messages))
    }),
    { seed, numRuns: 200 },
  )
})

test('a message cut anywhere is one fault', () => {
  const framed = packetMessage.filter(({ type }) => type !== 'user')
  fc.assert(
    fc.property(framed, fc.nat(), (message, cut) => {
      const bytes = encodeMessage(message)
      const opened = openPacket(bytes.subarray(0, cut % bytes.length))
      expect(opened.messages).toEqual([])
      expect(opened.faults).toHaveLength(1)
    }),
    { seed, numRuns: 300 },
  )
})

test('every golden datagram, cut at every byte, gives a beginning of what it held', () => {
  for (const packet of packetVectors) {
    const whole = openAny(packet).messages
    for (let length = 0; length < packet.length; length++) {
      const { messages } = openAny(packet.subarray(0, length))
      // The last message may be user bytes, which end wherever the packet does.
      expect(messages.length).toBeLessThanOrEqual(whole.length)
      expect(messages.slice(0, -1)).toEqual(whole.slice(0, Math.max(0, messages.length - 1)))
    }
  }
})

test('no damage to a golden datagram makes it throw', () => {
  fc.assert(
    fc.property(damaged(packetVectors), (bytes) => {
      openAny(bytes)
    }),
    { seed, numRuns: 3_000 },
  )
})

test('no bytes make it throw', () => {
  const first = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 244)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(first, fc.uint8Array({ maxLength: 300 }))
      .map(([type, body]) => Uint8Array.of(type, ...body)),
  )
  fc.assert(
    fc.property(bytes, (bytes) => {
      openAny(bytes)
      openAny(wrapChecksum(bytes))
      openAny(wrapCompressed(bytes))
    }),
    { seed, numRuns: 1_000 },
  )
})

test('a cut compound yields a beginning of its parts and accounts for the rest', () => {
  const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), {
    minLength: 1,
    maxLength: 255,
  })
  fc.assert(
    fc.property(parts, fc.nat(), (parts, cut) => {
      const whole = encodeCompound(parts).subarray(1)
      expect(decodeCompound(whole)).toEqual({ parts, truncated: 0 })
      const decoded = decodeCompound(whole.subarray(0, cut % whole.length))
      if (decoded === undefined) return
      expect(decoded.parts.every((part, index) => equalBytes(part, parts[index]!))).toBe(true)
      expect(decoded.parts.length + decoded.truncated).toBe(parts.length)
    }),
    { seed, numRuns: 100 },
  )
})
