import fc from 'fast-check'
import { utf8Length } from '../../packages/libring/src/base/bytes.ts'
import type {
  NodeState,
  PacketMessage,
  PushPull,
  StreamMessage,
  Versions,
} from '../../packages/libring/src/wire/messages.ts'
import { hex, serfVectors } from './vectors.ts'

// Every message that may stand on the wire, with the borders of each field made likely.

const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.constantFrom('n', 'n'.repeat(31), 'n'.repeat(32), 'é'.repeat(64)),
  )
  .filter((text) => utf8Length(text) <= 128)
const nameOrNone = fc.oneof(name, fc.constant(''))
const ip = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
)
const port = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(127, 128, 255, 256))
const number = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffff),
)
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(31, 32, 255, 256, 2_000).map((length) => new Uint8Array(length).fill(0xc1)),
)
const meta = fc.uint8Array({ maxLength: 512 })
const byte = fc.integer({ min: 0, max: 255 })
const versions: fc.Arbitrary<Versions> = fc.tuple(byte, byte, byte, byte, byte, byte)
const replyTo = fc.option(fc.record({ addr: ip, port, node: nameOrNone }), { nil: undefined })

const ping = fc.record({
  type: fc.constant('ping'),
  seq: number,
  node: nameOrNone,
  replyTo,
} as const)
const ack = fc.record({ type: fc.constant('ack'), seq: number, payload } as const)
const user = fc.record({ type: fc.constant('user'), payload } as const)

export const packetMessage: fc.Arbitrary<PacketMessage> = fc.oneof(
  ping,
  ack,
  user,
  fc.record({
    type: fc.constant('indirect-ping'),
    seq: number,
    target: ip,
    port: fc.oneof(port, fc.constant(0)),
    node: nameOrNone,
    nack: fc.boolean(),
    replyTo,
  } as const),
  fc.record({ type: fc.constant('nack'), seq: number } as const),
  fc.record({
    type: fc.constantFrom('suspect', 'dead'),
    incarnation: number,
    node: name,
    from: name,
  } as const),
  fc.record({
    type: fc.constant('alive'),
    incarnation: number,
    node: name,
    addr: ip,
    port: fc.oneof(port, fc.constant(0)),
    meta,
    versions: fc.option(versions, { nil: undefined }),
  } as const),
)

const nodeState: fc.Arbitrary<NodeState> = fc.record({
  name,
  addr: ip,
  port: fc.oneof(port, fc.constant(0)),
  meta,
  incarnation: number,
  state: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
  versions,
} as const)

const pushPull: fc.Arbitrary<PushPull> = fc.record({
  type: fc.constant('push-pull'),
  join: fc.boolean(),
  nodes: fc.array(nodeState, { maxLength: 8 }),
  userState: payload,
} as const)

export const streamMessage: fc.Arbitrary<StreamMessage> = fc.oneof(
  pushPull,
  ping,
  ack,
  user,
  fc.record({ type: fc.constant('error'), reason: fc.string({ unit: 'binary' }) } as const),
)

interface Malformed {
  readonly cases: readonly { readonly packets: readonly string[]; readonly stream: string | null }[]
}
interface Capture {
  readonly packets: readonly { readonly hex: string }[]
  readonly streams: readonly { readonly c2sHex: string; readonly s2cHex: string }[]
}
interface Streams {
  readonly pushPull: readonly { readonly plain: string; readonly compressed: string }[]
  readonly userMsg: readonly { readonly plain: string }[]
  readonly [other: string]: unknown
}

const malformed = serfVectors<Malformed>('malformed-vs-0.9.4.json').cases
const capture = serfVectors<Capture>('capture-plain.json')
const streams = serfVectors<Streams>('streams.json')

/** Every datagram in the golden vectors that is not encrypted, good and bad, once. */
export const packetVectors: readonly Uint8Array[] = once([
  ...serfVectors<{ vectors: { hex: string }[] }>('memberlist-messages.json').vectors.map(
    (one) => one.hex,
  ),
  ...serfVectors<{ compound: { hex: string }[] }>('compound-crc.json').compound.map(
    (one) => one.hex,
  ),
  ...serfVectors<{ crc: { hex: string }[] }>('compound-crc.json').crc.map((one) => one.hex),
  ...capture.packets.map((packet) => packet.hex),
  ...malformed.flatMap(({ packets }) => packets),
  ...streams.pushPull.map(({ compressed }) => compressed),
])

/** Every stream in the golden vectors that is not encrypted, good and bad, once. */
export const streamVectors: readonly Uint8Array[] = once([
  ...streams.pushPull.flatMap(({ plain, compressed }) => [plain, compressed]),
  ...streams.userMsg.map(({ plain }) => plain),
  ...Object.values(streams)
    .filter((value) => typeof value === 'string' && /^[0-9a-f]+$/.test(value))
    .map(String),
  ...capture.streams.flatMap(({ c2sHex, s2cHex }) => [c2sHex, s2cHex]),
  ...malformed.flatMap(({ stream }) => stream ?? []),
])

function once(forms: readonly string[]): Uint8Array[] {
  return [...new Set(forms)].map((form) => hex(form))
}

/** One of `originals` with a few bytes changed, and perhaps cut. */
export function damaged(originals: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), byte), { maxLength: 4 })
  return fc
    .tuple(fc.constantFrom(...originals), changes, fc.nat(), fc.boolean())
    .map(([original, places, cut, isCut]) => {
      const bytes = original.slice(0, isCut ? cut % (original.length + 1) : original.length)
      for (const [place, value] of places) if (bytes.length > 0) bytes[place % bytes.length] = value
      return bytes
    })
}
