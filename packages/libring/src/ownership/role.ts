import type { Millis } from '../base/time.ts'
import type { Ring } from '../ring/ring.ts'
import type { ClusterMember } from './cluster-member.ts'

/** The role of a member that does not hold a partition. */
export const NO_ROLE = -1

/** What one member is to the partitions that it has a role towards: a replica index, by partition. */
export type Roles = ReadonlyMap<number, number>

/** What `ring` makes of the member called `name`, in the order of the partitions. */
export function rolesOf(name: string, ring: Ring<ClusterMember>): Roles {
  return new Map(ring.partitionsOf(name).map(({ partition, replica }) => [partition, replica]))
}

/**
 * What the local member is to one partition, and what it is about to be. `role` is what its steps
 * have said so far.
 *
 *  - `at-rest` nothing is under way; a role other than the planned one waits to be asked for
 *  - `taking` index 0 is planned, and others may stand in the way
 *  - `parting` no role is planned; an index other than 0 is kept until the successors have theirs
 *  - `letting-go` index 0 was given up, and its handler may still be at work
 */
export type Tenure =
  | { readonly phase: 'at-rest'; readonly role: number }
  | { readonly phase: 'taking'; readonly role: number }
  | {
      readonly phase: 'parting'
      readonly role: number
      /** Names of members that are to acquire first. */
      readonly awaited: readonly string[]
      readonly untilMs: Millis
    }
  | {
      readonly phase: 'letting-go'
      readonly role: number
      /** Number of the step whose handler is waited for. */
      readonly seq: number
      readonly untilMs: Millis
    }

/** How index 0 is let go, in case it is. */
export interface Release {
  /** The role that the plan leaves us. */
  readonly planned: number
  /** Number that the step will have. */
  readonly seq: number
  /** When it counts as let go, its handler done or not. */
  readonly untilMs: Millis
}

export type TenureInput =
  | ({
      readonly type: 'plan'
      /** Whether whoever is to have index 0 will ask for it. */
      readonly heir: 'asks' | 'does not ask'
      /** Names of members that the plan makes holders, and that will say when they are. */
      readonly successors: readonly string[]
      readonly partingUntilMs: Millis
      /** Whether there is anybody who could stand in the way of taking index 0. */
      readonly others: 'some' | 'none'
    } & Release)
  /** The member that the plan names asks for index 0. */
  | ({ readonly type: 'asked' } & Release)
  /** Another member holds index 0 with a higher token. */
  | ({ readonly type: 'outranked' } & Release)
  /** Nobody stands in the way of taking index 0. */
  | { readonly type: 'free' }
  /** Handlers are done with every step up to this one. */
  | { readonly type: 'settled'; readonly seq: number }
  | { readonly type: 'acquired'; readonly name: string }
  | { readonly type: 'tick'; readonly nowMs: Millis }

/** Shared, so that partitions at rest cost nothing and compare by identity. */
const AT_REST: readonly Tenure[] = Array.from({ length: 17 }, (_, i) => {
  return Object.freeze({ phase: 'at-rest', role: i - 1 })
})

export function atRest(role: number): Tenure {
  return AT_REST[role + 1]!
}

/** The tenure after `input`; the same object when the input changes nothing. */
export function advanceTenure(tenure: Tenure, input: TenureInput): Tenure {
  switch (input.type) {
    case 'plan':
      return afterPlan(tenure, input)
    case 'asked':
      // Whoever planned to keep it lets nobody have it.
      return input.planned === 0 ? tenure : afterRelease(tenure, input)
    case 'outranked':
      return afterRelease(tenure, input)
    case 'free':
      return tenure.phase === 'taking' ? atRest(0) : tenure
    case 'settled':
      if (tenure.phase !== 'letting-go' || input.seq < tenure.seq) return tenure
      return atRest(tenure.role)
    case 'acquired':
      return afterAcquired(tenure, input.name)
    case 'tick':
      return afterTick(tenure, input.nowMs)
  }
}

/** When `advanceTenure` is next worth a tick, or `undefined` when time changes nothing. */
export function tenureDeadlineMs(tenure: Tenure): Millis | undefined {
  return tenure.phase === 'parting' || tenure.phase === 'letting-go' ? tenure.untilMs : undefined
}

function afterPlan(tenure: Tenure, input: Extract<TenureInput, { type: 'plan' }>): Tenure {
  const { planned, successors, partingUntilMs } = input
  const { role } = tenure
  // What is planned comes after what is under way.
  if (tenure.phase === 'letting-go') return tenure
  if (role === planned) return atRest(role)
  if (planned === 0) {
    if (input.others === 'none') return atRest(0)
    return tenure.phase === 'taking' ? tenure : { phase: 'taking', role }
  }
  if (role === 0) return input.heir === 'asks' ? tenure : afterRelease(tenure, input)
  if (planned !== NO_ROLE || role === NO_ROLE || successors.length === 0) return atRest(planned)
  const untilMs = tenure.phase === 'parting' ? tenure.untilMs : partingUntilMs
  return { phase: 'parting', role, awaited: successors, untilMs }
}

function afterRelease(tenure: Tenure, { planned, seq, untilMs }: Release): Tenure {
  if (tenure.role !== 0) return tenure
  // One that is planned to have it takes it anew, under a higher token.
  const role = planned === 0 ? NO_ROLE : planned
  return { phase: 'letting-go', role, seq, untilMs }
}

function afterAcquired(tenure: Tenure, name: string): Tenure {
  if (tenure.phase !== 'parting' || !tenure.awaited.includes(name)) return tenure
  const awaited = tenure.awaited.filter((other) => other !== name)
  return awaited.length === 0 ? atRest(NO_ROLE) : { ...tenure, awaited }
}

function afterTick(tenure: Tenure, nowMs: Millis): Tenure {
  const untilMs = tenureDeadlineMs(tenure)
  if (untilMs === undefined || nowMs < untilMs) return tenure
  return atRest(tenure.phase === 'letting-go' ? tenure.role : NO_ROLE)
}
