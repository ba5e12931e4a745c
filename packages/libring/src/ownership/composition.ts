import {
  agreedConfiguration,
  bears,
  disagreements,
  sameConfiguration,
  type Disagreement,
  type Party,
} from './agreement.ts'
import type { Candidate } from './candidate.ts'
import type { Candidates } from './candidates.ts'
import type { ClusterMember } from './cluster-member.ts'
import type { RingConfiguration } from './ring-tag.ts'

/** What the local member brings to the agreement. */
export interface Stance {
  readonly configuration: RingConfiguration
  /** Whether members that say nothing of the ring take part whatever its configuration. */
  readonly untagged: 'accept' | 'refuse'
}

/** Who forms the ring, of those who are there. */
export interface Composition {
  readonly members: readonly ClusterMember[]
  /** `nobody`: all are about to go, so none takes anything, and who drains keeps what it has. */
  readonly takers: 'members' | 'nobody'
  /** The configuration that formed the ring, where it is another than ours: no place for us. */
  readonly lostTo: RingConfiguration | undefined
  readonly disagreements: readonly Disagreement[]
}

/**
 * The ring that the candidates form: of those who bear the agreed configuration, all who serve;
 * where none does, those who are about to go.
 *
 * @param stance `undefined` where nothing has to be agreed on.
 */
export function compose(candidates: Candidates, stance: Stance | undefined): Composition {
  const own = stance?.configuration
  const sole = candidates.soleConfiguration()
  // Where all agree, and mostly they do, nothing has to be counted.
  const parties = own === undefined || sole !== undefined ? [] : partiesOf(candidates.all())
  const agreed = own && (sole ?? agreedConfiguration(parties) ?? own)
  const isLost = agreed !== undefined && own !== undefined && !sameConfiguration(agreed, own)
  const found = disagreements(parties)
  if (isLost) return { members: [], takers: 'nobody', lostTo: agreed, disagreements: found }

  const serving: ClusterMember[] = []
  const going: ClusterMember[] = []
  // Once for each member of each view: nothing is made anew for it.
  for (const candidate of candidates.each()) {
    if (stance && agreed && !bears(candidate, agreed, stance.untagged)) continue
    const { member, bystander, tag } = candidate
    if (member !== undefined) serving.push(member)
    else if (tag?.standing === 'draining') going.push(bystander!)
  }
  const takers = serving.length > 0 || going.length === 0 ? 'members' : 'nobody'
  const members = takers === 'members' ? serving : going
  return { members, takers, lostTo: undefined, disagreements: found }
}

function partiesOf(all: readonly Candidate[]): readonly Party[] {
  return all.map(({ member, bystander, tag }) => ({ name: (member ?? bystander)!.name, tag }))
}
