import type { Address } from '../../packages/libring/src/base/address.ts'
import { concatBytes, NO_BYTES } from '../../packages/libring/src/base/bytes.ts'
import { decode, encode, type Codec } from '../../packages/libring/src/codec/msgpack.ts'
import type { Clock } from '../../packages/libring/src/ports/clock.ts'
import type { Dialer, Stream, StreamHandler } from '../../packages/libring/src/ports/transport.ts'
import {
  ANSWER_HEADER,
  answerCodec,
  EVENT_RECORDS,
  isRpcCommand,
  REQUEST_HEADER,
  REQUESTS,
  RpcErrorText,
  type MemberBody,
  type RpcCommand,
  type RpcRequests,
} from '../../packages/libring/src/rpc/commands.ts'
import { encodeFrame, FrameDecoder } from '../../packages/libring/src/rpc/frames.ts'

/** A member as an agent would tell of it. */
export function memberBody(name: string, fields: Partial<MemberBody> = {}): MemberBody {
  return {
    Addr: Uint8Array.of(10, 0, 0, 1),
    DelegateCur: 5,
    DelegateMax: 5,
    DelegateMin: 2,
    Name: name,
    Port: 7946,
    ProtocolCur: 2,
    ProtocolMax: 5,
    ProtocolMin: 1,
    Status: 'alive',
    Tags: new Map(),
    ...fields,
  }
}

/** The bytes of an answer, with the body where there is one. */
export function answerBytes(
  seq: bigint,
  error = '',
  command?: RpcCommand,
  body?: unknown,
): Uint8Array {
  const codec = command && answerCodec(command)
  return encodeFrame([ANSWER_HEADER, { Seq: seq, Error: error }], codec && [codec, body])
}

/**
 * A Serf agent in memory, as far as attaching to one goes, behind a dialer. What it says comes in
 * chunks of `chunkBytes`, one after the other, each a millisecond after it was said at the soonest.
 */
export class FakeAgent implements Dialer {
  name: string = 'ann'
  authKey: string = ''
  members: MemberBody[] = [memberBody('ann')]
  /** `deaf` takes connections and says nothing. */
  mode: 'serving' | 'deaf' | 'refusing' = 'serving'
  chunkBytes: number = Infinity
  /** Says something else than it should, in answer to a command. */
  readonly lies: Map<RpcCommand, (seq: bigint) => Uint8Array> = new Map<
    RpcCommand,
    (seq: bigint) => Uint8Array
  >()
  /** Every command it got. */
  readonly asked: string[] = []
  /** When it was dialled. */
  readonly dialledAtMs: number[] = []
  readonly #clock: Clock
  readonly #connections = new Set<Connection>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get connections(): number {
    return this.#connections.size
  }

  dial(to: Address, handler: StreamHandler): Stream {
    this.dialledAtMs.push(this.#clock.nowMs())
    const connection = new Connection(to, handler, this.#clock, this)
    if (this.mode === 'refusing') connection.break('connection refused')
    else this.#connections.add(connection)
    connection.open()
    return connection
  }

  /** Tell everybody who listens that this became of a member. */
  tell(type: string, ...members: MemberBody[]): void {
    const body = encode(EVENT_RECORDS.member, { Event: type, Members: members })
    for (const connection of this.#connections) connection.tell(body)
  }

  /** Break every connection. */
  drop(): void {
    for (const connection of this.#connections) connection.break('connection reset')
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** The answer to a command, if there is one. */
  answer(command: RpcCommand, seq: bigint, body: unknown): Uint8Array {
    this.asked.push(command)
    const lie = this.lies.get(command)
    if (lie !== undefined) return lie(seq)
    if (this.mode === 'deaf') return NO_BYTES
    if (command === 'auth') {
      const isRight = (body as RpcRequests['auth']).AuthKey === this.authKey
      return answerBytes(seq, isRight ? '' : RpcErrorText.invalidToken)
    }
    if (command === 'stats') {
      const stats = new Map([['agent', new Map([['name', this.name]])]])
      return answerBytes(seq, '', command, stats)
    }
    if (command === 'members') return answerBytes(seq, '', command, { Members: this.members })
    if (command === 'tags') this.#retag(body as RpcRequests['tags'])
    return answerBytes(seq)
  }

  #retag({ Tags: set, DeleteTags: removed }: RpcRequests['tags']): void {
    this.members = this.members.map((member) => {
      if (member.Name !== this.name) return member
      const kept = [...member.Tags].filter(([name]) => !removed.includes(name))
      return { ...member, Tags: new Map([...kept, ...set]) }
    })
  }
}

class Connection implements Stream {
  readonly peer: Address
  readonly #handler: StreamHandler
  readonly #clock: Clock
  readonly #agent: FakeAgent
  readonly #streams: bigint[] = []
  readonly #requests = new FrameDecoder(REQUEST_HEADER, ({ Command }) => {
    return isRpcCommand(Command) && REQUESTS[Command] !== undefined
  })
  #phase: 'open' | 'closing' | 'closed' = 'open'
  #lastMs = 0

  constructor(peer: Address, handler: StreamHandler, clock: Clock, agent: FakeAgent) {
    this.peer = peer
    this.#handler = handler
    this.#clock = clock
    this.#agent = agent
  }

  open(): void {
    this.#later(() => this.#handler.onConnected?.())
  }

  write(bytes: Uint8Array): void {
    if (this.#phase !== 'open') return
    this.#requests.push(bytes)
    for (let frame = this.#requests.take(); frame !== undefined; frame = this.#requests.take()) {
      const { Command: command, Seq: seq } = frame.header
      if (!isRpcCommand(command)) throw new Error(`no command ${command}`)
      const codec = REQUESTS[command] as Codec<unknown> | undefined
      const decoded = codec && decode(codec, frame.body!)
      if (decoded?.fault !== undefined) throw new Error(`${command} is ${decoded.fault}`)
      this.#say(this.#agent.answer(command, seq, decoded?.value))
      if (command === 'stream') this.#streams.push(seq)
    }
  }

  tell(body: Uint8Array): void {
    for (const seq of this.#streams) this.#say(concatBytes([answerBytes(seq), body]))
  }

  end(): void {
    this.destroy()
  }

  destroy(): void {
    this.break('destroyed')
  }

  break(reason: string): void {
    if (this.#phase !== 'open') return
    this.#phase = 'closing'
    this.#agent.forget(this)
    this.#clock.at(this.#clock.nowMs() + 1, () => {
      this.#phase = 'closed'
      this.#handler.onClosed(new Error(reason))
    })
  }

  #say(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#agent.chunkBytes) {
      const chunk = bytes.slice(at, at + this.#agent.chunkBytes)
      this.#later(() => this.#handler.onBytes(chunk))
    }
  }

  /** In order, each later than the one before. */
  #later(action: () => void): void {
    this.#lastMs = Math.max(this.#clock.nowMs(), this.#lastMs) + 1
    this.#clock.at(this.#lastMs, () => {
      if (this.#phase === 'open') action()
    })
  }
}
