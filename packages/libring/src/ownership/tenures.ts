import { Deadlines } from '../base/deadlines.ts'
import type { MemberEvent } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { Ring } from '../ring/ring.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { OwnershipEvent } from './event.ts'
import type { Standing } from './messages.ts'
import {
  advanceTenure,
  atRest,
  NO_ROLE,
  rolesOf,
  tenureDeadlineMs,
  type Release,
  type Roles,
  type Tenure,
  type TenureInput,
} from './role.ts'
import type { Token } from './token.ts'

/** What was decided: who holds what from now on, and who did until now. */
export interface Plan {
  readonly ring: Ring<ClusterMember>
  readonly before: Ring<ClusterMember>
  readonly cause: readonly MemberEvent[]
}

/** What is so while a plan is carried out. */
export interface Circumstances {
  /** Whether there are others that may stand in the way of what we take. */
  readonly others: () => 'some' | 'none'
  /**
   * `keep` to hold on to what is held, whatever the plan says, and take nothing; `stop` to let
   * everything go, asked for or not.
   */
  readonly purpose: 'serve' | 'keep' | 'stop'
  readonly canHandOff: (member: ClusterMember) => boolean
}

/** What comes with taking index 0. */
export interface Tenancy {
  readonly token: Token
  readonly state: Uint8Array | undefined
  /** Who held it last, where somebody said so. */
  readonly from: ClusterMember | undefined
}

/** Draws what comes with taking index 0 of a partition. */
export type Taker = (partition: number) => Tenancy

/** A tenure that is another one now. */
export interface TenureChange {
  readonly partition: number
  readonly before: Tenure
  readonly after: Tenure
}

/** What an index is taken from, and why, as it was when that was decided. */
interface Origin {
  readonly from: ClusterMember | undefined
  readonly cause: readonly MemberEvent[]
}

/** What the local member is to every partition, and the steps by which that changes. */
export class Tenures {
  readonly #localName: string
  readonly #releaseTimeoutMs: Millis
  readonly #handoffTimeoutMs: Millis
  readonly #onStep: (event: OwnershipEvent) => void
  readonly #tenures: Tenure[]
  readonly #deadlines = new Deadlines()
  /** As they were when it was last asked for changes. */
  readonly #changed = new Map<number, Tenure>()
  readonly #origins = new Map<number, Origin>()
  #planned: Roles = new Map()
  #plan: Plan | undefined
  #circumstances: Circumstances = {
    others: () => 'none',
    purpose: 'serve',
    canHandOff: () => false,
  }
  #seq = 0
  /** Of these, the ones that are anything but at rest without a role. */
  readonly #occupied = new Set<number>()

  constructor(setup: {
    readonly localName: string
    readonly partitions: number
    readonly releaseTimeoutMs: Millis
    readonly handoffTimeoutMs: Millis
    readonly onStep: (event: OwnershipEvent) => void
  }) {
    this.#localName = setup.localName
    this.#releaseTimeoutMs = setup.releaseTimeoutMs
    this.#handoffTimeoutMs = setup.handoffTimeoutMs
    this.#onStep = setup.onStep
    this.#tenures = Array.from({ length: setup.partitions }, () => atRest(NO_ROLE))
  }

  /** @param partition one that the ring does not have is held by nobody. */
  get(partition: number): Tenure {
    return this.#tenures[partition] ?? atRest(NO_ROLE)
  }

  /** Whether nothing is held, being taken or being let go. */
  get isEmpty(): boolean {
    return this.#occupied.size === 0
  }

  /** Partitions that are held, being taken or being let go, in their order. */
  occupied(): readonly number[] {
    return [...this.#occupied].sort(ascending)
  }

  /** Partitions whose index 0 is held, in their order. */
  primaries(): readonly number[] {
    return this.occupied().filter((partition) => this.#tenures[partition]!.role === 0)
  }

  /** What we are to the partitions, taken together. */
  standing(): Standing {
    const phases = new Set<Tenure['phase']>()
    for (const partition of this.#occupied) {
      const { phase, role } = this.#tenures[partition]!
      if (role === 0) return 'holding'
      phases.add(phase)
    }
    if (phases.has('letting-go')) return 'letting-go'
    return phases.has('taking') ? 'taking' : 'none'
  }

  /** Whom the plan names as the one to have index 0. */
  named(partition: number): ClusterMember | undefined {
    return this.#plan?.ring.holderAt(partition, 0)
  }

  /** Whether the partition is held, and the plan has us hold it. */
  isStaying(partition: number): boolean {
    return this.get(partition).role !== NO_ROLE && this.#planned.has(partition)
  }

  /** Whether index 0 is held though the plan names another. */
  isOverstaying(partition: number): boolean {
    return this.get(partition).role === 0 && this.#planned.get(partition) !== 0
  }

  plan(plan: Plan, circumstances: Circumstances, take: Taker, nowMs: Millis): void {
    this.#plan = plan
    this.#circumstances = circumstances
    this.#planned =
      circumstances.purpose === 'keep' ? this.#roles() : rolesOf(this.#localName, plan.ring)
    // Of so many partitions, most were nothing to us and are not going to be.
    const concerned = new Set([...this.#occupied, ...this.#planned.keys()])
    for (const partition of [...concerned].sort(ascending)) {
      const planned = this.#plannedFor(partition)
      if (this.#tenures[partition] === atRest(planned)) continue
      this.#origins.set(partition, {
        from: this.#holderBefore(partition, planned),
        cause: plan.cause,
      })
      this.replan(partition, take, nowMs)
    }
  }

  /** Have the plan's way with one partition, now that something else is done with. */
  replan(partition: number, take: Taker, nowMs: Millis): void {
    if (this.#plan === undefined) return
    const { purpose, others, canHandOff } = this.#circumstances
    const isStopping = purpose === 'stop'
    const heir = this.named(partition)
    this.#apply(
      partition,
      {
        type: 'plan',
        ...this.#release(partition, nowMs),
        heir: !isStopping && heir !== undefined && canHandOff(heir) ? 'asks' : 'does not ask',
        successors: isStopping ? [] : this.#successors(partition),
        partingUntilMs: nowMs + this.#handoffTimeoutMs,
        others: others(),
      },
      nowMs,
      take,
    )
  }

  /** The member that the plan names asks for index 0, or somebody holds it with a higher token. */
  letGo(partition: number, why: 'asked' | 'outranked', nowMs: Millis): void {
    const untilMs = nowMs + this.#releaseTimeoutMs
    this.#apply(partition, { type: why, ...this.#release(partition, nowMs), untilMs }, nowMs)
  }

  /** Nobody stands in the way of taking index 0. */
  take(partition: number, take: Taker, nowMs: Millis): void {
    this.#apply(partition, { type: 'free' }, nowMs, take)
  }

  settle(partition: number, seq: number, nowMs: Millis): void {
    this.#apply(partition, { type: 'settled', seq }, nowMs)
  }

  acquired(partition: number, name: string, nowMs: Millis): void {
    this.#apply(partition, { type: 'acquired', name }, nowMs)
  }

  /** The tenures whose time is over. */
  tick(nowMs: Millis): readonly Tenure[] {
    const over: Tenure[] = []
    for (;;) {
      const key = this.#deadlines.takeDue(nowMs)
      if (key === undefined) return over
      const partition = Number(key)
      over.push(this.get(partition))
      this.#apply(partition, { type: 'tick', nowMs }, nowMs)
    }
  }

  deadlineMs(): Millis | undefined {
    return this.#deadlines.nextMs()
  }

  /** What has changed since this was asked last, each partition once. */
  takeChanges(): readonly TenureChange[] {
    const changes = [...this.#changed].map(([partition, before]) => {
      return { partition, before, after: this.get(partition) }
    })
    this.#changed.clear()
    return changes
  }

  #apply(partition: number, input: TenureInput, nowMs: Millis, take?: Taker): void {
    const before = this.#tenures[partition]
    if (before === undefined) return
    const after = advanceTenure(before, input)
    if (after === before) return
    this.#tenures[partition] = after
    if (after === atRest(NO_ROLE)) this.#occupied.delete(partition)
    else this.#occupied.add(partition)
    if (!this.#changed.has(partition)) this.#changed.set(partition, before)
    const deadlineMs = tenureDeadlineMs(after)
    if (deadlineMs === undefined) this.#deadlines.clear(String(partition))
    else this.#deadlines.set(String(partition), Math.max(deadlineMs, nowMs))
    if (after.role !== before.role)
      this.#onStep(this.#step(partition, before.role, after.role, take))
  }

  #step(
    partition: number,
    previousReplica: number,
    replica: number,
    take: Taker | undefined,
  ): OwnershipEvent {
    const seq = ++this.#seq
    const origin = this.#origins.get(partition)
    const cause = origin?.cause ?? []
    const planned = this.#plan?.ring.holderAt(partition, previousReplica)
    // We let go what the plan has us hold when others may have it already.
    const to = planned?.name === this.#localName ? undefined : planned
    if (replica === NO_ROLE) {
      return { type: 'release', seq, partition, replica: previousReplica, to, cause }
    }
    const tenancy = replica === 0 ? take?.(partition) : undefined
    const from = tenancy?.from ?? origin?.from
    const { token, state } = tenancy ?? {}
    const more = {
      ...(token === undefined ? {} : { token }),
      ...(state === undefined ? {} : { state }),
    }
    if (previousReplica === NO_ROLE) {
      return { type: 'acquire', seq, partition, replica, from, cause, ...more }
    }
    return { type: 'change', seq, partition, replica, previousReplica, from, to, cause, ...more }
  }

  #release(partition: number, nowMs: Millis): Release {
    // Though nobody waits for it now, somebody may come while the handler is at work.
    return {
      planned: this.#plannedFor(partition),
      seq: this.#seq + 1,
      untilMs: nowMs + this.#releaseTimeoutMs,
    }
  }

  #plannedFor(partition: number): number {
    return this.#planned.get(partition) ?? NO_ROLE
  }

  /** As they are now. */
  #roles(): Roles {
    const held = this.occupied().map((partition) => [partition, this.get(partition).role] as const)
    return new Map(held.filter(([, role]) => role !== NO_ROLE))
  }

  /**
   * Holders of the plan that will say so once they are. Those of the plan before are asked as
   * well: of plans that follow one another quickly, not all were carried out.
   */
  #successors(partition: number): readonly string[] {
    return this.#plan!.ring.holdersForPartition(partition)
      .filter((member) => this.#circumstances.canHandOff(member))
      .map(({ name }) => name)
  }

  /** The view before may name us as holder of what we were kept from acquiring. */
  #holderBefore(partition: number, replica: number): ClusterMember | undefined {
    const member = this.#plan!.before.holderAt(partition, replica)
    return member?.name === this.#localName ? undefined : member
  }
}

function ascending(left: number, right: number): number {
  return left - right
}
