import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import type { MemberEvent } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { ResolvedRingOptions } from '../ring/options.ts'
import { Ring } from '../ring/ring.ts'
import { Candidates } from './candidates.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { OwnershipEffect, OwnershipInput } from './effects.ts'
import type { OwnershipEvent } from './event.ts'
import type { ResolvedOwnershipOptions } from './options.ts'
import { NO_ROLE, noRoles, rolesOf, type Roles } from './role.ts'

/** Most member events that a view or a step names as its cause: the latest ones. */
export const CAUSE_EVENTS_MAX = 1_024

/** What the machine is doing about what it sees. */
type Phase =
  | { readonly name: 'idle' }
  /** For somebody other than ourselves; for ever, where there is no time to go alone. */
  | { readonly name: 'waiting'; readonly aloneAtMs: Millis | undefined }
  /** What was decided is what is seen. */
  | { readonly name: 'settled' }
  /** Something changed; acted on when the window closes. */
  | { readonly name: 'settling'; readonly closesAtMs: Millis }
  | { readonly name: 'stopped' }

/**
 * Members in; views and ordered steps of ownership out.
 *
 * Every step is the difference between two roles of the local member towards one partition, so
 * folding the steps gives the roles, and a change that does not touch the local member is silent.
 */
export class OwnershipMachine implements Machine<OwnershipInput, OwnershipEffect> {
  readonly #localName: string
  readonly #ringOptions: ResolvedRingOptions
  readonly #options: ResolvedOwnershipOptions
  readonly #effects = new Fifo<OwnershipEffect>()
  readonly #candidates = new Candidates()
  #phase: Phase = { name: 'idle' }
  #ring: Ring<ClusterMember>
  #roles: Roles
  #enoughSeen = false
  #cause: MemberEvent[] = []
  #epoch = 0
  #seq = 0

  constructor(setup: {
    readonly localName: string
    readonly ring: ResolvedRingOptions
    readonly options: ResolvedOwnershipOptions
  }) {
    this.#localName = setup.localName
    this.#ringOptions = setup.ring
    this.#options = setup.options
    this.#ring = new Ring<ClusterMember>([], setup.ring)
    this.#roles = noRoles(setup.ring.partitions)
  }

  handle(input: OwnershipInput, nowMs: Millis): void {
    switch (input.type) {
      case 'start':
        this.#start(input, nowMs)
        break
      case 'members':
        this.#hear(input, nowMs)
        break
      case 'stop':
        this.#stop()
        break
    }
    this.tick(nowMs)
  }

  tick(nowMs: Millis): void {
    const deadlineMs = this.deadlineMs()
    if (deadlineMs === undefined || nowMs < deadlineMs) return
    this.#phase = { name: 'settled' }
    this.#decide()
  }

  deadlineMs(): Millis | undefined {
    switch (this.#phase.name) {
      case 'waiting':
        return this.#phase.aloneAtMs
      case 'settling':
        return this.#phase.closesAtMs
      case 'idle':
      case 'settled':
      case 'stopped':
        return undefined
    }
  }

  poll(): OwnershipEffect | undefined {
    return this.#effects.take()
  }

  #start(input: Extract<OwnershipInput, { type: 'start' }>, nowMs: Millis): void {
    if (this.#phase.name !== 'idle') return
    this.#candidates.update(input.candidates.map((member) => ({ name: member.name, member })))
    this.#countMembers()
    if (input.othersSeen || !input.othersExpected) {
      this.#phase = { name: 'settling', closesAtMs: nowMs }
      return
    }
    const { formAlone, bootstrapTimeoutMs } = this.#options
    this.#phase = { name: 'waiting', aloneAtMs: formAlone ? nowMs + bootstrapTimeoutMs : undefined }
  }

  #hear(input: Extract<OwnershipInput, { type: 'members' }>, nowMs: Millis): void {
    if (this.#phase.name === 'idle' || this.#phase.name === 'stopped') return
    const { event, candidacies } = input
    const { changed, lost } = this.#candidates.update(candidacies)
    this.#countMembers()
    if (changed) this.#remember(event)

    const begins = this.#phase.name === 'waiting' ? this.#isAboutOthers(event) : changed
    if (begins && this.#phase.name !== 'settling') {
      this.#phase = { name: 'settling', closesAtMs: nowMs + this.#options.settleMs }
    }
    const failed = event.type === 'member-failed' && lost
    if (failed && this.#phase.name === 'settling') {
      this.#phase = { name: 'settling', closesAtMs: nowMs }
    }
  }

  #stop(): void {
    const held = this.#phase.name === 'settled' || this.#phase.name === 'settling'
    this.#phase = { name: 'stopped' }
    if (!held) return
    this.#candidates.update([{ name: this.#localName, member: undefined }])
    this.#decide()
  }

  #isAboutOthers(event: MemberEvent): boolean {
    return event.members.some((member) => member.name !== this.#localName)
  }

  #countMembers(): void {
    if (this.#candidates.size >= this.#options.minMembers) this.#enoughSeen = true
  }

  #remember(event: MemberEvent): void {
    this.#cause.push(event)
    if (this.#cause.length > CAUSE_EVENTS_MAX) this.#cause.shift()
  }

  /** Act on what is seen: a new view when the members differ, then a step for every new role. */
  #decide(): void {
    const before = this.#ring
    const cause = Object.freeze(this.#cause)
    this.#cause = []
    const changed = this.#candidates.takeChanged()
    if (changed || this.#epoch === 0) {
      this.#ring = new Ring<ClusterMember>(this.#candidates.list(), this.#ringOptions)
      const view = { epoch: ++this.#epoch, ring: this.#ring, cause }
      this.#effects.push({ type: 'view', view })
    }
    if (!this.#enoughSeen) return

    const roles = rolesOf(this.#localName, this.#ring)
    for (const [partition, previous] of this.#roles.entries()) {
      const role = roles[partition]!
      if (role === previous) continue
      this.#effects.push({
        type: 'step',
        event: this.#step({ partition, previous, role, before, cause }),
      })
    }
    this.#roles = roles
  }

  #step(move: {
    readonly partition: number
    readonly previous: number
    readonly role: number
    readonly before: Ring<ClusterMember>
    readonly cause: readonly MemberEvent[]
  }): OwnershipEvent {
    const { partition, previous, role, cause } = move
    const seq = ++this.#seq
    const from = this.#other(move.before.holdersForPartition(partition)[role])
    const to = this.#ring.holdersForPartition(partition)[previous]
    if (previous === NO_ROLE) return { type: 'acquire', seq, partition, replica: role, from, cause }
    if (role === NO_ROLE) return { type: 'release', seq, partition, replica: previous, to, cause }
    return {
      type: 'change',
      seq,
      partition,
      replica: role,
      previousReplica: previous,
      from,
      to,
      cause,
    }
  }

  /** The view before may name us as holder of what `minMembers` kept us from acquiring. */
  #other(member: ClusterMember | undefined): ClusterMember | undefined {
    return member?.name === this.#localName ? undefined : member
  }
}
