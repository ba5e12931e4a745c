import type { Address } from '../base/address.ts'
import type { Member } from '../base/member.ts'
import type { SwimMember } from '../swim/effects.ts'
import type { SwimMachine } from '../swim/swim-machine.ts'
import type { Roster } from './roster.ts'

/** What those who ask and answer queries need to know of the members. */
export interface Surroundings {
  /** The name of the local member. */
  readonly name: string
  /** Where it is reached, once started. */
  address(): Address | undefined
  /** As Serf sees a member. */
  member(name: string): Member | undefined
  /** As SWIM sees a member. */
  row(name: string): SwimMember | undefined
  /** Members alive or suspect, the local one included. */
  presentCount(): number
  /** Members of any status. */
  memberCount(): number
  /** Up to so many other members, at random, of those that pass. */
  sample(count: number, accept: (row: SwimMember) => boolean): readonly SwimMember[]
}

export function surroundingsOf(
  name: string,
  address: () => Address | undefined,
  roster: Roster,
  swim: SwimMachine,
): Surroundings {
  return {
    name,
    address,
    member: (about) => roster.get(about)?.member,
    row: (about) => swim.member(about),
    presentCount: () => swim.presentCount,
    memberCount: () => roster.size,
    sample: (count, accept) => swim.sample(count, accept),
  }
}
