import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { decodeMessage } from '../../../packages/libring/src/wire/decode.ts'
import { encodeMessage, encodeStreamMessage } from '../../../packages/libring/src/wire/encode.ts'
import { reversedMap } from '../../support/reversed-map.ts'
import { hex, serfVectors } from '../../support/vectors.ts'
import { messageOf, type VectorFields } from '../../support/wire-vectors.ts'

interface MessageVector {
  readonly name: string
  readonly type: number
  readonly hex: string
  readonly fields: VectorFields
}

const { vectors } = serfVectors<{ vectors: MessageVector[] }>('memberlist-messages.json')
const names = new Map([
  [0, 'ping'],
  [1, 'indirectPing'],
  [2, 'ackResp'],
  [3, 'suspect'],
  [4, 'alive'],
  [5, 'dead'],
  [11, 'nackResp'],
])
const inPackets = vectors.filter(({ type }) => names.has(type))
const expected = ({ type, fields }: MessageVector) => messageOf(names.get(type)!, fields)

test('the vectors cover every message of a packet', () => {
  expect(new Set(inPackets.map(({ type }) => type)).size).toBe(names.size)
})

test.each(inPackets)('memberlist’s "$name" is read', (vector) => {
  expect(decodeMessage(hex(vector.hex))).toEqual(expected(vector))
})

test('each is read the same with its fields in another order', () => {
  const reversed = inPackets.flatMap((vector) => {
    const bytes = reversedMap(hex(vector.hex))
    return bytes === undefined ? [] : [{ vector, bytes }]
  })
  expect(reversed.length).toBeGreaterThan(10)
  for (const { vector, bytes } of reversed) {
    expect(toHex(bytes)).not.toBe(vector.hex)
    expect(decodeMessage(bytes)).toEqual(expected(vector))
  }
})

// Go tells an empty payload from none. We have one kind of nothing, and write it as none.
test.each(inPackets.filter(({ name }) => name !== 'ackResp empty payload'))(
  'memberlist’s "$name" is written the same to the byte',
  (vector) => {
    expect(toHex(encodeMessage(expected(vector)))).toBe(vector.hex)
  },
)

describe('what the vectors do not show', () => {
  const node = { incarnation: 1, addr: Uint8Array.of(10, 0, 0, 1), port: 7946 }
  const meta = new Uint8Array(0)

  test('a user message in a packet is its bytes behind the type', () => {
    expect(toHex(encodeMessage({ type: 'user', payload: Uint8Array.of(1, 2) }))).toBe('080102')
  })

  test('unknown versions are nil in a claim, and six zeros in a push/pull', () => {
    const alive = encodeMessage({ type: 'alive', node: 'n', ...node, meta, versions: undefined })
    expect(toHex(alive)).toMatch(/a356736ec0$/)
    const row = { name: 'n', ...node, meta, state: 'alive', versions: undefined } as const
    const pushPull = { type: 'push-pull', join: false, nodes: [row], userState: meta } as const
    expect(toHex(encodeStreamMessage(pushPull))).toMatch(/a356736ea6000000000000$/)
  })

  test('names of 32 bytes and more have a length of two bytes, never one', () => {
    const nack = encodeMessage({ type: 'dead', incarnation: 1, node: 'n'.repeat(40), from: 'm' })
    expect(toHex(nack)).toContain(`da0028${'6e'.repeat(40)}`)
  })

  test('a ping for nobody in particular has an empty name, and no source where none is given', () => {
    const ping = encodeMessage({ type: 'ping', seq: 1, node: '', replyTo: undefined })
    expect(toHex(ping)).toBe('0082a44e6f6465a0a55365714e6f01')
  })
})
