import { encode } from '../../packages/libring/src/codec/msgpack.ts'
import { ClientSession, type RpcRequest } from '../../packages/libring/src/rpc/client-session.ts'
import { EVENT_RECORDS, RECORDS, REQUEST_HEADER } from '../../packages/libring/src/rpc/commands.ts'
import { FrameDecoder } from '../../packages/libring/src/rpc/frames.ts'
import { answerBytes, memberBody } from '../support/fake-agent.ts'
import type { Dice } from './dice.ts'
import { demand, type Kind, type Life } from './life.ts'
import { mutate } from './mutate.ts'
import { meter, noWork } from './work.ts'

const QUERY = {
  FilterNodes: [],
  FilterTags: new Map<string, string>(),
  RequestAck: false,
  RelayFactor: 0,
  Timeout: 0n,
  Name: 'up',
  Payload: new Uint8Array(0),
}

const REQUESTS: readonly RpcRequest[] = [
  { command: 'members', body: undefined },
  { command: 'stream', body: { Type: '*' } },
  { command: 'query', body: QUERY },
  { command: 'leave', body: undefined },
]

/** A client of an agent that does not say what it should, one session after the other. */
export class RpcLife implements Life {
  readonly #dice: Dice
  readonly #ends = new Map<string, number>()
  #session: ClientSession
  #seq = 0n
  #calls = 0
  #nowMs = 0
  #isOver = false

  constructor(dice: Dice) {
    this.#dice = dice
    this.#session = this.#greeted()
  }

  step(): Kind {
    const dice = this.#dice
    if (this.#isOver) this.#session = this.#greeted()
    if (dice.oneIn(4)) this.#nowMs += dice.below(1_500)
    if (dice.oneIn(2)) this.#call()
    const said = this.#said()
    const bytes = dice.oneIn(4) ? mutate(dice, said, 8_192) : said
    meter.work = noWork()
    if (dice.oneIn(8)) this.#decodeRequests(bytes)
    for (let at = 0; at < bytes.length;) {
      const size = 1 + dice.below(bytes.length)
      this.#session.handle({ type: 'bytes', bytes: bytes.slice(at, at + size) }, this.#nowMs)
      at += size
    }
    this.#session.tick(this.#nowMs)
    this.#drain()
    const nextMs = this.#session.deadlineMs()
    demand(nextMs === undefined || nextMs > this.#nowMs, 'a deadline is left behind')
    return 'rpc'
  }

  faults(): ReadonlyMap<string, number> {
    return this.#ends
  }

  held(): Readonly<Record<string, number>> {
    return {}
  }

  #greeted(): ClientSession {
    const session = new ClientSession({ authKey: 'k', greetingMs: 1_000 })
    this.#session = session
    this.#isOver = false
    session.handle({ type: 'connected' }, this.#nowMs)
    this.#drain()
    for (const seq of [0n, 1n]) {
      session.handle({ type: 'bytes', bytes: answerBytes(seq) }, this.#nowMs)
    }
    this.#seq = 1n
    this.#drain()
    return session
  }

  #call(): void {
    const dice = this.#dice
    const request = dice.pick(REQUESTS)
    const lastsMs = dice.pick([1, 1_000, Infinity])
    const times = { timeoutMs: 1 + dice.below(5_000), lastsMs }
    this.#session.handle({ type: 'call', call: ++this.#calls, request, ...times }, this.#nowMs)
    if (dice.oneIn(6)) this.#session.handle({ type: 'abandon', call: this.#calls }, this.#nowMs)
    this.#seq++
    this.#drain()
  }

  #said(): Uint8Array {
    const dice = this.#dice
    const seq = this.#seq - BigInt(dice.below(3))
    const members = dice.several(3, () => memberBody(dice.pick(['ann', '', 'n'.repeat(200)])))
    switch (dice.below(6)) {
      case 0:
        return answerBytes(seq < 0n ? 0n : seq, dice.pick(['', 'no', 'Unsupported command']))
      case 1:
        return answerBytes(seq < 0n ? 0n : seq, '', 'members', { Members: members })
      case 2:
        return encode(EVENT_RECORDS.member, { Event: 'member-join', Members: members })
      case 3:
      case 4: {
        const Type = dice.pick(['ack', 'response', 'done'] as const)
        return encode(RECORDS.query, { Type, From: 'ann', Payload: dice.bytes(30) })
      }
      default:
        return dice.bytes(40)
    }
  }

  /** The same bytes at an agent's end. */
  #decodeRequests(bytes: Uint8Array): void {
    const decoder = new FrameDecoder(REQUEST_HEADER, () => this.#dice.oneIn(2))
    decoder.push(bytes)
    while (decoder.take() !== undefined) meter.work.messages++
  }

  #drain(): void {
    const session = this.#session
    for (let effect = session.poll(); effect !== undefined; effect = session.poll()) {
      meter.work.effects++
      if (effect.type !== 'over') continue
      this.#isOver = true
      const end = `rpc ${effect.end}`
      this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1)
    }
  }
}
