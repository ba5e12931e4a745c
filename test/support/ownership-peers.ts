import type { MemberEventType } from '../../packages/libring/src/base/member.ts'
import type {
  Candidacy,
  HandoffReport,
  OwnershipEffect,
  View,
} from '../../packages/libring/src/ownership/effects.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerMessage,
} from '../../packages/libring/src/ownership/messages.ts'
import {
  resolveOwnershipOptions,
  type OwnershipOptions,
} from '../../packages/libring/src/ownership/options.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import { resolveRingOptions, type RingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember, aMemberEvent, RoleBook } from './ownership.ts'

interface Peer {
  readonly machine: OwnershipMachine
  readonly book: RoleBook
  readonly events: OwnershipEvent[]
  readonly reports: HandoffReport[]
  /** The last one. */
  view: View | undefined
}

/** Several ownership machines that hear one another at once, unless the test says otherwise. */
export class OwnershipPeers {
  readonly peers: Map<string, Peer> = new Map()
  nowMs = 1_000
  /** Whose messages are lost. */
  readonly silent: Set<string> = new Set()
  /** Members whose handlers are never done. */
  readonly busy: Set<string> = new Set()
  /** What a handler of this member leaves behind. */
  readonly leaves: Map<string, Uint8Array> = new Map()
  /** By how much a clock is ahead. */
  readonly aheadMs: Map<string, number> = new Map()
  /** Who asks nobody and is asked by nobody, such as a plain agent. */
  readonly mute: Set<string> = new Set()
  /** Who tried to reach anybody, and for which doubt. */
  readonly contacts: { readonly name: string; readonly doubt: number }[] = []
  /** Whose process is stopped: time passes it by, and so does whatever it is sent. */
  readonly stopped: Set<string> = new Set()
  /** Told who says something. */
  onSend: (from: string) => void = () => {}
  readonly #ring: RingOptions
  readonly #options: OwnershipOptions

  constructor(ring: RingOptions, options: OwnershipOptions = {}) {
    this.#ring = ring
    this.#options = { settleMs: 0, ...options }
  }

  /** Begin, seeing these members beside oneself. */
  start(name: string, sees: readonly string[] = []): void {
    const peer: Peer = {
      machine: new OwnershipMachine({
        localName: name,
        ring: resolveRingOptions(this.#ring),
        options: resolveOwnershipOptions(this.#options),
        canHandOff: (member) => !this.mute.has(member.name),
        wallMs: (nowMs) => 1_000_000 + nowMs + (this.aheadMs.get(name) ?? 0),
      }),
      book: new RoleBook(),
      events: [],
      reports: [],
      view: undefined,
    }
    this.peers.set(name, peer)
    const candidacies = [name, ...sees].map((member) => {
      return { name: member, member: aClusterMember(member) }
    })
    peer.machine.handle(
      { type: 'start', candidacies, othersExpected: false, othersSeen: true },
      this.nowMs,
    )
    this.#drain()
  }

  /** `name` hears that these members are in the ring. */
  joins(name: string, ...members: readonly string[]): void {
    this.#members(name, 'member-join', members)
  }

  /** `name` hears that these members have failed. */
  fails(name: string, ...members: readonly string[]): void {
    this.#members(name, 'member-failed', members)
  }

  /** Its process goes on, and knows that it was stopped for long. */
  wakes(name: string): void {
    this.stopped.delete(name)
    this.of(name).machine.handle({ type: 'stalled' }, this.nowMs)
    this.#drain()
    this.pass(0)
  }

  /** Somebody answers the last of its tries. */
  reaches(name: string): void {
    const last = this.contacts.findLast((contact) => contact.name === name)!
    this.of(name).machine.handle({ type: 'contacted', doubt: last.doubt }, this.nowMs)
    this.#drain()
  }

  /** `name` hears that these members have left for good. */
  quits(name: string, ...members: readonly string[]): void {
    this.#members(name, 'member-leave', members)
  }

  /** `name` hears that these members are remembered no more. */
  reaps(name: string, ...members: readonly string[]): void {
    this.#members(name, 'member-reap', members)
  }

  stop(name: string): void {
    this.peers.get(name)!.machine.handle({ type: 'stop' }, this.nowMs)
    this.#drain()
  }

  /** Its handlers are done, with everything. */
  settle(name: string): void {
    this.busy.delete(name)
    for (const { partition, seq } of [...this.of(name).events]) this.#settled(name, partition, seq)
    this.#drain()
  }

  /** Its process is gone, without a word. */
  crash(name: string): void {
    this.peers.delete(name)
  }

  pass(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const running = [...this.peers].filter(([name]) => !this.stopped.has(name))
      const deadlines = running.map(([, { machine }]) => machine.deadlineMs())
      const nextMs = Math.min(...deadlines.map((deadlineMs) => deadlineMs ?? Infinity))
      if (nextMs > endMs) break
      this.nowMs = nextMs
      for (const [, { machine }] of running) machine.tick(this.nowMs)
      this.#drain()
    }
    this.nowMs = endMs
  }

  of(name: string): Peer {
    return this.peers.get(name)!
  }

  /** Who holds index 0 of the partition. */
  primaries(partition: number): readonly string[] {
    const entries = [...this.peers].filter(([, { book }]) => book.roles.get(partition) === 0)
    return entries.map(([name]) => name).sort()
  }

  #members(name: string, type: MemberEventType, members: readonly string[]): void {
    const candidacies = members.map((member): Candidacy => {
      const record = aClusterMember(member)
      if (type === 'member-join') return { name: member, member: record }
      const home = type === 'member-failed' ? record : undefined
      return { name: member, member: undefined, absence: { incarnation: 1, home } }
    })
    const event = aMemberEvent(type, ...members)
    this.of(name).machine.handle({ type: 'members', event, candidacies }, this.nowMs)
    this.#drain()
  }

  #drain(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false
      for (const [name, peer] of this.peers) {
        for (let effect = peer.machine.poll(); effect !== undefined; effect = peer.machine.poll()) {
          isBusy = true
          this.#perform(name, peer, effect)
        }
      }
    }
  }

  #perform(name: string, peer: Peer, effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'view':
        peer.view = effect.view
        break
      case 'records':
        peer.view = { ...peer.view!, ring: effect.ring, homes: effect.homes }
        break
      case 'disagreement':
      case 'formed':
      case 'emptied':
      case 'certain':
        break
      case 'contact':
        this.contacts.push({ name, doubt: effect.doubt })
        break
      case 'step':
        peer.book.apply(effect.event)
        peer.events.push(effect.event)
        if (!this.busy.has(name)) this.#settled(name, effect.event.partition, effect.event.seq)
        break
      case 'report':
        peer.reports.push(effect.report)
        break
      case 'exchange':
        peer.machine.handle({ type: 'exchanged', with: effect.with, outcome: 'done' }, this.nowMs)
        break
      case 'peer-message':
        this.deliver(name, effect.to, effect.message)
        break
    }
  }

  /** As it travels. */
  deliver(from: string, to: string, message: PeerMessage): void {
    this.onSend(from)
    if (this.silent.has(from)) return
    if (this.stopped.has(to)) return
    const decoded = decodePeerMessage(encodePeerMessage(message))
    if (decoded.fault !== undefined) throw new Error(`${from} wrote what is ${decoded.fault}`)
    const input = { type: 'peer-message', from, message: decoded.message } as const
    this.peers.get(to)?.machine.handle(input, this.nowMs)
  }

  #settled(name: string, partition: number, seq: number): void {
    const state = this.leaves.get(name)
    this.of(name).machine.handle({ type: 'handler-settled', partition, seq, state }, this.nowMs)
  }
}
