import type { GossipNode, MemberStatus } from 'libring/serf'
import { byField, type Reading, type Sample } from './reading.ts'

/** What is read of a gossip node; any that shows this will do. */
export type MeteredNode = Pick<GossipNode, 'localName' | 'members' | 'stats' | 'gauges' | 'rtt'>

/** In this order; of each there is a value, be it 0, so that alerts have something to compare. */
const STATUSES: readonly MemberStatus[] = ['alive', 'leaving', 'left', 'failed']

/** Which parts of the others are at most so far away. */
const STATS = [
  ['median', 0.5],
  ['p99', 0.99],
  ['max', 1],
] as const

/** Of Serf's part of a node: who is there, how healthy gossip is, and what it sends. */
export const GOSSIP_READINGS: readonly Reading<MeteredNode>[] = [
  {
    name: 'libring_members',
    help: 'Members that this node knows, itself included, by status.',
    type: 'gauge',
    labels: ['status'],
    read: (node) => {
      const members = node.members()
      return STATUSES.map((status) => ({
        labels: { status },
        value: members.filter((member) => member.status === status).length,
      }))
    },
  },
  {
    name: 'libring_health_score',
    help: "Lifeguard's health score of this node: 0 is healthy, higher is slower to accuse others.",
    type: 'gauge',
    read: ({ gauges }) => gauges.awareness,
  },
  {
    name: 'libring_encrypted',
    help: '1 if gossip is encrypted, 0 if it is in clear.',
    type: 'gauge',
    read: ({ gauges }) => Number(gauges.isEncrypted),
  },
  {
    name: 'libring_queue_depth',
    help: 'Messages that wait to be spread, by kind: intents (about members), events, queries.',
    type: 'gauge',
    labels: ['queue'],
    read: ({ gauges: { intentsQueued, eventsQueued, queriesQueued } }) =>
      byField('queue', { intents: intentsQueued, events: eventsQueued, queries: queriesQueued }),
  },
  {
    name: 'libring_rtt_seconds',
    help: 'Round trip to the other alive members as network coordinates estimate it: the median of them, p99 and the largest.',
    type: 'gauge',
    labels: ['stat'],
    read: (node) => {
      const times = roundTripsMs(node).sort((left, right) => left - right)
      return STATS.flatMap(([stat, part]) => {
        const ms = times[Math.ceil(part * times.length) - 1]
        return ms === undefined ? [] : [{ labels: { stat }, value: ms / 1_000 }]
      })
    },
  },
  counter('libring_probes_total', 'Rounds of failure detection begun.', ({ probes }) => probes),
  counter(
    'libring_probes_failed_total',
    'Rounds of failure detection that ended without an answer: each makes a suspicion.',
    ({ probesFailed }) => probesFailed,
  ),
  counter(
    'libring_probes_saved_by_stream_total',
    'Rounds in which packets got no answer and a stream did: datagrams are lost on the way.',
    ({ probesSavedByStream }) => probesSavedByStream,
  ),
  {
    name: 'libring_suspicions_total',
    help: 'Suspicions of other members, by whoever raised them: started, and of these refuted and confirmed.',
    type: 'counter',
    labels: ['outcome'],
    read: ({ stats: { swim } }) =>
      byField('outcome', {
        started: swim.suspicions,
        refuted: swim.suspicionsRefuted,
        confirmed: swim.suspicionsConfirmed,
      }),
  },
  counter(
    'libring_refutations_total',
    'Times that this node was accused of being dead, and answered.',
    ({ refutations }) => refutations,
  ),
  counter(
    'libring_stalls_total',
    'Times that this process did not run for longer than the answer to a probe may take.',
    ({ stalls }) => stalls,
  ),
  counter(
    'libring_name_conflicts_total',
    'Claims of another address on a name that is taken.',
    ({ conflicts }) => conflicts,
  ),
  counter(
    'libring_claims_refused_total',
    'Claims about members that cannot be true, or for which the table has no room.',
    ({ claimsRefused }) => claimsRefused,
  ),
  {
    name: 'libring_packets_total',
    help: 'Gossip datagrams, by direction.',
    type: 'counter',
    labels: ['direction'],
    read: ({ stats: { swim } }) =>
      byField('direction', { received: swim.packetsReceived, sent: swim.packetsSent }),
  },
  {
    name: 'libring_packet_bytes_total',
    help: 'Bytes of gossip datagrams, by direction.',
    type: 'counter',
    labels: ['direction'],
    read: ({ stats: { swim } }) =>
      byField('direction', { received: swim.bytesReceived, sent: swim.bytesSent }),
  },
  {
    name: 'libring_packet_messages_total',
    help: 'Messages in these datagrams, by direction and type; user are those of Serf and of its users.',
    type: 'counter',
    labels: ['direction', 'type'],
    read: ({ stats: { swim } }) => byType(swim, 'messages'),
  },
  {
    name: 'libring_packet_message_bytes_total',
    help: 'Bytes of these messages, by direction and type, before they are put together, compressed and encrypted.',
    type: 'counter',
    labels: ['direction', 'type'],
    read: ({ stats: { swim } }) => byType(swim, 'bytes'),
  },
  {
    name: 'libring_full_exchanges_total',
    help: 'Exchanges of the whole member table over a stream, by direction; refused are those whose protocol versions differ.',
    type: 'counter',
    labels: ['direction'],
    read: ({ stats: { swim } }) =>
      byField('direction', {
        received: swim.pushPullsReceived,
        sent: swim.pushPullsSent,
        refused: swim.pushPullsRefused,
      }),
  },
  {
    name: 'libring_messages_received_total',
    help: 'Messages of Serf that came, new or not, by type.',
    type: 'counter',
    labels: ['type'],
    read: ({ stats }) => byField('type', stats.received),
  },
  {
    name: 'libring_messages_dropped_total',
    help: 'Messages of members that were dropped, by reason; key, sealed and unsealed are of encryption that differs.',
    type: 'counter',
    labels: ['reason'],
    read: ({ stats: { faults, swim } }) => byField('reason', summed(faults, swim.faults)),
  },
  {
    name: 'libring_broadcasts_dropped_total',
    help: 'Messages that were not passed on since a queue was full.',
    type: 'counter',
    read: ({ stats }) => stats.broadcastsDropped,
  },
  {
    name: 'libring_reconnects_total',
    help: 'Attempts to reach a failed member again.',
    type: 'counter',
    read: ({ stats }) => stats.reconnects,
  },
  {
    name: 'libring_streams_refused_total',
    help: 'Streams of others dropped: too many were open, or their time was over.',
    type: 'counter',
    read: ({ stats }) => stats.streamsRefused + stats.streamsTimedOut,
  },
  {
    name: 'libring_peer_requests_total',
    help: 'Requests between members over the peer channel, by outcome: answered and failed are ours, served, refused and timed-out are of both ways.',
    type: 'counter',
    labels: ['outcome'],
    read: ({ stats: { peers } }) =>
      byField('outcome', {
        answered: peers.answered,
        failed: peers.failed,
        served: peers.served,
        refused: peers.refused,
        'timed-out': peers.timedOut,
      }),
  },
]

function counter(
  name: string,
  help: string,
  of: (swim: MeteredNode['stats']['swim']) => number,
): Reading<MeteredNode> {
  return { name, help, type: 'counter', read: ({ stats }) => of(stats.swim) }
}

function byType(
  { messagesReceived, messagesSent }: MeteredNode['stats']['swim'],
  what: 'messages' | 'bytes',
): Sample[] {
  const directions = { received: messagesReceived, sent: messagesSent }
  return Object.entries(directions).flatMap(([direction, tally]) => {
    return byField('type', tally[what]).map(({ labels, value }) => {
      return { labels: { direction, ...labels }, value }
    })
  })
}

function roundTripsMs(node: MeteredNode): number[] {
  return node.members().flatMap(({ name, status }) => {
    if (status !== 'alive' || name === node.localName) return []
    return node.rtt(name) ?? []
  })
}

function summed(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(left).map(([field, value]) => [field, value + (right[field] ?? 0)]),
  )
}
