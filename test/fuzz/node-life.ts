import type { Address } from '../../packages/libring/src/base/address.ts'
import { ipToBytes } from '../../packages/libring/src/base/address.ts'
import { utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import { InboundStreams } from '../../packages/libring/src/gossip/inbound.ts'
import { systemCipher } from '../../packages/libring/src/runtime/cipher.ts'
import type { SerfEffect, SerfInput } from '../../packages/libring/src/serf/effects.ts'
import { decodeUserMessage } from '../../packages/libring/src/serf/message-codec.ts'
import { resolveSerfOptions } from '../../packages/libring/src/serf/options.ts'
import { SerfMachine } from '../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../packages/libring/src/serf/setup.ts'
import { Snapshot } from '../../packages/libring/src/serf/snapshot.ts'
import { encodeTags } from '../../packages/libring/src/serf/tags.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { resolveSwimOptions } from '../../packages/libring/src/swim/options.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import { Keyring, KEYS_MAX } from '../../packages/libring/src/wire/keyring.ts'
import { openPacket } from '../../packages/libring/src/wire/packet.ts'
import {
  guardPacket,
  guardStream,
  IN_CLEAR,
  unguardPacket,
  type Security,
} from '../../packages/libring/src/wire/security.ts'
import { StreamDecoder } from '../../packages/libring/src/wire/stream.ts'
import { FakeStream } from '../support/fake-stream.ts'
import type { Dice } from './dice.ts'
import { Forger } from './forger.ts'
import { Hostile, NAMES } from './hostile.ts'
import { demand, type Kind, type Life } from './life.ts'
import { meter, noWork } from './work.ts'

const DATAGRAM_BYTES_MAX = 65_507

const place = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })

type Guard = 'in clear' | 'labelled' | 'sealed'

/** A node with members, open queries, keys and a snapshot, and somebody inside who means it ill. */
export class NodeLife implements Life {
  readonly #dice: Dice
  readonly #guard: Guard
  readonly #security: Security
  readonly #machine: SerfMachine
  readonly #clock = new SimClock()
  readonly #inbound: InboundStreams
  readonly #hostile: Hostile
  readonly #forger: Forger
  readonly #snapshot = new Snapshot({ rejoinAfterLeave: true })
  /** Whether a ping is under way that nobody has answered. */
  #isPinging = false
  #dials: number[] = [0]
  #queries: number[] = [0]
  #changes: number[] = [0]

  constructor(dice: Dice) {
    this.#dice = dice
    this.#guard = dice.pick(['in clear', 'in clear', 'labelled', 'sealed'])
    this.#security = securityOf(dice, this.#guard)
    this.#hostile = new Hostile(dice)
    this.#forger = new Forger(dice, this.#hostile)
    this.#machine = new SerfMachine({
      name: 'self',
      tags: { role: 'web', long: 'a'.repeat(200) },
      swim: resolveSwimOptions(dice.pick(['local', 'lan']), {
        compression: dice.oneIn(2),
        deadNodeReclaimMs: dice.pick([0, 5_000]),
      }),
      serf: resolveSerfOptions({
        reconnectTimeoutMs: dice.pick([2_000, 86_400_000]),
        tombstoneTimeoutMs: dice.pick([2_000, 86_400_000]),
        reapIntervalMs: 1_000,
        reconnectIntervalMs: 1_000,
      }),
      random: dice.random,
      security: this.#security,
      keepsKeys: dice.oneIn(2),
    })
    this.#inbound = new InboundStreams({
      clock: this.#clock,
      timeoutMs: 10_000,
      security: this.#security,
      feed: (input) => this.#feed(input),
    })
    this.#begin()
  }

  #begin(): void {
    this.#feed({ type: 'start', advertise: place(1) })
    NAMES.slice(1).forEach((node, index) => {
      const addr = ipToBytes(place(index + 2).host)!
      const meta = encodeTags({ role: 'web' })
      const claim = { node, addr, port: 7946, meta, incarnation: 1, versions: serfVersions }
      this.#packet(encodeMessage({ type: 'alive', ...claim }))
    })
    this.#feed({ type: 'join', join: 1, seeds: [place(2), place(3)] })
    this.#feed({ type: 'query', query: 1, ...this.#hostile.content() })
    this.#feed({ type: 'query', query: 2, ...this.#hostile.content() })
  }

  step(): Kind {
    if (this.#dice.oneIn(4)) this.#pass(this.#dice.oneIn(50) ? 100_000 : this.#dice.below(1_500))
    const turn = this.#dice.below(20)
    if (turn < 13) return this.#sendPacket()
    if (turn < 17) return this.#sendStream()
    if (turn < 19) return this.#reply()
    const call = this.#call()
    meter.work = noWork()
    this.#feed(call)
    return 'local call'
  }

  faults(): ReadonlyMap<string, number> {
    const { stats } = this.#machine
    const counted = new Map<string, number>()
    for (const faults of [stats.faults, stats.swim.faults]) {
      for (const [fault, count] of Object.entries(faults)) {
        counted.set(fault, (counted.get(fault) ?? 0) + count)
      }
    }
    const { claimsRefused, relaysRefused, conflicts } = stats.swim
    const refused = { claimsRefused, pingsRefused: relaysRefused, conflicts }
    const { answersRefused, answersDropped, filtersRefused, coordinatesRefused, tooOld } = stats
    const others = { answersRefused, answersDropped, filtersRefused, coordinatesRefused, tooOld }
    for (const [name, count] of Object.entries({ ...refused, ...others })) counted.set(name, count)
    return counted
  }

  held(): Readonly<Record<string, number>> {
    const own = this.#machine.coordinates?.own
    demand(
      own === undefined || [...own.vec, own.error, own.height].every(Number.isFinite),
      'nowhere',
    )
    const { intentsQueued, queriesQueued, eventsQueued } = this.#machine.gauges
    return {
      members: this.#machine.members().length,
      queued: intentsQueued + queriesQueued + eventsQueued,
      streams: this.#inbound.size,
      unreadBytes: this.#inbound.unreadBytes,
      snapshotLines: this.#snapshot.lines().length,
    }
  }

  #sendPacket(): Kind {
    const dice = this.#dice
    const { bytes, isCompressed } = this.#isPinging ? this.#forger.ack() : this.#forger.packet()
    this.#isPinging = false
    const guarded = guardPacket(bytes, this.#security)
    // One in a while is broken after it was sealed as well: somebody outside.
    const sent =
      this.#guard !== 'in clear' && dice.oneIn(12) ? this.#forger.broken(guarded) : guarded
    meter.work = noWork()
    this.#packet(sent)
    if (this.#guard !== 'in clear') return `packet ${this.#guard}`
    return isCompressed ? 'packet compressed' : 'packet in clear'
  }

  #packet(bytes: Uint8Array): void {
    const from = place(1 + this.#dice.below(6))
    this.#feed({ type: 'packet', from, bytes: bytes.subarray(0, DATAGRAM_BYTES_MAX) })
  }

  #sendStream(): Kind {
    const dice = this.#dice
    const { bytes, isCompressed } = this.#forger.stream()
    const guarded = guardStream(bytes, this.#security, 'dialling')
    const isBroken = this.#guard !== 'in clear' && dice.oneIn(12)
    const sent = isBroken ? this.#forger.broken(guarded) : guarded
    const handler = this.#inbound.accept(new FakeStream())
    meter.work = noWork()
    for (let at = 0; at < sent.length;) {
      const size = dice.oneIn(3) ? 1 + dice.below(20) : 1 + dice.below(sent.length)
      handler.onBytes(sent.slice(at, at + size))
      at += size
    }
    if (!dice.oneIn(4)) handler.onEnd()
    if (!dice.oneIn(4)) handler.onClosed(undefined)
    if (this.#guard !== 'in clear') return `stream ${this.#guard}`
    return isCompressed ? 'stream compressed' : 'stream in clear'
  }

  /** An answer on a stream that the node dialled. */
  #reply(): Kind {
    const dice = this.#dice
    const dial = dice.pick(this.#dials)
    const bytes = guardStream(this.#forger.stream().bytes, this.#security, 'accepting')
    meter.work = noWork()
    const result = new StreamDecoder('accepting', this.#security).push(bytes)
    if (result.status === 'message') this.#feed({ type: 'reply', dial, message: result.message })
    else this.#feed({ type: 'dial-failed', dial, reason: result.status })
    return 'reply'
  }

  #call(): SerfInput {
    const dice = this.#dice
    const hostile = this.#hostile
    switch (dice.below(12)) {
      case 0:
        return { type: 'join', join: dice.below(4), seeds: [place(1 + dice.below(6))] }
      case 1:
      case 2:
        return { type: 'query', query: dice.below(40), ...hostile.content() }
      case 3:
        return { type: 'query-cancel', query: dice.below(40) }
      case 4:
      case 5:
        return {
          type: 'respond-query',
          query: dice.pick(this.#queries),
          payload: hostile.payload(),
        }
      case 6:
        return { type: 'tags', tags: { role: dice.pick(['a', 'b']), long: 'a'.repeat(200) } }
      case 7:
        return {
          type: 'user-event',
          name: 'deploy',
          payload: hostile.payload(),
          coalesce: dice.oneIn(2),
        }
      case 8:
        return { type: 'force-leave', name: hostile.name(), prune: dice.oneIn(2) }
      case 9:
        return dice.oneIn(30) ? { type: 'leave' } : { type: 'sync', join: 9, seeds: [place(3)] }
      default: {
        const failure = dice.oneIn(4) ? 'disk full' : undefined
        return { type: 'keys-kept', change: dice.pick(this.#changes), failure }
      }
    }
  }

  #feed(input: SerfInput): void {
    const nowMs = this.#clock.nowMs()
    const before = countOf(this.#machine)
    this.#machine.handle(input, nowMs)
    this.#machine.tick(nowMs)
    this.#drain()
    meter.work.messages += countOf(this.#machine) - before
    const nextMs = this.#machine.deadlineMs()
    demand(nextMs === undefined || nextMs > nowMs, `a deadline is left behind: ${nextMs}`)
  }

  /** Let time pass, as it comes. */
  #pass(durationMs: number): void {
    meter.work = noWork()
    const endMs = this.#clock.nowMs() + durationMs
    let ticks = 0
    for (;;) {
      const nextMs = this.#machine.deadlineMs() ?? Infinity
      this.#clock.runUntil(Math.min(nextMs, endMs))
      if (nextMs > endMs) break
      this.#machine.tick(nextMs)
      this.#drain()
      if (this.#isPinging && this.#dice.oneIn(2)) break
      demand(++ticks <= 1_000 + durationMs, `${ticks} ticks within ${durationMs} ms`)
    }
  }

  #drain(): void {
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll()) {
      meter.work.effects++
      this.#perform(effect)
    }
  }

  #perform(effect: SerfEffect): void {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others ask for nothing
    switch (effect.type) {
      case 'send':
        meter.work.bytesOut += effect.bytes.length
        demand(effect.bytes.length <= DATAGRAM_BYTES_MAX, `a datagram of ${effect.bytes.length}`)
        if (this.#dice.oneIn(3)) this.#learn(effect.bytes)
        break
      case 'dial':
        this.#dials = [...this.#dials.slice(-8), effect.dial]
        break
      case 'respond':
        meter.work.bytesOut += effect.bytes?.length ?? 0
        this.#inbound.respond(effect.connection, effect.bytes)
        break
      case 'query':
        this.#queries = [...this.#queries.slice(-8), effect.query]
        break
      case 'keys-changed':
        this.#changes = [...this.#changes.slice(-8), effect.change]
        break
      case 'members':
        for (const { name, host, port } of effect.event.members) {
          const isAlive = /join|update/.test(effect.event.type)
          if (isAlive) this.#snapshot.note({ type: 'alive', name, address: { host, port } })
          else this.#snapshot.note({ type: 'not-alive', name })
        }
        break
      default:
    }
  }

  /** What it takes to answer the node. */
  #learn(bytes: Uint8Array): void {
    const { work } = meter
    meter.work = noWork()
    const packet = unguardPacket(bytes, this.#security)
    if (typeof packet === 'string') return void (meter.work = work)
    const { ids, ltimes, seqs } = this.#hostile.heard
    for (const message of openPacket(packet).messages) {
      if (message.type === 'ping') {
        remember(seqs, message.seq)
        this.#isPinging = true
      }
      if (message.type !== 'user') continue
      const inner = decodeUserMessage(message.payload).message
      if (inner?.type !== 'query') continue
      remember(ids, inner.id)
      remember(ltimes, inner.ltime)
    }
    meter.work = work
  }
}

function remember<T>(list: T[], value: T): void {
  list.push(value)
  if (list.length > 8) list.shift()
}

/** Messages taken in and faults found by now. */
function countOf({ stats }: SerfMachine): number {
  let count = stats.swim.pushPullsReceived
  for (const kind in stats.received) count += stats.received[kind as keyof typeof stats.received]
  for (const kind in stats.faults) count += stats.faults[kind as keyof typeof stats.faults]
  const { faults } = stats.swim
  for (const kind in faults) count += faults[kind as keyof typeof faults]
  return count
}

function securityOf(dice: Dice, guard: Guard): Security {
  const label = guard === 'in clear' || (guard === 'sealed' && dice.oneIn(2)) ? '' : 'blue'
  if (guard !== 'sealed')
    return label === '' ? IN_CLEAR : { label: utf8Encode(label), seal: undefined }
  const count = dice.oneIn(3) ? KEYS_MAX : 2
  const keys = Array.from({ length: count }, (_, index) => new Uint8Array(16).fill(7 + index))
  // Nonces are of the dice, so that a life replays.
  const cipher = {
    ...systemCipher,
    nonce: () => Uint8Array.from({ length: 12 }, () => dice.below(256)),
  }
  const policy = {
    keyring: new Keyring(keys),
    cipher,
    verifyIncoming: dice.oneIn(2),
    verifyOutgoing: true,
  }
  return { label: utf8Encode(label), seal: policy }
}
