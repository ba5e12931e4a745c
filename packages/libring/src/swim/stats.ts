import { newMessageTally, type MessageTally } from '../wire/message-tally.ts'
import { WIRE_FAULTS, type WireFault } from '../wire/messages.ts'

/** Plain counters since the start. They only grow. */
export interface SwimStats {
  packetsReceived: number
  packetsSent: number
  bytesReceived: number
  bytesSent: number
  /** What was in those packets. */
  readonly messagesReceived: MessageTally
  readonly messagesSent: MessageTally
  /** Messages from peers that were dropped, by reason. */
  readonly faults: Record<WireFault, number>
  /** Rounds of failure detection begun. */
  probes: number
  /** Rounds that ended without an answer. */
  probesFailed: number
  /** Rounds saved by the answer over a stream: packets get lost, streams do not. */
  probesSavedByStream: number
  /** Members that came under suspicion, by whosever word. */
  suspicions: number
  /** Suspects that turned out to be well. */
  suspicionsRefuted: number
  /** Suspects that were declared dead. One that left meanwhile counts as neither. */
  suspicionsConfirmed: number
  /** Times that the node itself did not run for longer than an answer may take. */
  stalls: number
  /** Times we were accused of being dead and answered. */
  refutations: number
  /** Claims dropped because they cannot be true or the table is full. */
  claimsRefused: number
  /** Claims of another address on a name that is taken. */
  conflicts: number
  pushPullsSent: number
  pushPullsReceived: number
  /** Push/pulls not merged since members speak different protocol versions. */
  pushPullsRefused: number
  /** Indirect pings asked of us and dropped since too many were under way. */
  relaysRefused: number
}

export function newSwimStats(): SwimStats {
  return {
    packetsReceived: 0,
    packetsSent: 0,
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: newMessageTally(),
    messagesSent: newMessageTally(),
    faults: Object.fromEntries(WIRE_FAULTS.map((fault) => [fault, 0])) as Record<WireFault, number>,
    probes: 0,
    probesFailed: 0,
    probesSavedByStream: 0,
    suspicions: 0,
    suspicionsRefuted: 0,
    suspicionsConfirmed: 0,
    stalls: 0,
    refutations: 0,
    claimsRefused: 0,
    conflicts: 0,
    pushPullsSent: 0,
    pushPullsReceived: 0,
    pushPullsRefused: 0,
    relaysRefused: 0,
  }
}
