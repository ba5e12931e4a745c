/** Plain counters since the router was made; they only grow. The last three are as of now. */
export interface RouterStats {
  /** Requests served here that came from outside. */
  served: number
  /** Requests served here that another member forwarded. */
  servedForwarded: number
  /** Requests that were sent to another member and answered by it. */
  forwarded: number
  /** Requests of other members that are not served here, answered 421. */
  refused: number
  /** Times that another member said that it does not serve what it was sent. */
  refusedElsewhere: number
  /** Times that a request had to wait for a partition to move. */
  waited: number
  /** Times that a member got nothing of a request. */
  unreachable: number
  /** Requests that broke off at another member, answered 502, or broken where an answer had begun. */
  broken: number
  /** Requests that another member did not answer in time, answered 504. */
  timedOut: number
  /** Requests whose partition nobody served, or whose owner nobody could reach, answered 503. */
  unavailable: number
  /** Requests beyond a bound of the local member, answered 503. */
  overloaded: number
  /** Requests that cannot be routed as they are, answered 400 or 431. */
  invalid: number
  /** Claims to be forwarded that were not believed. */
  forged: number
  /** Requests whose sender went away before the answer was whole. */
  abandoned: number
  /** Requests for which `keyOf`, `serve` or `serveUpgrade` threw. */
  failed: number
  /** Upgraded connections that were served here. */
  upgradesServed: number
  /** Upgraded connections that were passed on. */
  upgradesForwarded: number
  /** Requests under way. */
  inFlight: number
  /** Upgraded connections that are open. */
  upgrades: number
  /** Members that there are connections to. */
  pools: number
}

export function noRouterStats(): RouterStats {
  return {
    served: 0,
    servedForwarded: 0,
    forwarded: 0,
    refused: 0,
    refusedElsewhere: 0,
    waited: 0,
    unreachable: 0,
    broken: 0,
    timedOut: 0,
    unavailable: 0,
    overloaded: 0,
    invalid: 0,
    forged: 0,
    abandoned: 0,
    failed: 0,
    upgradesServed: 0,
    upgradesForwarded: 0,
    inFlight: 0,
    upgrades: 0,
    pools: 0,
  }
}
