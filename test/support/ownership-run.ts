import type { MemberEvent } from '../../packages/libring/src/base/member.ts'
import type { ClusterMember } from '../../packages/libring/src/ownership/cluster-member.ts'
import type {
  Candidacy,
  OwnershipEffect,
  View,
} from '../../packages/libring/src/ownership/effects.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import {
  resolveOwnershipOptions,
  type OwnershipOptions,
} from '../../packages/libring/src/ownership/options.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import { resolveRingOptions, type RingOptions } from '../../packages/libring/src/ring/options.ts'
import { aClusterMember, RoleBook } from './ownership.ts'

/** An ownership machine on a clock of its own, and a book of what it said. */
export class OwnershipRun {
  readonly localName: string
  readonly machine: OwnershipMachine
  readonly book: RoleBook = new RoleBook()
  nowMs = 1_000
  view: View | undefined
  views = 0
  readonly #members = new Map<string, ClusterMember>()

  constructor(localName: string, ring: RingOptions = {}, options: OwnershipOptions = {}) {
    this.localName = localName
    this.machine = new OwnershipMachine({
      localName,
      ring: resolveRingOptions(ring),
      options: resolveOwnershipOptions(options),
    })
  }

  /** Begin with these members in the ring. */
  start(
    members: readonly (string | ClusterMember)[],
    expects: { othersExpected?: boolean; othersSeen?: boolean } = {},
  ): OwnershipEvent[] {
    const candidates = members.map(asMember)
    for (const member of candidates) this.#members.set(member.name, member)
    const candidacies = candidates.map((member) => ({ name: member.name, member }))
    this.machine.handle(
      { type: 'start', candidacies, othersExpected: false, othersSeen: false, ...expects },
      this.nowMs,
    )
    return this.#drain()
  }

  join(...members: (string | ClusterMember)[]): OwnershipEvent[] {
    return this.#tell('member-join', members.map(asMember), 'in the ring')
  }

  update(...members: ClusterMember[]): OwnershipEvent[] {
    return this.#tell('member-update', members, 'in the ring')
  }

  /** Members that Serf has, and the ring has not. */
  joinOutside(...names: string[]): OwnershipEvent[] {
    return this.#tell('member-join', names.map(asMember), 'outside')
  }

  updateOutside(...names: string[]): OwnershipEvent[] {
    return this.#tell('member-update', names.map(asMember), 'outside')
  }

  leave(...names: string[]): OwnershipEvent[] {
    return this.#tell('member-leave', names.map(asMember), 'outside')
  }

  fail(...names: string[]): OwnershipEvent[] {
    return this.#tell('member-failed', names.map(asMember), 'outside')
  }

  reap(...names: string[]): OwnershipEvent[] {
    return this.#tell('member-reap', names.map(asMember), 'outside')
  }

  /** Members that come and go by one event. */
  change(candidacies: readonly Candidacy[]): OwnershipEvent[] {
    for (const { name, member } of candidacies) {
      if (member === undefined) this.#members.delete(name)
      else this.#members.set(name, member)
    }
    const members = candidacies.map(({ name }) => aClusterMember(name))
    const event: MemberEvent = { type: 'member-update', members }
    this.machine.handle({ type: 'members', event, candidacies }, this.nowMs)
    return this.#drain()
  }

  stop(): OwnershipEvent[] {
    this.#members.delete(this.localName)
    this.machine.handle({ type: 'stop' }, this.nowMs)
    return this.#drain()
  }

  pass(ms: number): OwnershipEvent[] {
    this.nowMs += ms
    this.machine.tick(this.nowMs)
    return this.#drain()
  }

  /** Let time pass until nothing is pending. */
  settle(): OwnershipEvent[] {
    const events: OwnershipEvent[] = []
    for (let dueMs = this.machine.deadlineMs(); dueMs !== undefined;) {
      events.push(...this.pass(dueMs - this.nowMs))
      dueMs = this.machine.deadlineMs()
    }
    return events
  }

  /** Who is in the ring by now, decided on or not. */
  get seen(): readonly ClusterMember[] {
    return [...this.#members.values()]
  }

  /** Names of the members of the view. */
  get shown(): readonly string[] {
    return this.view?.ring.members.map(({ name }) => name) ?? []
  }

  /** The roles that the view gives the local member. */
  rolesInView(): (readonly [number, number])[] {
    const { view } = this
    if (view === undefined) return []
    return Array.from({ length: view.ring.options.partitions }, (_, partition) => {
      const holders = view.ring.holdersForPartition(partition)
      return [partition, holders.findIndex(({ name }) => name === this.localName)] as const
    }).filter(([, role]) => role >= 0)
  }

  #tell(
    type: MemberEvent['type'],
    members: readonly ClusterMember[],
    where: 'in the ring' | 'outside',
  ): OwnershipEvent[] {
    for (const member of members) {
      if (where === 'in the ring') this.#members.set(member.name, member)
      else this.#members.delete(member.name)
    }
    this.machine.handle(
      {
        type: 'members',
        event: { type, members },
        candidacies: members.map((member) => {
          return { name: member.name, member: where === 'in the ring' ? member : undefined }
        }),
      },
      this.nowMs,
    )
    return this.#drain()
  }

  #drain(): OwnershipEvent[] {
    const events: OwnershipEvent[] = []
    for (let effect = this.#poll(); effect !== undefined; effect = this.#poll()) {
      if (effect.type === 'view') {
        this.view = effect.view
        this.views++
      } else if (effect.type === 'records') {
        this.view = { ...this.view!, ring: effect.ring, homes: effect.homes }
      } else if (effect.type === 'step') {
        this.book.apply(effect.event)
        events.push(effect.event)
        const { partition, seq } = effect.event
        this.machine.handle({ type: 'handler-settled', partition, seq }, this.nowMs)
      }
    }
    return events
  }

  #poll(): OwnershipEffect | undefined {
    return this.machine.poll()
  }
}

function asMember(member: string | ClusterMember): ClusterMember {
  return typeof member === 'string' ? aClusterMember(member) : member
}
