import type { MemberEventType } from '../../packages/libring/src/base/member.ts'
import type { Candidacy } from '../../packages/libring/src/ownership/effects.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import type { PeerMessage } from '../../packages/libring/src/ownership/messages.ts'
import {
  resolveOwnershipOptions,
  type OwnershipOptions,
} from '../../packages/libring/src/ownership/options.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import {
  configurationOf,
  type RingConfiguration,
  type RingStanding,
} from '../../packages/libring/src/ownership/ring-tag.ts'
import { spaceDigest } from '../../packages/libring/src/ownership/view-digest.ts'
import { resolveRingOptions, type RingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember, aMemberEvent } from './ownership.ts'

/** The configuration of these options; whatever has no part in the ring is the same. */
export function aConfiguration(ring: RingOptions): RingConfiguration {
  return configurationOf(resolveRingOptions(ring), '')
}

/** The number that messages about a ring of these options bear. */
export function spaceOf(ring: RingOptions): number {
  return spaceDigest(resolveRingOptions(ring))
}

/** What a member is to a ring that it says this of. */
export function aCandidacy(name: string, ring: RingOptions, standing: RingStanding): Candidacy {
  const record = aClusterMember(name, { tags: { said: `${JSON.stringify(ring)} ${standing}` } })
  const tag = { name: 'ring', standing, configuration: aConfiguration(ring) }
  const takesPart = standing === 'serving' || standing === 'forming'
  if (takesPart) return { name, member: record, tag }
  return { name, member: undefined, bystander: standing === 'router' ? undefined : record, tag }
}

type Body<T extends PeerMessage['type']> = Omit<
  Extract<PeerMessage, { type: T }>,
  'type' | 'life' | 'seq' | 'clock' | 'digest' | 'space'
>

/** A machine that agrees on its configuration with others, whose every word the test speaks. */
export class RingedMember {
  readonly machine: OwnershipMachine
  readonly events: OwnershipEvent[] = []
  readonly sent: { readonly to: string; readonly message: PeerMessage }[] = []
  /** Types of all other effects, in order. */
  readonly told: string[] = []
  nowMs = 1_000
  readonly #name: string
  readonly #ring: RingOptions
  #seq = 0

  constructor(name: string, ring: RingOptions, options: OwnershipOptions = {}) {
    this.#name = name
    this.#ring = ring
    this.machine = new OwnershipMachine({
      localName: name,
      ring: resolveRingOptions(ring),
      options: resolveOwnershipOptions({ settleMs: 0, ...options }),
      stance: { configuration: aConfiguration(ring), untagged: 'refuse' },
    })
  }

  /** Begin beside these. */
  start(...others: readonly Candidacy[]): void {
    const own = aCandidacy(this.#name, this.#ring, 'forming')
    const candidacies = [own, ...others]
    this.machine.handle(
      { type: 'start', candidacies, othersExpected: false, othersSeen: true },
      this.nowMs,
    )
    this.#drain()
  }

  /** Others are this from now on. */
  hear(...candidacies: readonly Candidacy[]): void {
    const names = candidacies.map(({ name }) => name)
    this.#hear('member-update', candidacies, names)
  }

  /** They are gone. */
  lose(...names: readonly string[]): void {
    const candidacies = names.map((name) => ({ name, member: undefined }))
    this.#hear('member-failed', candidacies, names)
  }

  /** Another member says something about a ring of these options. */
  receive<T extends PeerMessage['type']>(
    from: string,
    ring: RingOptions,
    type: T,
    body: Body<T>,
    clock = 1n,
  ): void {
    const header = { life: 5n, seq: ++this.#seq, clock, digest: 0, space: spaceOf(ring) }
    const message = { type, ...header, ...body } as unknown as PeerMessage
    this.machine.handle({ type: 'peer-message', from, message }, this.nowMs)
    this.#drain()
  }

  /** What it said since this was asked last, of one type. */
  said<T extends PeerMessage['type']>(type: T): Extract<PeerMessage, { type: T }>[] {
    const messages = this.sent.splice(0).map(({ message }) => message)
    return messages.filter((message): message is Extract<PeerMessage, { type: T }> => {
      return message.type === type
    })
  }

  /** Its handlers are done with everything so far. */
  settle(): void {
    for (const { partition, seq } of [...this.events]) {
      this.machine.handle({ type: 'handler-settled', partition, seq }, this.nowMs)
    }
    this.#drain()
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.machine.tick(this.nowMs)
    this.#drain()
  }

  /** By partition: the role that its steps led to. */
  get roles(): Readonly<Record<number, number>> {
    const roles: Record<number, number> = {}
    for (const event of this.events) {
      if (event.type === 'release') delete roles[event.partition]
      else roles[event.partition] = event.replica
    }
    return roles
  }

  #hear(type: MemberEventType, candidacies: readonly Candidacy[], names: readonly string[]): void {
    const event = aMemberEvent(type, ...names)
    this.machine.handle({ type: 'members', event, candidacies }, this.nowMs)
    this.#drain()
  }

  #drain(): void {
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      if (effect.type === 'step') this.events.push(effect.event)
      else if (effect.type === 'peer-message') this.sent.push(effect)
      else this.told.push(effect.type)
    }
  }
}
