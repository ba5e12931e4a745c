import type { NodeState, Versions } from '../wire/messages.ts'
import type { MemberRow } from './members.ts'

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
  const [min, max, , delegateMin, delegateMax] = other
  const [, , current, , , delegateCurrent] = one
  const isKnown = min <= current && current <= max
  return isKnown && delegateMin <= delegateCurrent && delegateCurrent <= delegateMax
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
  for (const { state, versions } of everybody) {
    if (state !== 'alive') continue
    const [min, max, , delegatedMin, delegatedMax] = versions ?? NONE
    gossipMin = Math.max(gossipMin, min)
    gossipMax = Math.min(gossipMax, max)
    delegateMin = Math.max(delegateMin, delegatedMin)
    delegateMax = Math.min(delegateMax, delegatedMax)
  }
  return everybody.every(({ versions }) => {
    const [, , current, , , delegateCurrent] = versions ?? NONE
    return (
      current >= gossipMin &&
      current <= gossipMax &&
      delegateCurrent >= delegateMin &&
      delegateCurrent <= delegateMax
    )
  })
}
