import { describe, expect, test } from 'vitest'
import { concatBytes, toHex } from '../../../packages/libring/src/base/bytes.ts'
import { lzwCompress } from '../../../packages/libring/src/codec/lzw.ts'
import { encode } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  NODE_STATE,
  PUSH_PULL_HEADER,
  USER_HEADER,
} from '../../../packages/libring/src/wire/bodies.ts'
import { Reader } from '../../../packages/libring/src/codec/reader.ts'
import { COMPRESSED, wrapCompressed } from '../../../packages/libring/src/wire/compress.ts'
import type {
  NodeState,
  PushPull,
  StreamMessage,
} from '../../../packages/libring/src/wire/messages.ts'
import {
  encodeStream,
  STREAM_BYTES_MAX,
  STREAM_NODES_MAX,
  STREAM_USER_BYTES_MAX,
  StreamDecoder,
  type StreamResult,
} from '../../../packages/libring/src/wire/stream.ts'
import { hex, serfVectors } from '../../support/vectors.ts'
import { nodeStateOf, type VectorFields } from '../../support/wire-vectors.ts'

const none = new Uint8Array(0)
const more: StreamResult = { status: 'more' }
const got = (message: StreamMessage): StreamResult => ({ status: 'message', message })
const failed = (fault: string) => ({ status: 'fault', fault })

/** What comes of all bytes at once. */
const decoded = (bytes: Uint8Array) => new StreamDecoder('dialling').push(bytes)

/** What comes of them in pieces of `size`, up to the piece that settles it. */
function inPieces(bytes: Uint8Array, size: number): StreamResult {
  const decoder = new StreamDecoder('dialling')
  for (let at = 0; at < bytes.length; at += size) {
    const result = decoder.push(bytes.subarray(at, at + size))
    if (result.status !== 'more') return result
  }
  return more
}

const node: NodeState = {
  name: 'n1',
  addr: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: Uint8Array.of(0xff, 0x80),
  incarnation: 3,
  state: 'alive',
  versions: [1, 5, 2, 2, 5, 5],
}
const pushPull: PushPull = { type: 'push-pull', join: true, nodes: [node], userState: none }
const messages: StreamMessage[] = [
  pushPull,
  { ...pushPull, join: false, nodes: [], userState: Uint8Array.of(1, 2, 3) },
  { type: 'ping', seq: 5, node: 'n1', replyTo: undefined },
  { type: 'ack', seq: 5, payload: none },
  { type: 'user', payload: Uint8Array.of(1, 2) },
  { type: 'user', payload: none },
  { type: 'error', reason: 'no' },
]
const bothWays = [{ compression: false }, { compression: true }]

describe('what memberlist wrote', () => {
  interface StreamVectors {
    readonly pingStream: string
    readonly ackStream: string
    readonly errStream: string
    readonly pushPull: readonly {
      readonly name: string
      readonly join: boolean
      readonly nodes: readonly VectorFields[]
      readonly userState: string
      readonly plain: string
      readonly compressed: string
    }[]
    readonly userMsg: readonly { readonly payload: string; readonly plain: string }[]
  }
  const vectors = serfVectors<StreamVectors>('streams.json')
  const error = 'Encryption is configured but remote state is not encrypted'
  const simple: [string, StreamMessage][] = [
    [vectors.pingStream, { type: 'ping', seq: 5, node: 'n1', replyTo: undefined }],
    [vectors.ackStream, { type: 'ack', seq: 5, payload: none }],
    [vectors.errStream, { type: 'error', reason: error }],
    ...vectors.userMsg.map(({ plain, payload }): [string, StreamMessage] => {
      return [plain, { type: 'user', payload: hex(payload) }]
    }),
  ]

  test.each(simple)('%s', (form, message) => {
    expect(decoded(hex(form))).toEqual(got(message))
    expect(toHex(encodeStream(message, { compression: false }))).toBe(form)
  })

  test.each(vectors.pushPull)('a push/pull: $name', (vector) => {
    const { join, nodes, userState, plain, compressed } = vector
    const message: PushPull = {
      type: 'push-pull',
      join,
      nodes: nodes.map((fields) => nodeStateOf(fields)),
      userState: hex(userState),
    }
    expect(decoded(hex(plain))).toEqual(got(message))
    expect(decoded(hex(compressed))).toEqual(got(message))
    expect(toHex(encodeStream(message, { compression: false }))).toBe(plain)
    expect(toHex(encodeStream(message, { compression: true }))).toBe(compressed)
  })
})

describe('what agents of serf 0.9.4 sent each other', () => {
  interface Side {
    readonly header: {
      readonly Join: boolean
      readonly Nodes: number
      readonly UserStateLen: number
    }
    readonly nodes: readonly VectorFields[]
  }
  interface Capture {
    readonly streams: readonly { c2sHex: string; c2s: Side; s2cHex: string; s2c: Side }[]
  }
  const sides = serfVectors<Capture>('capture-plain.json').streams.flatMap((stream) => [
    { form: stream.c2sHex, side: stream.c2s },
    { form: stream.s2cHex, side: stream.s2c },
  ])

  test.each(sides)('a push/pull of $side.header.Nodes members', ({ form, side }) => {
    const bytes = hex(form)
    const { Join, Nodes, UserStateLen } = side.header
    const nodes = side.nodes.map((fields) => nodeStateOf(fields))
    expect(nodes).toHaveLength(Nodes)
    const userState = bytes.subarray(bytes.length - UserStateLen)
    const message: PushPull = { type: 'push-pull', join: Join, nodes, userState }
    expect(decoded(bytes)).toEqual(got(message))
    expect(inPieces(bytes, 1)).toEqual(got(message))
    expect(toHex(encodeStream(message, { compression: false }))).toBe(form)
  })
})

describe('malformed streams that were sent to serf 0.9.4', () => {
  interface Malformed {
    readonly cases: readonly {
      readonly case: string
      readonly stream: string | null
      readonly reply: string | null
    }[]
  }
  const withStream = serfVectors<Malformed>('malformed-vs-0.9.4.json').cases.filter(
    ({ stream }) => stream !== null,
  )
  const expected: Record<string, unknown> = {
    'stream negative node count': failed('malformed'),
    'stream short vsn join': { status: 'message', message: { nodes: [{ versions: undefined }] } },
    'stream garbage type': failed('unknown-type'),
    'stream encrypted without keyring': failed('sealed'),
    'stream compress bad algo': failed('compression'),
    'stream ping ok': { status: 'message', message: { type: 'ping', node: 'v' } },
    'stream ping other name': { status: 'message', message: { type: 'ping', node: 'w' } },
  }

  test('every case has an expectation', () => {
    expect(withStream.map((one) => one.case).toSorted()).toEqual(Object.keys(expected).toSorted())
  })

  test.each(withStream)('$case', (one) => {
    expect(decoded(hex(one.stream!))).toMatchObject(expected[one.case]!)
    expect(inPieces(hex(one.stream!), 1)).toMatchObject(expected[one.case]!)
  })

  test.each(withStream.filter(({ reply }) => reply !== null && reply !== ''))(
    'the reply to "$case" is read',
    ({ reply }) => {
      expect(decoded(hex(reply!)).status).toBe('message')
    },
  )
})

describe('round trips', () => {
  const cases = messages.flatMap((message) => bothWays.map((wrap) => ({ message, wrap })))

  test.each(cases)('$message.type with compression $wrap.compression', ({ message, wrap }) => {
    const bytes = encodeStream(message, wrap)
    expect(decoded(bytes)).toEqual(got(message))
    for (const size of [1, 2, 3, 7]) expect(inPieces(bytes, size)).toEqual(got(message))
  })

  test.each(cases)(
    '$message.type cut anywhere asks for more, compression $wrap.compression',
    ({ message, wrap }) => {
      const bytes = encodeStream(message, wrap)
      for (let length = 0; length < bytes.length; length++) {
        expect(decoded(bytes.subarray(0, length))).toEqual(more)
      }
    },
  )

  test('compression is used even where it makes the message longer', () => {
    const message: StreamMessage = { type: 'ack', seq: 5, payload: none }
    const plain = encodeStream(message, { compression: false })
    const compressed = encodeStream(message, { compression: true })
    expect(compressed[0]).toBe(9)
    expect(compressed.length).toBeGreaterThan(plain.length)
  })
})

describe('the end of a message', () => {
  test('bytes behind it are ignored, in the same chunk and after', () => {
    const decoder = new StreamDecoder('dialling')
    const [first] = messages
    const bytes = concatBytes([encodeStream(first!, { compression: false }), hex('0d81')])
    expect(decoder.push(bytes)).toEqual(got(first!))
    expect(decoder.push(bytes)).toEqual(got(first!))
  })

  test('a fault stays', () => {
    const decoder = new StreamDecoder('dialling')
    expect(decoder.push(hex('55'))).toEqual(failed('unknown-type'))
    expect(decoder.push(encodeStream(pushPull, { compression: false }))).toEqual(
      failed('unknown-type'),
    )
  })

  test('empty chunks change nothing', () => {
    const decoder = new StreamDecoder('dialling')
    const bytes = encodeStream(pushPull, { compression: false })
    expect(decoder.push(none)).toEqual(more)
    expect(decoder.push(bytes.subarray(0, 20))).toEqual(more)
    expect(decoder.push(none)).toEqual(more)
    expect(decoder.push(bytes.subarray(20))).toEqual(got(pushPull))
  })

  test('the caller may use the memory of its chunks again', () => {
    const bytes = encodeStream(
      { ...pushPull, userState: Uint8Array.of(7, 8) },
      { compression: false },
    )
    const decoder = new StreamDecoder('dialling')
    const chunk = new Uint8Array(10)
    let result: StreamResult = more
    for (let at = 0; at < bytes.length; at += 10) {
      const piece = bytes.subarray(at, at + 10)
      chunk.set(piece)
      result = decoder.push(chunk.subarray(0, piece.length))
      chunk.fill(0xee)
    }
    expect(result).toEqual(got({ ...pushPull, userState: Uint8Array.of(7, 8) }))
  })
})

/** The row of {@link node}, but for this. */
function row(change: object): Uint8Array {
  return encode(NODE_STATE, {
    Name: 'n1',
    Addr: Uint8Array.of(10, 0, 0, 1),
    Port: 7946,
    Meta: Uint8Array.of(0xff, 0x80),
    Incarnation: 3,
    State: 0,
    Vsn: Uint8Array.of(1, 5, 2, 2, 5, 5),
    ...change,
  })
}

describe('a member that nobody can be is left out, and counted', () => {
  // In place of the name `x`: as agents may be called, who take any bytes.
  const named = (name: string) => hex(toHex(row({ Name: 'x' })).replace('a178', name))
  const odd: [string, Uint8Array][] = [
    ['without a name', row({ Name: '' })],
    ['whose name is too long', row({ Name: 'n'.repeat(129) })],
    ['whose name is no text', named('a4636166e9')],
    ['in no state', row({ State: 4 })],
    ['with meta over 512 bytes', row({ Meta: new Uint8Array(513) })],
    ['with an address of three bytes', row({ Addr: new Uint8Array(3) })],
    ['that is nil', hex('c0')],
  ]

  test.each(odd)('%s', (_, bytes) => {
    const userState = Uint8Array.of(7, 8)
    const header = { Nodes: 3, UserStateLen: 2, Join: true }
    const rows = [row({}), bytes, row({ Name: 'n2' })]
    const whole = concatBytes([encode(PUSH_PULL_HEADER, header, 6), ...rows, userState])
    const nodes = [node, { ...node, name: 'n2' }]
    const expected: PushPull = { ...pushPull, nodes, rowsRefused: 1, userState }
    expect(decoded(whole)).toEqual(got(expected))
    expect(inPieces(whole, 1)).toEqual(got(expected))
  })
})

describe('what is refused', () => {
  const header = (Nodes: number, UserStateLen: number) =>
    encode(PUSH_PULL_HEADER, { Nodes, UserStateLen, Join: true }, 6)
  const userHeader = (UserMsgLen: number) => encode(USER_HEADER, { UserMsgLen }, 8)
  const refused: [string, Uint8Array, string][] = [
    ['a negative count of members', header(-1, 0), 'malformed'],
    ['too many members', header(STREAM_NODES_MAX + 1, 0), 'too-large'],
    ['a negative length of user state', header(0, -1), 'malformed'],
    ['too long a user state', header(0, STREAM_USER_BYTES_MAX + 1), 'too-large'],
    ['a negative length of a user message', userHeader(-1), 'malformed'],
    ['too long a user message', userHeader(STREAM_USER_BYTES_MAX + 1), 'too-large'],
    ['a member that is no struct', concatBytes([header(2, 0), hex('a161')]), 'malformed'],
    ['a body that is no struct', hex('06a0'), 'malformed'],
    ['a ping for too long a name', hex(`0081a44e6f6465da0081${'61'.repeat(129)}`), 'malformed'],
    ['an encrypted stream', hex('0a0000001d01'), 'sealed'],
    ['a claim, which has no place here', hex('0486a4'), 'unknown-type'],
    ['a compound', hex('0701'), 'unknown-type'],
    ['a label', hex('f40161'), 'label'],
    [
      'compression of a compressed message',
      wrapCompressed(wrapCompressed(hex('0281'))),
      'unknown-type',
    ],
    ['compression of an encrypted one', wrapCompressed(hex('0a00')), 'unknown-type'],
    ['compression of half a message', wrapCompressed(hex('0282a75061')), 'truncated'],
    ['compression of nothing', wrapCompressed(none), 'empty'],
    ['compression that is none', hex('0981a3427566a3ffffff'), 'compression'],
    ['another algorithm', hex('0982a4416c676f01a3427566a27878'), 'compression'],
  ]

  test.each(refused)('%s', (_, bytes, fault) => {
    expect(decoded(bytes)).toEqual(failed(fault))
    expect(inPieces(bytes, 1)).toEqual(failed(fault))
  })

  test('a struct that grows past 64 KiB, before its bytes have come', () => {
    const error = (length: number) =>
      hex(`0d81a54572726f72db${length.toString(16).padStart(8, '0')}`)
    expect(decoded(error(65_536 - 12))).toEqual(more)
    expect(decoded(error(65_537 - 12))).toEqual(failed('too-large'))
    const whole = concatBytes([error(65_537 - 12), new Uint8Array(65_537 - 12)])
    expect(decoded(whole)).toEqual(failed('too-large'))
  })

  test('a struct of very many values', () => {
    const bytes = hex(`0d81a158dd00100000${'c0'.repeat(2_000)}`)
    expect(decoded(bytes)).toEqual(failed('too-large'))
    expect(inPieces(bytes, 1)).toEqual(failed('too-large'))
  })

  test('a compressed message that claims more than 40 MiB', () => {
    expect(decoded(hex('0981a3427566db027fffe0'))).toEqual(more)
    expect(decoded(hex('0981a3427566db02800000'))).toEqual(failed('too-large'))
  })

  test('a message that inflates to more than 40 MiB', () => {
    const bomb = wrapCompressed(new Uint8Array(STREAM_BYTES_MAX + 1).fill(8))
    expect(bomb.length).toBeLessThan(STREAM_BYTES_MAX / 100)
    expect(decoded(bomb)).toEqual(failed('too-large'))
  })

  test('a stream of more than 40 MiB that never ends', () => {
    const decoder = new StreamDecoder('dialling')
    decoder.push(header(STREAM_NODES_MAX, 0))
    const rows = concatBytes(Array.from({ length: 500 }, () => row({ Meta: new Uint8Array(500) })))
    let pushed = 0
    let result: StreamResult = more
    while (result.status === 'more') {
      result = decoder.push(rows)
      pushed += rows.length
    }
    expect(result).toEqual(failed('too-large'))
    expect(Math.abs(pushed - STREAM_BYTES_MAX)).toBeLessThan(rows.length)
  })
})

describe('long messages in small pieces', () => {
  const members = (count: number): NodeState[] => {
    return Array.from({ length: count }, (_, index) => ({ ...node, name: `member-${index}` }))
  }
  const long: PushPull = {
    type: 'push-pull',
    join: false,
    nodes: members(5_000),
    userState: new Uint8Array(500_000).map((_, index) => index * 31),
  }

  test.each(bothWays)('about a MiB, byte by byte, compression $compression', (wrap) => {
    const bytes = encodeStream(long, wrap)
    const result = inPieces(bytes, 1)
    expect(result.status).toBe('message')
    const { message } = result as { message: PushPull }
    expect(message.nodes).toHaveLength(5_000)
    expect(message.nodes[4_999]).toEqual({ ...node, name: 'member-4999' })
    expect(Buffer.from(message.userState).equals(long.userState)).toBe(true)
  })

  test('rows full of unknown values, byte by byte', () => {
    // This one has as many values as one may.
    const unknown = `a15adc03e8${'c0'.repeat(1_000)}`
    const worst = hex(`83${unknown}a44e616d65a161a441646472a47f000001`)
    const count = 20
    const header = encode(PUSH_PULL_HEADER, { Nodes: count, UserStateLen: 0, Join: false }, 6)
    const bytes = concatBytes([header, ...Array.from({ length: count }, () => worst)])
    const result = inPieces(bytes, 1) as { message: PushPull }
    expect(result.message.nodes.map(({ name }) => name)).toEqual(
      Array.from({ length: count }, () => 'a'),
    )
  })

  // Each is read up to its last value, and sent on byte by byte, as values of one byte.
  const array = `dc0400${'00'.repeat(1_024)}`
  const dribbled: [string, string][] = [
    ['bytes that are arrays', `09de0400${`a3427566${array}`.repeat(500)}`],
    ['texts', `0dde0400${`a54572726f72d950${'61'.repeat(80)}`.repeat(500)}`],
    ['unknown values', `0dde0400${'a158c0'.repeat(100)}`],
  ]

  test.each(dribbled)('%s are not read once more for each byte that comes', (_, begun) => {
    const rest = hex('a158c0'.repeat(250))
    const decoder = new StreamDecoder('dialling')
    expect(decoder.push(hex(begun))).toEqual(more)
    const read = bytesRead(() => {
      for (const byte of rest) expect(decoder.push(Uint8Array.of(byte))).toEqual(more)
    })
    expect(read).toBeLessThan(3 * rest.length)
  })

  test('the longest user message comes through in chunks', () => {
    const payload = new Uint8Array(STREAM_USER_BYTES_MAX).fill(1)
    const bytes = encodeStream({ type: 'user', payload }, { compression: false })
    const result = inPieces(bytes, 65_536)
    expect(result).toMatchObject({ status: 'message', message: { type: 'user' } })
    const { message } = result as { message: { payload: Uint8Array } }
    expect(Buffer.from(message.payload).equals(payload)).toBe(true)
  })
})

test('the buffer of a compressed message is the body’s own', () => {
  const body = { Algo: 0, Buf: lzwCompress(hex('0281a55365714e6f07')) }
  expect(decoded(encode(COMPRESSED, body, 9))).toEqual(got({ type: 'ack', seq: 7, payload: none }))
})

/** How many bytes any reader gives meanwhile, those it gives again included. */
function bytesRead(during: () => void): number {
  const { uint8, view } = Reader.prototype
  let count = 0
  Reader.prototype.uint8 = function () {
    count++
    return uint8.call(this)
  }
  Reader.prototype.view = function (length) {
    count += length
    return view.call(this, length)
  }
  try {
    during()
  } finally {
    Object.assign(Reader.prototype, { uint8, view })
  }
  return count
}
