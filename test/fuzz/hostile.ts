import { KEY_QUERIES } from '../../packages/libring/src/serf/key-answers.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import { encodePingPayload } from '../../packages/libring/src/serf/ping-payload.ts'
import type { QueryContent, SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { encodeFilters } from '../../packages/libring/src/serf/query-filters.ts'
import { encodeTags } from '../../packages/libring/src/serf/tags.ts'
import type {
  NodeState,
  PacketMessage,
  PushPull,
  StreamMessage,
} from '../../packages/libring/src/wire/messages.ts'
import type { Dice } from './dice.ts'

// Messages that are well formed and mean ill: few names, so that they meet what is there, and the
// borders of every number.

export const NAMES = ['self', 'ann', 'bob', 'cat', 'dan', 'eve'] as const

const ODD_NAMES = [
  ...['', '__proto__', 'a\nb', '\0', 'n'.repeat(128), 'é'.repeat(64)],
  ...['n'.repeat(129), 'é'.repeat(65), 'n'.repeat(300)],
] as const
const U32 = [0, 1, 2, 3, 5, 9, 0xffff, 0xfffe_ffff, 0xffff_0000, 0xffff_0001, 0xffff_ffff] as const
const LTIMES = [0n, 1n, 2n, 9n, 511n, 512n, 600n, (1n << 62n) - 1n, (1n << 63n) - 1n] as const
const NANOS = [-(1n << 63n), -1n, 0n, 1n, 5_000_000_000n, (1n << 63n) - 1n] as const
const FLOATS = [0, -0, -1, 1e-9, 1e308, -1e308, 5e-324, NaN, Infinity, -Infinity] as const
const PATTERNS = [
  '.',
  '^a',
  '(',
  '(a*)*$',
  '(a|a)*b',
  '((a{1,30}){1,30}){1,9}',
  '(?i)[^k]',
  '\\p{Greek}+$',
  '(x+x+)+y',
  '[[:alpha:]]{0,1000}',
  '(?:(?:(?:a?){9}){9}){9}',
  '^(a+)+$',
  '(?:a?){900}b',
  '(?:(?:(?:){1000}){1000}){9}',
  `[^${'[:'.repeat(400)}b]`,
] as const
const QUERY_NAMES = [
  'load',
  '_serf_ping',
  '_serf_conflict',
  ...Object.values(KEY_QUERIES),
  '',
  '_serf_x',
]
const VERSIONS = [
  [1, 5, 2, 2, 5, 5],
  [1, 4, 2, 2, 5, 5],
  [0, 0, 0, 0, 0, 0],
  [9, 1, 2, 2, 5, 5],
  [255, 255, 255, 255, 255, 255],
] as const

/** They match at the end only, and until then have all of the pattern followed at each character. */
const COSTLY_FILTERS = Array.from({ length: 12 }, () => {
  return encodeFilters({ tags: { long: '(?:a?){400}$' } })[0]!
})

export class Hostile {
  readonly #dice: Dice
  /** Numbers and times the node itself has given out lately, which answers have to bear. */
  readonly heard: { readonly ids: number[]; readonly ltimes: bigint[]; readonly seqs: number[] } = {
    ids: [0],
    ltimes: [1n],
    seqs: [0, 0],
  }

  constructor(dice: Dice) {
    this.#dice = dice
  }

  name(): string {
    const dice = this.#dice
    if (!dice.oneIn(12)) return dice.pick(NAMES)
    if (dice.oneIn(3)) return dice.pick(ODD_NAMES)
    return `n${dice.below(3_000)}`
  }

  address(): Uint8Array {
    const dice = this.#dice
    if (dice.oneIn(10)) return dice.bytes(20)
    if (dice.oneIn(10)) return new Uint8Array(dice.pick([4, 16])).fill(dice.pick([0, 255]))
    return Uint8Array.of(127, 0, 0, 1 + dice.below(6))
  }

  port(): number {
    return this.#dice.oneIn(6) ? this.#dice.pick([0, 1, 65_535]) : 7_946
  }

  number(): number {
    const dice = this.#dice
    return dice.oneIn(3) ? dice.pick(U32) : dice.below(6)
  }

  ltime(): bigint {
    const dice = this.#dice
    if (dice.oneIn(3)) return dice.pick(this.heard.ltimes)
    return dice.oneIn(8) ? dice.pick(LTIMES) : BigInt(dice.below(40))
  }

  payload(): Uint8Array {
    const dice = this.#dice
    return dice.oneIn(8) ? new Uint8Array(dice.pick([0, 255, 512, 1_023, 1_100])) : dice.bytes(12)
  }

  filter(): Uint8Array {
    const dice = this.#dice
    switch (dice.below(3)) {
      case 0:
        return dice.bytes(8)
      case 1:
        return encodeFilters({ nodes: dice.several(5, () => this.name()).concat('self') })[0]!
      default:
        return encodeFilters({
          tags: { [dice.pick(['role', '', 'long'])]: dice.pick(PATTERNS) },
        })[0]!
    }
  }

  content(): QueryContent {
    const dice = this.#dice
    return {
      name: dice.pick(QUERY_NAMES),
      payload: this.#queryPayload(),
      filters: dice.oneIn(60) ? COSTLY_FILTERS : dice.several(4, () => this.filter()),
      requestAck: dice.oneIn(2),
      relayFactor: dice.pick([0, 1, 3, 255]),
      timeoutMs: dice.oneIn(2) ? undefined : 1 + dice.below(5_000),
    }
  }

  #queryPayload(): Uint8Array {
    const dice = this.#dice
    if (dice.oneIn(3)) return new TextEncoder().encode(this.name())
    if (dice.oneIn(2)) return this.payload()
    return encodeSerf({
      type: 'key-request',
      key: new Uint8Array(dice.pick([0, 5, 16, 24, 32])).fill(dice.below(40)),
    })
  }

  serf(depth = 0): SerfMessage {
    const dice = this.#dice
    const ltime = this.ltime()
    switch (dice.below(depth === 0 ? 9 : 5)) {
      case 0:
        return { type: 'join', ltime, node: this.name() }
      case 1:
        return { type: 'leave', ltime, node: this.name(), prune: dice.oneIn(4) }
      case 2:
        return {
          type: 'user-event',
          ltime,
          name: this.name(),
          payload: this.payload(),
          coalesce: dice.oneIn(2),
        }
      case 3:
      case 5: {
        const { name, payload, filters, relayFactor } = this.content()
        const asked = { name, payload, filters, relayFactor, ltime, id: this.number() }
        const asker = { addr: this.address(), port: this.port(), sourceNode: this.name() }
        const timeoutNanos = dice.pick(NANOS)
        return {
          type: 'query',
          ...asked,
          ...asker,
          flags: dice.pick([0, 1, 2, 3, 0xffff_ffff]),
          timeoutNanos,
        }
      }
      case 4:
        return {
          type: 'query-response',
          ltime,
          id: dice.pick(this.heard.ids),
          from: this.name(),
          flags: dice.pick([0, 1, 1, 2]),
          payload: this.payload(),
        }
      case 6:
        return {
          type: 'relay',
          addr: this.address(),
          port: this.port(),
          zone: dice.oneIn(8) ? 'eth0' : '',
          node: this.name(),
          inner: dice.oneIn(4) ? this.payload() : encodeSerf(this.serf(depth + 1)),
        }
      case 7:
        return this.state()
      default:
        return { type: 'key-request', key: this.payload() }
    }
  }

  state(): SerfMessage {
    const dice = this.#dice
    const pairs = dice.several(6, () => [this.name(), this.ltime()] as const)
    const event = () => ({ name: this.name(), payload: this.payload() })
    return {
      type: 'push-pull',
      ltime: this.ltime(),
      eventLTime: this.ltime(),
      queryLTime: this.ltime(),
      statusLTimes: new Map(pairs),
      leftMembers: dice.several(4, () => this.name()),
      events: dice.several(4, () => ({ ltime: this.ltime(), events: dice.several(3, event) })),
    }
  }

  meta(): Uint8Array {
    const dice = this.#dice
    if (dice.oneIn(3)) return dice.bytes(30)
    return encodeTags({ role: dice.pick(['a', 'web', '']), long: 'a'.repeat(dice.below(300)) })
  }

  packet(): PacketMessage {
    const dice = this.#dice
    const node = this.name()
    const seq = dice.oneIn(3) ? this.number() : this.heard.seqs.at(-1 - dice.below(2))!
    const place = { addr: this.address(), port: this.port() }
    const replyTo = dice.oneIn(2) ? { ...place, node: this.name() } : undefined
    const incarnation = this.number()
    switch (dice.below(16)) {
      case 0:
        return { type: 'ping', seq, node, replyTo }
      case 1:
        return {
          type: 'indirect-ping',
          seq,
          target: place.addr,
          port: place.port,
          node,
          nack: dice.oneIn(2),
          replyTo,
        }
      case 2:
      case 3:
        return { type: 'ack', seq, payload: this.#ackPayload() }
      case 4:
        return { type: 'nack', seq }
      case 5:
        return { type: 'suspect', incarnation, node, from: this.name() }
      case 6:
        return { type: 'dead', incarnation, node, from: dice.oneIn(2) ? node : this.name() }
      case 7:
      case 8:
      case 9:
        return {
          type: 'alive',
          incarnation,
          node,
          ...place,
          meta: this.meta(),
          versions: this.#versions(),
        }
      default:
        return { type: 'user', payload: dice.oneIn(20) ? this.payload() : encodeSerf(this.serf()) }
    }
  }

  ack(): PacketMessage {
    return { type: 'ack', seq: this.heard.seqs.at(-1)!, payload: this.#ackPayload() }
  }

  /** Where its sender is said to stand. */
  #ackPayload(): Uint8Array {
    const dice = this.#dice
    if (dice.oneIn(4)) return this.payload()
    const number = () => (dice.oneIn(6) ? dice.pick(FLOATS) : dice.below(100) / 1_000)
    const vec = Array.from({ length: dice.oneIn(20) ? dice.below(12) : 8 }, number)
    return encodePingPayload({ vec, error: number(), adjustment: number(), height: number() })
  }

  #versions(): (typeof VERSIONS)[number] | undefined {
    const dice = this.#dice
    if (!dice.oneIn(6)) return VERSIONS[0]
    return dice.oneIn(4) ? undefined : dice.pick(VERSIONS)
  }

  #row(name: string): NodeState {
    return {
      name,
      addr: this.address(),
      port: this.port(),
      meta: this.meta(),
      incarnation: this.number(),
      state: this.#dice.pick(['alive', 'suspect', 'dead', 'left']),
      versions: this.#versions() ?? VERSIONS[2],
    }
  }

  /** One that would be believed of somebody new. */
  #soundRow(name: string): NodeState {
    const addr = Uint8Array.of(127, 0, this.#dice.below(256), 1 + this.#dice.below(6))
    const versions = VERSIONS[0]
    return { ...this.#row(name), addr, port: 7_946, incarnation: 1 + this.#dice.below(3), versions }
  }

  /** A push/pull of very many members that nobody has heard of. */
  crowd(count: number): PushPull {
    const nodes = Array.from({ length: count }, (_, index) => this.#soundRow(`n${index}`))
    return {
      type: 'push-pull',
      join: this.#dice.oneIn(2),
      nodes,
      userState: encodeSerf(this.state()),
    }
  }

  pushPull(): PushPull {
    const dice = this.#dice
    const node = (): NodeState => {
      return dice.oneIn(20) ? this.#row(this.name()) : this.#soundRow(this.name())
    }
    const userState = dice.oneIn(8) ? this.payload() : encodeSerf(this.state())
    return { type: 'push-pull', join: dice.oneIn(2), nodes: dice.several(6, node), userState }
  }

  stream(): StreamMessage {
    const dice = this.#dice
    switch (dice.below(8)) {
      case 0:
        return { type: 'ping', seq: this.number(), node: this.name(), replyTo: undefined }
      case 1:
        return { type: 'ack', seq: this.number(), payload: this.payload() }
      case 2:
        return { type: 'error', reason: 'x'.repeat(dice.below(200)) }
      case 3:
      case 4:
        return { type: 'user', payload: encodeSerf(this.serf()) }
      default:
        return this.pushPull()
    }
  }
}
