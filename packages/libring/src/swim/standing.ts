/** What we believe of a member. `left` is a death the member announced itself. */
export type MemberState = 'alive' | 'suspect' | 'dead' | 'left'

/** A member's state together with the incarnation it was claimed at. */
export interface Standing {
  readonly state: MemberState
  /** Grows only when the member itself refutes a claim. Unsigned 32 bits. */
  readonly incarnation: number
}

/**
 * Whether a claim heard from the network replaces what is known.
 *
 * A higher incarnation always speaks for the member itself; at equal incarnation bad
 * news beats good news, so that only the accused can clear its name.
 *
 * @see SWIM (Das, Gupta, Motivala 2002) section 4.2; memberlist state.go
 *   `aliveNode`, `suspectNode`, `deadNode`.
 */
export function supersedes(claim: Standing, known: Standing): boolean {
  switch (claim.state) {
    case 'alive':
      return claim.incarnation > known.incarnation
    case 'suspect':
      return claim.incarnation >= known.incarnation && known.state === 'alive'
    case 'dead':
    case 'left':
      return claim.incarnation >= known.incarnation && isPresent(known.state)
  }
}

/** Whether a member in this state still counts: it is probed, gossiped to and given partitions. */
export function isPresent(state: MemberState): boolean {
  return state === 'alive' || state === 'suspect'
}
