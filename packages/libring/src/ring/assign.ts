import { OptionError } from '../base/errors.ts'
import type { Assignment } from './assignment.ts'
import { assignBalanced } from './balanced/balanced.ts'
import { assignGoConsistent, assignGoUniform } from './go-libring.ts'
import { isGoMode, type ResolvedRingOptions } from './options.ts'
import { assignRendezvous } from './rendezvous.ts'
import { weightOf, zoneOf, type RingMember } from './ring-member.ts'

/**
 * The assignment of `members`, which are checked and in the order of the bytes of their names.
 *
 * @throws {OptionError} for a weight or zone in a mode that knows none.
 */
export function assign(members: readonly RingMember[], options: ResolvedRingOptions): Assignment {
  const { partitions, redundancy, assignment } = options
  if (isGoMode(assignment)) refuseWeightsAndZones(members, assignment)
  switch (assignment) {
    case 'balanced':
      return assignBalanced(members, options)
    case 'rendezvous':
      return assignRendezvous(members, partitions, redundancy)
    case 'go-consistent':
      return assignGoConsistent(members.length, partitions, redundancy)
    case 'go-uniform':
      return assignGoUniform(members.length, partitions, redundancy)
  }
}

function refuseWeightsAndZones(members: readonly RingMember[], assignment: string): void {
  for (const member of members) {
    if (weightOf(member) !== 1) {
      throw new OptionError('member.weight', `1 when assignment is ${assignment}`, member.weight)
    }
    if (zoneOf(member) !== '') {
      throw new OptionError('member.zone', `empty when assignment is ${assignment}`, member.zone)
    }
  }
}
