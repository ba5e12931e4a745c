import { addressText, sameAddress, type Address } from '../base/address.ts'
import { BindError, invariant, LibringError } from '../base/errors.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Receiver, Stream, StreamHandler, Transport } from '../ports/transport.ts'
import type { SimClock } from './clock.ts'
import { StreamEnd } from './streams.ts'
import type { Trace } from './trace.ts'

/** How the network treats what is sent over it. */
export interface NetworkOptions {
  /** Least and most time that one datagram, or one piece of a stream, is under way. */
  readonly latencyMs: readonly [min: Millis, max: Millis]
  /** Part of all datagrams that is lost, 0 to 1. */
  readonly lossRate: number
  /** Part of all datagrams that arrives twice, 0 to 1. */
  readonly duplicateRate: number
}

/** The largest datagram, as over IPv4. */
const DATAGRAM_BYTES_MAX = 65_507

/** How long a system tries to reach a host that is silent. */
const CONNECT_TIMEOUT_MS = 120_000

/** Where ports begin that are given to whoever asks for any. */
const EPHEMERAL_PORT_FIRST = 49_152
const EPHEMERAL_PORTS = 0x1_0000 - EPHEMERAL_PORT_FIRST

/** Datagrams and streams between nodes of one simulation; loses, delays, doubles, cuts. */
export class SimNetwork {
  readonly #clock: SimClock
  readonly #trace: Trace
  readonly #options: NetworkOptions
  readonly #endpoints = new Map<string, SimTransport>()
  /** Addresses whose owner vanished: silent, where a closed one would refuse. */
  readonly #silent = new Set<string>()
  #groups = new Map<string, number>()
  #ephemeralPorts = 0

  constructor(clock: SimClock, trace: Trace, options: NetworkOptions) {
    this.#clock = clock
    this.#trace = trace
    this.#options = options
  }

  /** @param bind an address of its own; port 0 picks a free one. */
  transport(bind: Address, random: Random): SimTransport {
    return new SimTransport(this, this.#clock, this.#trace, bind, random)
  }

  /**
   * Cut the network: hosts of one group hear each other only. Hosts in no group make up one
   * more. Streams across a cut break.
   */
  split(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((hosts, index) => hosts.map((host) => [host, index])))
    for (const endpoint of this.#endpoints.values()) {
      endpoint.breakStreams((remote) => this.isCut(endpoint.address, remote))
    }
  }

  heal(): void {
    this.#groups = new Map()
  }

  isCut(left: Address, right: Address): boolean {
    return this.#groups.get(left.host) !== this.#groups.get(right.host)
  }

  bind(transport: SimTransport, wanted: Address): Address {
    const port = wanted.port === 0 ? this.ephemeralPort() : wanted.port
    const address = { host: wanted.host, port }
    const text = addressText(address)
    if (this.#endpoints.has(text)) throw new BindError(text, new Error('address in use'))
    this.#endpoints.set(text, transport)
    this.#silent.delete(text)
    this.#trace.record(this.#clock.nowMs(), 'open', text)
    return address
  }

  free(address: Address): void {
    this.#endpoints.delete(addressText(address))
    this.#trace.record(this.#clock.nowMs(), 'close', addressText(address))
  }

  /** Its owner is gone without a word: streams of others to it break, dials hang. */
  silence(address: Address): void {
    const text = addressText(address)
    this.#endpoints.delete(text)
    this.#silent.add(text)
    for (const endpoint of this.#endpoints.values()) {
      endpoint.breakStreams((remote) => sameAddress(remote, address))
    }
  }

  carry(from: Address, to: Address, bytes: Uint8Array, random: Random): void {
    const line = `${addressText(from)} > ${addressText(to)} ${bytes.length}`
    this.#record('send', line)
    if (fraction(random) < this.#options.lossRate) return this.#record('lost', line)
    this.#arriveLater(from, to, bytes, random, line)
    if (fraction(random) >= this.#options.duplicateRate) return
    this.#record('copy', line)
    this.#arriveLater(from, to, bytes, random, line)
  }

  ephemeralPort(): number {
    return EPHEMERAL_PORT_FIRST + (this.#ephemeralPorts++ % EPHEMERAL_PORTS)
  }

  /** Who listens at `to`, for somebody at `from`. */
  seek(from: Address, to: Address): SimTransport | 'nobody' | 'silence' {
    const text = addressText(to)
    if (this.#silent.has(text) || this.isCut(from, to)) return 'silence'
    return this.#endpoints.get(text) ?? 'nobody'
  }

  latencyMs(random: Random): Millis {
    const [min, max] = this.#options.latencyMs
    return min + fraction(random) * (max - min)
  }

  #arriveLater(from: Address, to: Address, bytes: Uint8Array, random: Random, line: string): void {
    // A copy each time: both the sender and every receiver may do as they like with theirs.
    const copy = bytes.slice()
    this.#clock.after(this.latencyMs(random), () => {
      if (this.isCut(from, to)) return this.#record('cut', line)
      const target = this.#endpoints.get(addressText(to))
      if (target === undefined) return this.#record('void', line)
      target.receive(from, copy)
    })
  }

  #record(kind: 'send' | 'lost' | 'copy' | 'cut' | 'void', line: string): void {
    this.#trace.record(this.#clock.nowMs(), kind, line)
  }
}

/** A transport in memory. Opens at once. */
export class SimTransport implements Transport {
  readonly #network: SimNetwork
  readonly #clock: SimClock
  readonly #trace: Trace
  readonly #bind: Address
  readonly #random: Random
  /** Open ends here, and where the transport at the other end of each is bound. */
  readonly #streams = new Map<StreamEnd, Address>()
  #address: Address | undefined
  #receiver: Receiver | undefined
  #isGone = false

  constructor(network: SimNetwork, clock: SimClock, trace: Trace, bind: Address, random: Random) {
    this.#network = network
    this.#clock = clock
    this.#trace = trace
    this.#bind = bind
    this.#random = random
  }

  get address(): Address {
    invariant(this.#address !== undefined, 'a transport has an address once it is open')
    return this.#address
  }

  open(receiver: Receiver): void {
    invariant(this.#receiver === undefined, 'a transport is opened once')
    if (this.#isGone) throw new LibringError('LIBRING_CLOSED', 'the transport was closed')
    this.#address = this.#network.bind(this, this.#bind)
    this.#receiver = receiver
  }

  sendPacket(to: Address, bytes: Uint8Array): void {
    if (this.#receiver === undefined || bytes.length > DATAGRAM_BYTES_MAX) return
    this.#network.carry(this.address, to, bytes, this.#random)
  }

  dial(to: Address, handler: StreamHandler): Stream {
    const end = this.#streamEnd(to, to)
    end.listen(handler)
    if (this.#receiver === undefined) {
      end.break('the transport is closed')
      return end
    }
    this.#record('dial', to)
    const arrivalMs = this.#clock.nowMs() + this.#network.latencyMs(this.#random)
    const answerMs = arrivalMs + this.#network.latencyMs(this.#random)
    end.holdUntil(answerMs)
    this.#clock.at(arrivalMs, () => this.#knock(end, to, answerMs))
    return end
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isGone = true
    for (const end of this.#streams.keys()) end.destroy()
    if (this.#receiver !== undefined) this.#network.free(this.address)
    this.#receiver = undefined
    return Promise.resolve()
  }

  /** As if the machine had lost its power: nobody is told anything. */
  vanish(): void {
    this.#isGone = true
    for (const end of this.#streams.keys()) end.vanish()
    this.#streams.clear()
    if (this.#receiver !== undefined) this.#network.silence(this.address)
    this.#receiver = undefined
  }

  receive(from: Address, bytes: Uint8Array): void {
    this.#receiver?.onPacket(from, bytes)
  }

  /** Break what is open here and leads to where `isBroken` says; the other end is not told. */
  breakStreams(isBroken: (remote: Address) => boolean): void {
    for (const [end, remote] of this.#streams) {
      if (isBroken(remote)) end.break('the connection was lost')
    }
  }

  #knock(dialler: StreamEnd, to: Address, answerMs: Millis): void {
    if (dialler.isClosed) return
    const target = this.#network.seek(this.address, to)
    if (target === 'silence') {
      this.#clock.after(CONNECT_TIMEOUT_MS, () => dialler.break('the connection timed out'))
    } else if (target === 'nobody') {
      this.#record('refuse', to)
      this.#clock.at(answerMs, () => dialler.break('the connection was refused'))
    } else {
      target.#accept(dialler, this.address)
    }
  }

  #accept(dialler: StreamEnd, from: Address): void {
    const receiver = this.#receiver
    if (receiver === undefined) return
    const end = this.#streamEnd({ host: from.host, port: this.#network.ephemeralPort() }, from)
    StreamEnd.connect(dialler, end)
    dialler.tellConnected()
    end.listen(receiver.onStream(end))
  }

  /** @param remote the transport at the other end. */
  #streamEnd(peer: Address, remote: Address): StreamEnd {
    const end = new StreamEnd({
      clock: this.#clock,
      random: this.#random,
      peer,
      latencyMs: () => this.#network.latencyMs(this.#random),
      onWritten: (bytes) => this.#record('stream', remote, ` ${bytes}`),
      onEnded: () => this.#record('end', remote),
      onClosed: (error) => {
        this.#streams.delete(end)
        if (error !== undefined) this.#record('break', remote)
      },
    })
    this.#streams.set(end, remote)
    return end
  }

  #record(kind: 'dial' | 'refuse' | 'stream' | 'end' | 'break', to: Address, rest = ''): void {
    const from = this.#address === undefined ? 'closed' : addressText(this.#address)
    this.#trace.record(this.#clock.nowMs(), kind, `${from} > ${addressText(to)}${rest}`)
  }
}
