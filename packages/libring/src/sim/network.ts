import { addressText, sameAddress, type Address } from '../base/address.ts'
import { BindError, invariant, LibringError } from '../base/errors.ts'
import { fraction, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Receiver, Stream, StreamHandler, Transport } from '../ports/transport.ts'
import type { SimClock } from './clock.ts'
import { latencyOf, Links, type Conditions } from './links.ts'
import { SimProcess } from './process.ts'
import { StreamEnd } from './streams.ts'
import type { Trace } from './trace.ts'
import { noTraffic, type TrafficCounts } from './traffic.ts'

/** How the network treats what is sent over it, unless it is told to do otherwise. */
export type NetworkOptions = Pick<Conditions, 'latencyMs' | 'lossRate' | 'duplicateRate'>

/** The largest datagram, as over IPv4. */
const DATAGRAM_BYTES_MAX = 65_507

/** How long a system tries to reach a host that is silent. */
const CONNECT_TIMEOUT_MS = 120_000

/** Streams that a system accepts for a process that does not look. */
const BACKLOG_MAX = 511

/** Where ports begin that are given to whoever asks for any. */
const EPHEMERAL_PORT_FIRST = 49_152
const EPHEMERAL_PORTS = 0x1_0000 - EPHEMERAL_PORT_FIRST

/** Datagrams and streams between nodes of one simulation; loses, delays, doubles, cuts. */
export class SimNetwork {
  /** Counted by whoever sends. */
  readonly traffic: TrafficCounts = noTraffic()
  readonly #clock: SimClock
  readonly #trace: Trace
  readonly #links: Links
  readonly #endpoints = new Map<string, SimTransport>()
  /** Addresses whose owner vanished: silent, where a closed one would refuse. */
  readonly #silent = new Set<string>()
  #ephemeralPorts = 0

  constructor(clock: SimClock, trace: Trace, options: NetworkOptions) {
    this.#clock = clock
    this.#trace = trace
    this.#links = new Links({ ...options, streamBytesPerSecond: Infinity, isCut: false })
  }

  /**
   * @param bind an address of its own; port 0 picks a free one.
   * @param owner whose transport it is.
   */
  transport(
    bind: Address,
    random: Random,
    owner: SimProcess = new SimProcess(this.#clock),
  ): SimTransport {
    return new SimTransport({
      network: this,
      clock: this.#clock,
      trace: this.#trace,
      bind,
      random,
      owner,
    })
  }

  /**
   * Cut the network: hosts of one group hear each other only. Hosts in no group make up one
   * more. Streams across a cut break.
   */
  split(groups: readonly (readonly string[])[]): void {
    this.#links.split(groups)
    this.#breakStreams()
  }

  /** The way from one host to another is different from now on. Streams across a cut break. */
  change(from: string, to: string, changes: Partial<Conditions>): void {
    this.#links.change(from, to, changes)
    if (changes.isCut === true) this.#breakStreams()
  }

  /** The way from one host to another is as usual again, unless they are in different groups. */
  mend(from: string, to: string): void {
    this.#links.mend(from, to)
  }

  heal(): void {
    this.#links.heal()
  }

  /** The way from one host to another. */
  conditions(from: string, to: string): Conditions {
    return this.#links.conditions(from, to)
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
    const parcel = { from, to, bytes }
    this.traffic.datagrams++
    this.traffic.datagramBytes += bytes.length
    this.#record('send', parcel)
    const link = this.#links.conditions(from.host, to.host)
    if (fraction(random) < link.lossRate) return this.#record('lost', parcel)
    this.#arriveIn(latencyOf(link, random), parcel)
    if (fraction(random) >= link.duplicateRate) return
    this.#record('copy', parcel)
    this.#arriveIn(latencyOf(link, random), parcel)
  }

  ephemeralPort(): number {
    return EPHEMERAL_PORT_FIRST + (this.#ephemeralPorts++ % EPHEMERAL_PORTS)
  }

  /** Who listens at `to`, for somebody at `from`. */
  seek(from: Address, to: Address): SimTransport | 'nobody' | 'silence' {
    const text = addressText(to)
    if (this.#silent.has(text) || this.#links.areApart(from.host, to.host)) return 'silence'
    return this.#endpoints.get(text) ?? 'nobody'
  }

  #arriveIn(delayMs: Millis, parcel: Parcel): void {
    const { from, to, bytes } = parcel
    // A copy each time: both the sender and every receiver may do as they like with theirs.
    const copy = bytes.slice()
    this.#clock.after(delayMs, () => {
      if (this.#links.isCut(from.host, to.host)) return this.#record('blocked', parcel)
      const target = this.#endpoints.get(addressText(to))
      if (target === undefined) return this.#record('void', parcel)
      if (!target.receive(from, copy)) this.#record('full', parcel)
    })
  }

  #breakStreams(): void {
    for (const endpoint of this.#endpoints.values()) {
      const { host } = endpoint.address
      endpoint.breakStreams((remote) => this.#links.areApart(host, remote.host))
    }
  }

  #record(
    kind: 'send' | 'lost' | 'copy' | 'blocked' | 'void' | 'full',
    { from, to, bytes }: Parcel,
  ): void {
    if (!this.#trace.isOn) return
    const line = `${addressText(from)} > ${addressText(to)} ${bytes.length}`
    this.#trace.record(this.#clock.nowMs(), kind, line)
  }
}

/** A datagram under way. */
interface Parcel {
  readonly from: Address
  readonly to: Address
  readonly bytes: Uint8Array
}

/** A transport in memory. Opens at once. */
export class SimTransport implements Transport {
  readonly #network: SimNetwork
  readonly #clock: SimClock
  readonly #trace: Trace
  readonly #bind: Address
  readonly #random: Random
  readonly #owner: SimProcess
  /** Open ends here, and where the transport at the other end of each is bound. */
  readonly #streams = new Map<StreamEnd, Address>()
  #address: Address | undefined
  #receiver: Receiver | undefined
  #isGone = false
  #backlog = 0

  constructor(setup: {
    readonly network: SimNetwork
    readonly clock: SimClock
    readonly trace: Trace
    readonly bind: Address
    readonly random: Random
    readonly owner: SimProcess
  }) {
    this.#network = setup.network
    this.#clock = setup.clock
    this.#trace = setup.trace
    this.#bind = setup.bind
    this.#random = setup.random
    this.#owner = setup.owner
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
    this.#network.traffic.streams++
    const { host } = this.address
    const there = latencyOf(this.#network.conditions(host, to.host), this.#random)
    const back = latencyOf(this.#network.conditions(to.host, host), this.#random)
    const arrivalMs = this.#clock.nowMs() + there
    const answerMs = arrivalMs + back
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

  /** Whether there was room for it. */
  receive(from: Address, bytes: Uint8Array): boolean {
    return this.#owner.arriveDatagram(bytes.length, () => this.#receiver?.onPacket(from, bytes))
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

  /** The system shakes hands; the process hears of it when it looks. */
  #accept(dialler: StreamEnd, from: Address): void {
    if (this.#receiver === undefined || this.#backlog >= BACKLOG_MAX) return
    const end = this.#streamEnd({ host: from.host, port: this.#network.ephemeralPort() }, from)
    StreamEnd.connect(dialler, end)
    dialler.tellConnected()
    this.#backlog++
    this.#owner.arrive(() => {
      this.#backlog--
      if (this.#receiver === undefined) end.destroy()
      else if (!end.isClosed) end.listen(this.#receiver.onStream(end))
    })
  }

  /** @param remote the transport at the other end. */
  #streamEnd(peer: Address, remote: Address): StreamEnd {
    const end = new StreamEnd({
      clock: this.#clock,
      random: this.#random,
      owner: this.#owner,
      peer,
      link: () => this.#network.conditions(this.address.host, remote.host),
      onWritten: (length) => {
        this.#network.traffic.streamBytes += length
        if (this.#trace.isOn) this.#record('stream', remote, ` ${length}`)
      },
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
    if (!this.#trace.isOn) return
    const from = this.#address === undefined ? 'closed' : addressText(this.#address)
    this.#trace.record(this.#clock.nowMs(), kind, `${from} > ${addressText(to)}${rest}`)
  }
}
