import type { Membership } from '../ports/membership.ts'

interface Tenancy {
  clusters: number
  /** Whether it ran before any cluster began to use it, so that somebody else will end it. */
  readonly wasRunning: boolean
}

// One membership may carry several clusters that do not know each other.
const tenancies = new WeakMap<Membership, Tenancy>()

/** Begin to use a membership. Before starting it. */
export function moveIn(membership: Membership): void {
  const known = tenancies.get(membership)
  if (known !== undefined) {
    known.clusters++
  } else {
    tenancies.set(membership, { clusters: 1, wasRunning: membership.members().length > 0 })
  }
}

/** Use it no more. Whether nobody else does, so that it is to be ended. */
export function moveOut(membership: Membership): 'end it' | 'let it be' {
  const tenancy = tenancies.get(membership)
  if (tenancy === undefined || --tenancy.clusters > 0) return 'let it be'
  tenancies.delete(membership)
  return tenancy.wasRunning ? 'let it be' : 'end it'
}
