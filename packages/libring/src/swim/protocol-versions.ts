import type { NodeState, Versions } from '../wire/messages.ts'
import type { MemberRow } from './members.ts'

const NONE: Versions = [0, 0, 0, 0, 0, 0]

/** Whether a member may claim these: a range that is a range, and not from nought. */
export function isSaneVersions(versions: Versions): boolean {
  const [min, max] = versions
  return min > 0 && max > 0 && min <= max
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
