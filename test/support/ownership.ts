import fc from 'fast-check'
import type { MemberEvent, MemberEventType } from '../../packages/libring/src/base/member.ts'
import type { ClusterMember } from '../../packages/libring/src/ownership/cluster-member.ts'
import {
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../packages/libring/src/ownership/event.ts'

export function aClusterMember(name: string, fields: Partial<ClusterMember> = {}): ClusterMember {
  return {
    name,
    host: '10.0.0.1',
    port: 7946,
    tags: {},
    status: 'alive',
    weight: 1,
    zone: '',
    url: undefined,
    ...fields,
  }
}

export function aMemberEvent(type: MemberEventType, ...names: string[]): MemberEvent {
  const statuses = {
    'member-join': 'alive',
    'member-update': 'alive',
    'member-leave': 'left',
    'member-reap': 'left',
    'member-failed': 'failed',
  } as const
  const status = statuses[type]
  return { type, members: names.map((name) => aClusterMember(name, { status })) }
}

/** The step from one role to another, or `undefined` when they are the same. */
export function aStep(
  partition: number,
  before: number | undefined,
  after: number | undefined,
  seq = 1,
): OwnershipEvent | undefined {
  const step = { seq, partition, cause: [] }
  const from = aClusterMember(`before-${seq}`)
  const to = aClusterMember(`after-${seq}`)
  if (before === after) return undefined
  if (before === undefined) return { type: 'acquire', ...step, replica: after!, from }
  if (after === undefined) return { type: 'release', ...step, replica: before, to }
  return { type: 'change', ...step, replica: after, previousReplica: before, from, to }
}

/** Roles by partition, as somebody knows them who has only the steps to go by. */
export class RoleBook {
  readonly roles: Map<number, number> = new Map()

  /** @throws when the step does not begin with the role that the ones before it led to. */
  apply(event: OwnershipEvent): void {
    const held = this.roles.get(event.partition)
    if (roleBefore(event) !== held) {
      const told = `${event.type} of partition ${event.partition} from ${roleBefore(event)}`
      throw new Error(`${told}, but the role is ${held}`)
    }
    const role = roleAfter(event)
    if (role === held)
      throw new Error(`a ${event.type} of partition ${event.partition} to nothing new`)
    if (role === undefined) this.roles.delete(event.partition)
    else this.roles.set(event.partition, role)
  }

  /** By partition, in order. */
  entries(): readonly (readonly [number, number])[] {
    return [...this.roles].sort(([left], [right]) => left - right)
  }
}

const role: fc.Arbitrary<number | undefined> = fc.option(fc.nat({ max: 3 }), { nil: undefined })

/** Steps of several partitions, interleaved, each beginning where the one before ended. */
export const stepScripts = (partitions: number): fc.Arbitrary<readonly OwnershipEvent[]> =>
  fc
    .array(fc.tuple(fc.nat({ max: partitions - 1 }), role), { maxLength: 60 })
    .map((changes) => stepsBetween(changes))

function stepsBetween(
  changes: readonly (readonly [partition: number, role: number | undefined])[],
): OwnershipEvent[] {
  const roles = new Map<number, number | undefined>()
  const events: OwnershipEvent[] = []
  for (const [partition, after] of changes) {
    const event = aStep(partition, roles.get(partition), after, events.length + 1)
    if (event === undefined) continue
    events.push(event)
    roles.set(partition, after)
  }
  return events
}
