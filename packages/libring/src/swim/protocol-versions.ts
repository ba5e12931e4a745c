import type { NodeState, Versions } from '../wire/messages.ts'
import type { MemberRow } from './members.ts'

// Six numbers each: least, most and own version of memberlist's protocol, then the same of Serf's.
// They are taken by their index, as this is asked for each claim heard and to take an array apart
// costs more than to compare.

const NONE: Versions = [0, 0, 0, 0, 0, 0]

/**
 * Whether a member that claims these can speak with us. One that cannot, and were believed to be
 * there, would have everybody refuse everybody's tables.
 *
 * @param ours `undefined` while we have not said any: then it is enough that they are ranges, not
 *   from nought, with what the member speaks inside.
 */
export function canSpeakWith(versions: Versions, ours: Versions | undefined): boolean {
  const [min, , , delegateMin] = versions
  const isSane = min > 0 && delegateMin >= 0 && understands(versions, versions)
  return (
    isSane && (ours === undefined || (understands(versions, ours) && understands(ours, versions)))
  )
}

/** Whether what one speaks is within the other's ranges. */
function understands(other: Versions, one: Versions): boolean {
  return other[0] <= one[2] && one[2] <= other[1] && other[3] <= one[5] && one[5] <= other[4]
}

/**
 * Whether everybody in two tables can speak with everybody alive.
 *
 * The ranges are those of the members alive; every member, alive or not, has to speak a
 * version inside them. One that sent no versions counts as speaking version 0.
 *
 * @see memberlist memberlist.go `verifyProtocol`.
 */
export function speakTheSame(
  remote: readonly NodeState[],
  local: readonly Pick<MemberRow, 'state' | 'versions'>[],
): boolean {
  const everybody = [...remote, ...local]
  let gossipMin = 0
  let gossipMax = 255
  let delegateMin = 0
  let delegateMax = 255
  for (const { state, versions = NONE } of everybody) {
    if (state !== 'alive') continue
    gossipMin = Math.max(gossipMin, versions[0])
    gossipMax = Math.min(gossipMax, versions[1])
    delegateMin = Math.max(delegateMin, versions[3])
    delegateMax = Math.min(delegateMax, versions[4])
  }
  const inCommon: Versions = [gossipMin, gossipMax, 0, delegateMin, delegateMax, 0]
  return everybody.every(({ versions = NONE }) => understands(inCommon, versions))
}
