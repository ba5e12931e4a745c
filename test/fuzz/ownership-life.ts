import type { OwnershipEffect } from '../../packages/libring/src/ownership/effects.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerMessage,
  type Standing,
} from '../../packages/libring/src/ownership/messages.ts'
import { resolveOwnershipOptions } from '../../packages/libring/src/ownership/options.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import { configurationOf } from '../../packages/libring/src/ownership/ring-tag.ts'
import { spaceDigest } from '../../packages/libring/src/ownership/view-digest.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember, aMemberEvent } from '../support/ownership.ts'
import type { Dice } from './dice.ts'
import { demand, type Kind, type Life } from './life.ts'
import { mutate } from './mutate.ts'
import { meter, noWork } from './work.ts'

const RING = resolveRingOptions({ partitions: 8, redundancy: 2 })
const NAMES = ['ann', 'bob', 'cat', 'dan', 'eve'] as const
const STANDINGS: readonly Standing[] = ['none', 'holding', 'letting-go', 'taking', 'waiting']
const TOKENS = [0n, 1n, 1n << 40n, (1n << 62n) - 1n] as const
const COUNTS = [0, 1, 2, 3, 4, 0xffff_ffff, Number.MAX_SAFE_INTEGER] as const

/** A ring member among others that say by the peer channel what they should and should not. */
export class OwnershipLife implements Life {
  readonly #dice: Dice
  readonly #machine: OwnershipMachine
  readonly #faults = new Map<string, number>()
  /** What the machine said lately, to be answered, and to be told again. */
  #said: PeerMessage[] = []
  #nowMs = 1_000

  constructor(dice: Dice) {
    this.#dice = dice
    const configuration = configurationOf(RING, '')
    this.#machine = new OwnershipMachine({
      localName: 'ann',
      ring: RING,
      stance: { configuration, untagged: 'accept' },
      options: resolveOwnershipOptions({ minMembers: 2, graceMs: dice.pick([0, 60_000]) }),
      canHandOff: () => true,
    })
    const candidacies = NAMES.slice(0, 3).map((name) => ({ name, member: aClusterMember(name) }))
    const start = { candidacies, othersExpected: false, othersSeen: true }
    this.#machine.handle({ type: 'start', ...start }, this.#nowMs)
    this.#drain()
  }

  step(): Kind {
    const dice = this.#dice
    if (dice.oneIn(3)) this.#pass(dice.oneIn(10) ? 30_000 : dice.below(2_500))
    if (dice.oneIn(12)) this.#changeMembers()
    const whole = encodePeerMessage(this.#message())
    const bytes = dice.oneIn(3) ? mutate(dice, whole, 8_192) : whole
    meter.work = noWork()
    const decoded = decodePeerMessage(bytes)
    if (decoded.fault !== undefined) {
      const fault = `ownership ${decoded.fault}`
      this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
      return 'ownership'
    }
    meter.work.messages++
    const from = dice.oneIn(20) ? 'stranger' : dice.pick(NAMES)
    this.#machine.handle({ type: 'peer-message', from, message: decoded.message }, this.#nowMs)
    this.#machine.tick(this.#nowMs)
    this.#drain()
    const nextMs = this.#machine.deadlineMs()
    demand(nextMs === undefined || nextMs > this.#nowMs, 'a deadline is left behind')
    return 'ownership'
  }

  faults(): ReadonlyMap<string, number> {
    return this.#faults
  }

  held(): Readonly<Record<string, number>> {
    return {}
  }

  #pass(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let ticks = 0; ; ticks++) {
      demand(ticks <= 1_000 + durationMs, `${ticks} ticks within ${durationMs} ms`)
      const nextMs = this.#machine.deadlineMs()
      if (nextMs === undefined || nextMs > endMs) break
      this.#nowMs = Math.max(this.#nowMs, nextMs)
      this.#machine.tick(this.#nowMs)
      this.#drain()
    }
    this.#nowMs = endMs
  }

  #changeMembers(): void {
    const dice = this.#dice
    const name = dice.pick(NAMES)
    const isGone = dice.oneIn(3)
    const event = aMemberEvent(isGone ? 'member-failed' : 'member-join', name)
    const member = isGone ? undefined : aClusterMember(name, { weight: 1 + dice.below(3) })
    this.#machine.handle({ type: 'members', event, candidacies: [{ name, member }] }, this.#nowMs)
    this.#drain()
  }

  #message(): PeerMessage {
    const dice = this.#dice
    if (this.#said.length > 0 && dice.oneIn(6)) return dice.pick(this.#said)
    const header = {
      life: BigInt(dice.below(3)),
      seq: dice.pick(COUNTS),
      clock: dice.pick(TOKENS),
      digest: dice.oneIn(2) ? (this.#said[0]?.digest ?? 0) : dice.below(4),
      space: dice.oneIn(8) ? 0 : spaceDigest(RING),
    }
    const holdings = () =>
      dice.several(4, () => ({ partition: this.#partition(), token: dice.pick(TOKENS) }))
    switch (dice.below(6)) {
      case 0: {
        const group = () => ({
          attempt: dice.pick(COUNTS),
          letGo: dice.oneIn(2),
          partitions: this.#partitions(),
        })
        return { type: 'ask', ...header, groups: dice.several(3, group) }
      }
      case 1: {
        const asked = this.#said.find(({ type }) => type === 'ask')
        const attempt = asked?.type === 'ask' ? (asked.groups[0]?.attempt ?? 0) : dice.pick(COUNTS)
        const group = () => ({
          attempt,
          standing: dice.pick(STANDINGS),
          partitions: this.#partitions(),
        })
        const legacy = () => ({
          partition: this.#partition(),
          token: dice.pick(TOKENS),
          state: dice.bytes(20),
        })
        const asker = asked?.life ?? 0n
        return {
          type: 'answer',
          ...header,
          asker,
          groups: dice.several(3, group),
          legacies: dice.several(2, legacy),
        }
      }
      case 2:
        return { type: 'acquired', ...header, holdings: holdings() }
      case 3:
        return { type: 'offer', ...header, holdings: holdings() }
      case 4:
        return { type: 'parting', ...header, partitions: this.#partitions() }
      default: {
        const entry = () => ({
          name: dice.pick(NAMES),
          weight: dice.pick([1, 65_535]),
          zone: '',
          incarnation: dice.pick([0, 1, 0xffff_ffff]),
          leftMs: dice.pick([0, 1, 0xffff_ffff]),
        })
        const entries = dice.several(4, entry)
        return { type: 'away', ...header, asks: dice.oneIn(2), isInformed: dice.oneIn(2), entries }
      }
    }
  }

  #partition(): number {
    return this.#dice.oneIn(8) ? 65_535 : this.#dice.below(9)
  }

  #partitions(): number[] {
    if (this.#dice.oneIn(40)) return Array.from({ length: 4_000 }, (_, index) => index)
    return [...new Set(this.#dice.several(5, () => this.#partition()))]
  }

  #drain(): void {
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll()) {
      meter.work.effects++
      this.#perform(effect)
    }
  }

  #perform(effect: OwnershipEffect): void {
    const dice = this.#dice
    if (effect.type === 'peer-message') this.#said = [effect.message, ...this.#said.slice(0, 8)]
    if (effect.type === 'step' && !dice.oneIn(6)) {
      const { partition, seq } = effect.event
      this.#machine.handle({ type: 'handler-settled', partition, seq }, this.#nowMs)
    }
    if (effect.type === 'exchange') {
      const outcome = dice.oneIn(3) ? 'failed' : 'done'
      this.#machine.handle({ type: 'exchanged', with: effect.with, outcome }, this.#nowMs)
    }
    if (effect.type === 'contact' && dice.oneIn(2)) {
      this.#machine.handle({ type: 'contacted', doubt: effect.doubt }, this.#nowMs)
    }
  }
}
