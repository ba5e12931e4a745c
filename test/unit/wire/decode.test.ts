import { describe, expect, test } from 'vitest'
import { encode, type Codec } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  ACCUSATION,
  ALIVE,
  INDIRECT_PING,
  NAME_BYTES_MAX,
  PING,
  type AliveBody,
} from '../../../packages/libring/src/wire/bodies.ts'
import {
  decodeMessage,
  META_BYTES_MAX,
  nodeStateOf,
} from '../../../packages/libring/src/wire/decode.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { hex } from '../../support/vectors.ts'

const none = new Uint8Array(0)
const ipv4 = Uint8Array.of(10, 0, 0, 1)
const ipv6 = new Uint8Array(16).fill(1)
const versionBytes = Uint8Array.of(1, 5, 2, 2, 5, 5)
const longest = 'n'.repeat(NAME_BYTES_MAX)
const tooLong = `${longest}n`
const noSource = { SourceAddr: none, SourcePort: 0, SourceNode: '' }

const ping = { SeqNo: 1, Node: 'n', ...noSource }
const indirectPing = { SeqNo: 1, Target: ipv4, Port: 1, Node: 'n', Nack: true, ...noSource }
const accusation = { Incarnation: 1, Node: 'n', From: 'm' }
const alive = { Incarnation: 1, Node: 'n', Addr: ipv4, Port: 1, Meta: none, Vsn: versionBytes }

/** What becomes of a message with this body. */
function read<T>(type: number, codec: Codec<T>, body: T): unknown {
  return decodeMessage(encode(codec, body, type))
}

describe('the first byte', () => {
  test('no bytes are empty', () => {
    expect(decodeMessage(none)).toBe('empty')
  })

  test('what has no place in a packet is of unknown type', () => {
    const known = new Set([0, 1, 2, 3, 4, 5, 8, 11])
    for (let type = 0; type < 256; type++) {
      const message = decodeMessage(Uint8Array.of(type, 0x80))
      expect(message === 'unknown-type').toBe(!known.has(type))
    }
  })

  test('a user message is all that follows, also nothing', () => {
    expect(decodeMessage(hex('080102'))).toEqual({ type: 'user', payload: hex('0102') })
    expect(decodeMessage(hex('08'))).toEqual({ type: 'user', payload: none })
  })
})

describe('names', () => {
  const withNames: [string, (name: string) => unknown, 'needed' | 'optional'][] = [
    ['target of a ping', (Node) => read(0, PING, { ...ping, Node }), 'optional'],
    [
      'target of an indirect ping',
      (Node) => read(1, INDIRECT_PING, { ...indirectPing, Node }),
      'optional',
    ],
    [
      'source of a ping',
      (SourceNode) => read(0, PING, { ...ping, SourceAddr: ipv4, SourcePort: 1, SourceNode }),
      'optional',
    ],
    ['suspect', (Node) => read(3, ACCUSATION, { ...accusation, Node }), 'needed'],
    ['accuser', (From) => read(3, ACCUSATION, { ...accusation, From }), 'needed'],
    ['dead', (Node) => read(5, ACCUSATION, { ...accusation, Node }), 'needed'],
    ['reporter', (From) => read(5, ACCUSATION, { ...accusation, From }), 'needed'],
    ['alive', (Node) => read(4, ALIVE, { ...alive, Node }), 'needed'],
    ['row of a push/pull', (Name) => nodeStateOf({ Name, ...alive, State: 0 }), 'needed'],
  ]

  test.each(withNames)('of the %s: at most 128 bytes', (_, readWith, kind) => {
    expect(readWith(longest)).toBeTypeOf('object')
    expect(readWith('é'.repeat(64))).toBeTypeOf('object')
    expect(readWith(tooLong)).toBe('malformed')
    expect(readWith('é'.repeat(65))).toBe('malformed')
    expect(readWith('') === 'malformed').toBe(kind === 'needed')
  })

  test('that are not UTF-8 are malformed', () => {
    const bytes = encodeMessage({ type: 'suspect', incarnation: 1, node: 'xyz', from: 'm' })
    const at = bytes.indexOf('x'.charCodeAt(0))
    expect(decodeMessage(bytes.with(at, 0xff))).toBe('malformed')
  })
})

describe('addresses', () => {
  test.each([0, 1, 3, 5, 15, 17])('of %d bytes are malformed', (length) => {
    const bytes = new Uint8Array(length)
    expect(read(4, ALIVE, { ...alive, Addr: bytes })).toBe('malformed')
    expect(read(1, INDIRECT_PING, { ...indirectPing, Target: bytes })).toBe('malformed')
    expect(nodeStateOf({ Name: 'n', ...alive, Addr: bytes, State: 0 })).toBe('malformed')
    const source = { SourceAddr: bytes, SourcePort: 1 }
    expect(read(0, PING, { ...ping, ...source }) === 'malformed').toBe(length > 0)
  })

  test('are kept as they came, mapped IPv4 included', () => {
    const mapped = hex('00000000000000000000ffff7f000001')
    expect(read(4, ALIVE, { ...alive, Addr: mapped })).toMatchObject({ addr: mapped })
    expect(read(4, ALIVE, { ...alive, Addr: ipv6 })).toMatchObject({ addr: ipv6 })
  })

  test('to answer to count only with a port', () => {
    const source = { SourceAddr: ipv4, SourceNode: 'm' }
    expect(read(0, PING, { ...ping, ...source, SourcePort: 9 })).toMatchObject({
      replyTo: { addr: ipv4, port: 9, node: 'm' },
    })
    expect(read(0, PING, { ...ping, ...source, SourcePort: 0 })).toMatchObject({
      replyTo: undefined,
    })
    expect(read(0, PING, { ...ping, SourcePort: 9, SourceNode: 'm' })).toMatchObject({
      replyTo: undefined,
    })
  })
})

describe('claims', () => {
  const aliveWith = (change: Partial<AliveBody>) => read(4, ALIVE, { ...alive, ...change })

  test('meta may have 512 bytes', () => {
    const meta = new Uint8Array(META_BYTES_MAX).fill(7)
    expect(aliveWith({ Meta: meta })).toMatchObject({ meta })
    expect(aliveWith({ Meta: new Uint8Array(META_BYTES_MAX + 1) })).toBe('too-large')
    expect(nodeStateOf({ Name: 'n', ...alive, Meta: new Uint8Array(513), State: 0 })).toBe(
      'too-large',
    )
  })

  test('fewer than six versions are none, more are cut', () => {
    for (const length of [0, 1, 3, 5]) {
      expect(aliveWith({ Vsn: versionBytes.subarray(0, length) })).toMatchObject({
        versions: undefined,
      })
    }
    expect(aliveWith({ Vsn: Uint8Array.of(...versionBytes, 9) })).toMatchObject({
      versions: [1, 5, 2, 2, 5, 5],
    })
    // The same as an array of integers.
    expect(
      decodeMessage(hex('0483a44e6f6465a16ea441646472940a000001a356736e96010502020505')),
    ).toEqual({
      type: 'alive',
      incarnation: 0,
      node: 'n',
      addr: ipv4,
      port: 0,
      meta: none,
      versions: [1, 5, 2, 2, 5, 5],
    })
  })

  test('a state is 0 to 3', () => {
    const stateOf = (State: number) => nodeStateOf({ Name: 'n', ...alive, State })
    const states = [0, 1, 2, 3].map((state) => stateOf(state))
    expect(states).toMatchObject(['alive', 'suspect', 'dead', 'left'].map((state) => ({ state })))
    expect(stateOf(4)).toBe('malformed')
    expect(stateOf(255)).toBe('malformed')
  })

  test('address and meta of a claim, and payloads, are views', () => {
    const bytes = encode(ALIVE, { ...alive, Meta: Uint8Array.of(1, 2) }, 4)
    expect(decodeMessage(bytes)).toMatchObject({
      addr: { buffer: bytes.buffer },
      meta: { buffer: bytes.buffer },
    })
    const user = Uint8Array.of(8, 1)
    expect(decodeMessage(user)).toMatchObject({ payload: { buffer: user.buffer } })
  })
})

describe('tolerance', () => {
  test('the body may be an array in the order of declaration, with bytes behind it', () => {
    expect(decodeMessage(hex('0393' + '05' + 'a16e' + 'a16d' + 'ffff'))).toEqual({
      type: 'suspect',
      incarnation: 5,
      node: 'n',
      from: 'm',
    })
  })

  test('newer Go’s signed integers are read', () => {
    expect(decodeMessage(hex('0b81a55365714e6fd200011170'))).toEqual({ type: 'nack', seq: 70_000 })
  })

  test('a negative, fractional or too large number is malformed', () => {
    for (const number of ['ff', 'd1ffff', 'cb3ff0000000000000', 'cf0000000100000000']) {
      expect(decodeMessage(hex(`0b81a55365714e6f${number}`))).toBe('malformed')
    }
  })

  test('nil for every field leaves nothing a claim could stand on', () => {
    expect(decodeMessage(hex('04c0'))).toBe('malformed')
    expect(decodeMessage(hex('00c0'))).toEqual({
      type: 'ping',
      seq: 0,
      node: '',
      replyTo: undefined,
    })
  })
})
