import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { InvariantError } from '../../../packages/libring/src/base/errors.ts'
import { lzwCompress } from '../../../packages/libring/src/codec/lzw.ts'
import { encode } from '../../../packages/libring/src/codec/msgpack.ts'
import { wrapChecksum } from '../../../packages/libring/src/wire/checksum.ts'
import { encodeCompound } from '../../../packages/libring/src/wire/compound.ts'
import { COMPRESSED, wrapCompressed } from '../../../packages/libring/src/wire/compress.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { PacketMessage } from '../../../packages/libring/src/wire/messages.ts'
import {
  openPacket,
  PACKET_INFLATED_BYTES_MAX,
  PACKET_YIELD_MAX,
  packPacket,
  WRAPPERS_MAX,
} from '../../../packages/libring/src/wire/packet.ts'
import { hex, serfVectors } from '../../support/vectors.ts'
import { messageOf, type VectorFields } from '../../support/wire-vectors.ts'

const nack = (seq: number): PacketMessage => ({ type: 'nack', seq })
const nackBytes = (seq: number) => encodeMessage(nack(seq))
const none = new Uint8Array(0)

describe('what agents of serf 0.9.4 sent each other', () => {
  interface Decoded {
    readonly type: string
    readonly body: VectorFields
    readonly inner?: Decoded
    readonly parts?: readonly Decoded[]
  }

  const { packets } = serfVectors<{
    packets: { readonly src: string; readonly hex: string; readonly decoded: Decoded }[]
  }>('capture-plain.json')

  /** The messages inside, in order; of user messages only that they are there. */
  function messagesIn(decoded: Decoded): unknown[] {
    if (decoded.inner !== undefined) return messagesIn(decoded.inner)
    if (decoded.parts !== undefined) return decoded.parts.flatMap((part) => messagesIn(part))
    if (decoded.type === 'user') return [{ type: 'user' }]
    return [messageOf(decoded.type, decoded.body)]
  }

  test.each(packets.map((packet, index) => ({ ...packet, index })))(
    'datagram $index, from $src, opens without a fault and as decoded by others',
    ({ hex: form, decoded }) => {
      const { messages, faults } = openPacket(hex(form))
      expect(faults).toEqual([])
      const seen = messages.map((message) => (message.type === 'user' ? { type: 'user' } : message))
      expect(seen).toEqual(messagesIn(decoded))
    },
  )

  const own = packets.filter(({ hex: form }) => !form.startsWith('09'))
  test.each(own.map((packet, index) => ({ ...packet, index })))(
    'datagram $index is packed the same to the byte',
    ({ hex: form, decoded }) => {
      const checksum = decoded.type === 'hasCrc'
      const { messages } = openPacket(hex(form))
      const parts = messages.map((message) => encodeMessage(message))
      expect(toHex(packPacket(parts, { compression: false, checksum }))).toBe(form)
    },
  )
})

describe('malformed datagrams that were sent to serf 0.9.4, and crashed it in part', () => {
  interface Malformed {
    readonly cases: readonly { readonly case: string; readonly packets: readonly string[] }[]
  }
  const { cases } = serfVectors<Malformed>('malformed-vs-0.9.4.json')
  const opened: Record<string, unknown> = {
    control: { messages: [{ type: 'ping', node: 'other' }], faults: [] },
    'empty compound part': { messages: [], faults: ['empty'] },
    'crc then nothing': { messages: [], faults: ['empty'] },
    'compound n=128 truncated': { messages: [], faults: ['truncated'] },
    'label packet': { messages: [], faults: ['unknown-type'] },
    'alive short vsn': { messages: [{ type: 'alive', versions: undefined }], faults: [] },
    // What is wrong with these is inside the user message.
    'empty filter': { messages: [{ type: 'user' }], faults: [] },
    'str8 node name': { messages: [{ type: 'user' }], faults: [] },
    'key query empty payload': { messages: [{ type: 'user' }], faults: [] },
    'LTime max': { messages: [{ type: 'user' }], faults: [] },
  }
  const withPackets = cases.filter(({ packets }) => packets.length > 0)

  test('every case has an expectation', () => {
    expect(withPackets.map((one) => one.case).toSorted()).toEqual(Object.keys(opened).toSorted())
  })

  test.each(withPackets)('$case', (one) => {
    for (const packet of one.packets)
      expect(openPacket(hex(packet))).toMatchObject(opened[one.case]!)
  })
})

describe('packing', () => {
  const plain = { compression: false, checksum: false }

  test('one message stands bare, several in a compound', () => {
    expect(packPacket([nackBytes(1)], plain)).toEqual(nackBytes(1))
    expect(packPacket([nackBytes(1), nackBytes(2)], plain)).toEqual(
      encodeCompound([nackBytes(1), nackBytes(2)]),
    )
  })

  test('compression is used only where it makes the packet smaller', () => {
    const wrap = { compression: true, checksum: false }
    expect(packPacket([nackBytes(1)], wrap)).toEqual(nackBytes(1))
    const alike = Array.from({ length: 20 }, () => nackBytes(1))
    const packet = packPacket(alike, wrap)
    expect(packet).toEqual(wrapCompressed(encodeCompound(alike)))
    expect(packet.length).toBeLessThan(encodeCompound(alike).length)
  })

  test('a packet that compression leaves as long is sent as it is', () => {
    // Find a run that compresses to exactly its own length: one byte longer gains, one shorter loses.
    const lengthOf = (zeros: number) =>
      wrapCompressed(Uint8Array.of(8, ...new Uint8Array(zeros))).length
    const even = Array.from({ length: 200 }, (_, i) => i).filter(
      (zeros) => lengthOf(zeros) === zeros + 1,
    )
    expect(even.length).toBeGreaterThan(0)
    for (const zeros of even) {
      const message = Uint8Array.of(8, ...new Uint8Array(zeros))
      expect(packPacket([message], { compression: true, checksum: false })).toEqual(message)
    }
  })

  test('the checksum goes around everything', () => {
    const parts = Array.from({ length: 20 }, (_, seq) => nackBytes(seq % 2))
    const inside = packPacket(parts, { compression: true, checksum: false })
    expect(packPacket(parts, { compression: true, checksum: true })).toEqual(wrapChecksum(inside))
  })

  test('no message, an empty one and too many are bugs of the caller', () => {
    const many = Array.from({ length: 256 }, () => nackBytes(1))
    for (const parts of [[], [none], [nackBytes(1), none], many]) {
      expect(() => packPacket(parts, plain)).toThrow(InvariantError)
    }
  })
})

describe('wrappers', () => {
  test('nothing at all is empty', () => {
    expect(openPacket(none)).toMatchObject({ messages: [], faults: ['empty'] })
  })

  test('a checksum has its place outside only', () => {
    const inner = wrapChecksum(nackBytes(1))
    expect(openPacket(inner)).toMatchObject({ messages: [nack(1)], faults: [] })
    for (const packet of [wrapChecksum(inner), encodeCompound([inner]), wrapCompressed(inner)]) {
      expect(openPacket(packet)).toMatchObject({ messages: [], faults: ['unknown-type'] })
    }
  })

  test('a broken checksum spoils the packet', () => {
    expect(openPacket(wrapChecksum(nackBytes(1)).with(6, 0))).toMatchObject({
      messages: [],
      faults: ['checksum'],
    })
    expect(openPacket(hex('0c0000'))).toMatchObject({ messages: [], faults: ['truncated'] })
  })

  test('compounds and compression may nest either way', () => {
    const mixed = encodeCompound([
      wrapCompressed(nackBytes(1)),
      encodeCompound([nackBytes(2), nackBytes(3)]),
      nackBytes(4),
    ])
    expect(openPacket(wrapCompressed(mixed))).toMatchObject({
      messages: [nack(1), nack(2), nack(3), nack(4)],
      faults: [],
    })
  })

  test.each([
    ['compounds', (inner: Uint8Array) => encodeCompound([inner])],
    ['compression', wrapCompressed],
  ] as const)('four levels of %s are opened, five are too deep', (_, wrap) => {
    let packet = nackBytes(1)
    for (let level = 0; level < WRAPPERS_MAX; level++) packet = wrap(packet)
    expect(openPacket(packet)).toMatchObject({ messages: [nack(1)], faults: [] })
    expect(openPacket(wrapChecksum(packet))).toMatchObject({ messages: [nack(1)], faults: [] })
    expect(openPacket(wrap(packet))).toMatchObject({ messages: [], faults: ['too-deep'] })
  })

  test('a bad part is dropped by itself', () => {
    const packet = encodeCompound([nackBytes(1), hex('0b81'), hex('0580'), hex('ff'), nackBytes(2)])
    expect(openPacket(packet)).toMatchObject({
      messages: [nack(1), nack(2)],
      faults: ['truncated', 'malformed', 'unknown-type'],
    })
  })

  test('parts that are missing at the end are one fault', () => {
    const packet = encodeCompound([nackBytes(1), nackBytes(2), nackBytes(3)])
    const cut = packet.subarray(0, packet.length - nackBytes(3).length - 1)
    expect(openPacket(cut)).toMatchObject({ messages: [nack(1)], faults: ['truncated'] })
    expect(openPacket(packet.subarray(0, -1))).toMatchObject({
      messages: [nack(1), nack(2)],
      faults: ['truncated'],
    })
  })

  test('an empty part is passed over and counted', () => {
    expect(
      openPacket(hex('07030010000000040082a44e6f6465a162a55365714e6f010801aabb')),
    ).toMatchObject({
      messages: [{ type: 'ping', seq: 1 }, { type: 'user' }],
      faults: ['empty'],
    })
  })

  test('wrappers around nothing, and what only looks like one, are named', () => {
    const named: [string, string][] = [
      ['0700', 'empty'],
      ['07', 'truncated'],
      ['0701', 'truncated'],
      ['09', 'truncated'],
      ['09ff', 'malformed'],
      ['0980', 'compression'],
      ['0982a4416c676f00a3427566a3000302', 'empty'],
      ['0982a4416c676f01a3427566a3000302', 'compression'],
      ['0982a4416c676f00a3427566a20003', 'compression'],
    ]
    const faults = named.map(([form]) => [form, ...openPacket(hex(form)).faults])
    expect(faults).toEqual(named)
  })
})

describe('bombs', () => {
  const user = (length: number) => Uint8Array.of(8, ...new Uint8Array(length - 1))

  test('a packet may inflate to 64 KiB, not more', () => {
    const fits = wrapCompressed(user(PACKET_INFLATED_BYTES_MAX))
    expect(openPacket(fits)).toMatchObject({ messages: [{ type: 'user' }], faults: [] })
    const bursts = wrapCompressed(user(PACKET_INFLATED_BYTES_MAX + 1))
    expect(openPacket(bursts)).toMatchObject({ messages: [], faults: ['too-large'] })
  })

  test('what all parts inflate to counts together', () => {
    const half = wrapCompressed(user(PACKET_INFLATED_BYTES_MAX / 2))
    const { messages, faults } = openPacket(encodeCompound([half, half, half, nackBytes(1)]))
    expect(messages).toMatchObject([{ type: 'user' }, { type: 'user' }, nack(1)])
    expect(faults).toEqual(['too-large'])
  })

  test('compression inside compression shares the same allowance', () => {
    const inner = wrapCompressed(user(60_000))
    const outer = wrapCompressed(encodeCompound(Array.from({ length: 100 }, () => inner)))
    expect(inner.length * 100).toBeLessThan(PACKET_INFLATED_BYTES_MAX)
    const { messages, faults } = openPacket(outer)
    expect(messages).toEqual([])
    expect(faults).toEqual(Array.from({ length: 100 }, () => 'too-large'))
  })

  test('a part that fails to inflate uses up what is left, however it fails', () => {
    const good = wrapCompressed(user(100))
    const noEnd = encode(COMPRESSED, { Algo: 0, Buf: lzwCompress(user(100)).subarray(0, -1) }, 9)
    const { messages, faults } = openPacket(encodeCompound([good, noEnd, good, nackBytes(1)]))
    expect(messages).toMatchObject([{ type: 'user' }, nack(1)])
    expect(faults).toEqual(['compression', 'too-large'])
  })

  test('compounds in compounds yield no more than the limit, and say so once', () => {
    const leaf = encodeCompound(Array.from({ length: 255 }, () => hex('08')))
    const bomb = encodeCompound(Array.from({ length: 60 }, () => leaf))
    expect(bomb.length).toBeLessThan(65_536)
    const { messages, faults } = openPacket(bomb)
    expect(messages).toHaveLength(PACKET_YIELD_MAX - 1)
    expect(faults).toEqual(['too-large'])
  })

  test('faults count like messages', () => {
    const leaf = hex(`07ff${'0000'.repeat(255)}`)
    const bomb = encodeCompound(Array.from({ length: 100 }, () => leaf))
    const { messages, faults } = openPacket(bomb)
    expect(messages).toEqual([])
    expect(faults).toHaveLength(PACKET_YIELD_MAX)
    expect(faults.slice(-2)).toEqual(['empty', 'too-large'])
  })

  test('one less than the limit goes through whole', () => {
    const leaf = encodeCompound(Array.from({ length: 195 }, () => hex('08')))
    const packet = encodeCompound(Array.from({ length: 21 }, () => leaf))
    expect(openPacket(packet).messages).toHaveLength(195 * 21)
    expect(195 * 21).toBe(PACKET_YIELD_MAX - 1)
    expect(openPacket(packet).faults).toEqual([])
  })
})

test('what was opened is plain data, also from Node’s Buffer', () => {
  const packet = Buffer.from(encodeCompound([hex('080102'), encodeMessage(nack(1))]))
  const { messages } = openPacket(packet)
  expect(messages).toEqual([{ type: 'user', payload: hex('0102') }, nack(1)])
  expect((messages[0] as { payload: Uint8Array }).payload.constructor).toBe(Uint8Array)
})
