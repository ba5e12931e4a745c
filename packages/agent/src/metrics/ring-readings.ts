import type { RouterStats } from 'libring/http'
import { byField, type Reading } from './reading.ts'
import type { MeteredCluster, RingWatch } from './ring-watch.ts'

/** The histogram of hand-offs: from an exchange of messages to a handler that moves much state. */
export const HANDOFF_SECONDS = {
  name: 'libring_handoff_duration_seconds',
  help: 'From when the plan names this member primary of a partition until it is, waiting for whoever had it.',
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
} as const

/** Of the ring: who is in it, what this member holds, and what went wrong. */
export const RING_READINGS: readonly Reading<RingWatch>[] = [
  {
    name: 'libring_ring_members',
    help: 'Members of the ring as this member sees it.',
    type: 'gauge',
    read: ({ cluster }) => cluster.members.length,
  },
  {
    name: 'libring_view_digest',
    help: 'A number of the members and options of the ring: agents that see the same show the same.',
    type: 'gauge',
    read: (watch) => watch.viewDigest,
  },
  {
    name: 'libring_partitions',
    help: 'Partitions into which the key space of the ring is cut.',
    type: 'gauge',
    read: ({ partitions }) => partitions,
  },
  {
    name: 'libring_partitions_held',
    help: 'Partitions that this member holds, by replica index; 0 is the primary.',
    type: 'gauge',
    labels: ['replica'],
    read: ({ heldByReplica }) =>
      Array.from(heldByReplica, ([replica, value]) => ({
        labels: { replica: `${replica}` },
        value,
      })),
  },
  {
    name: 'libring_partitions_unready',
    help: 'Partitions that this member holds and whose consumer has not acknowledged it.',
    type: 'gauge',
    read: ({ unready }) => unready,
  },
  {
    name: 'libring_handoffs_in_flight',
    help: 'Partitions that this member is to be primary of and waits for.',
    type: 'gauge',
    read: ({ awaited }) => awaited,
  },
  {
    name: 'libring_handoff_longest_wait_seconds',
    help: 'The longest of these waits so far.',
    type: 'gauge',
    read: ({ longestWaitMs }) => longestWaitMs / 1_000,
  },
  {
    name: 'libring_orphans',
    help: 'Partitions that this member is to hold, cannot take, and nobody is known to hold.',
    type: 'gauge',
    read: ({ orphans }) => orphans.open,
  },
  {
    name: 'libring_orphan_seconds_total',
    help: 'Time that partitions were orphans, from when it was told, summed over partitions.',
    type: 'counter',
    read: ({ orphans }) => orphans.totalMs / 1_000,
  },
  {
    name: 'libring_double_hold_seconds_total',
    help: 'Time from finding that another member holds a partition too until this one let it go, summed over partitions.',
    type: 'counter',
    read: ({ doubles }) => doubles.totalMs / 1_000,
  },
  {
    name: 'libring_config_mismatch_fields',
    help: 'Options in which members of the ring differ; 0 when all agree.',
    type: 'gauge',
    read: ({ mismatches }) => mismatches,
  },
  counter('libring_views_total', 'Times that the ring was formed anew.', ({ views }) => views),
  counter(
    'libring_orphans_total',
    'Partitions that have become orphans.',
    ({ orphans }) => orphans,
  ),
  counter(
    'libring_double_holders_total',
    'Times that another member was found to hold what this one held.',
    ({ doubleHolders }) => doubleHolders,
  ),
  counter(
    'libring_handlers_failed_total',
    'Steps that the consumer failed, each time it did.',
    ({ handlersFailed }) => handlersFailed,
  ),
  counter(
    'libring_handlers_overdue_total',
    'Partitions that counted as released before the consumer had acknowledged it.',
    ({ handlersOverdue }) => handlersOverdue,
  ),
  {
    name: 'libring_taken_unasked_total',
    help: 'Partitions taken though a member had not let them go, by reason: silence or deadlock.',
    type: 'counter',
    labels: ['reason'],
    read: ({ cluster: { stats } }) =>
      byField('reason', { silence: stats.takenFromSilence, deadlock: stats.takenFromDeadlock }),
  },
  counter(
    'libring_ring_stalls_total',
    'Times that this process stood still for so long that others may have taken what it held.',
    ({ stalls }) => stalls,
  ),
  {
    name: 'libring_ring_messages_total',
    help: 'Messages between members about partitions, by outcome.',
    type: 'counter',
    labels: ['outcome'],
    read: ({ cluster: { stats } }) =>
      byField('outcome', {
        sent: stats.messagesSent,
        failed: stats.messagesFailed,
        malformed: stats.messagesMalformed,
        stale: stats.messagesStale,
      }),
  },
  counter(
    'libring_tags_ignored_total',
    'Tags for weight and zone that were not what they should be.',
    ({ tagsIgnored }) => tagsIgnored,
  ),
]

/** Of a router, where the process has one. */
export const ROUTER_READINGS: readonly Reading<{ readonly stats: RouterStats }>[] = [
  {
    name: 'libring_forwards_total',
    help: 'Requests by what became of them, from outside or forwarded by another member.',
    type: 'counter',
    labels: ['outcome'],
    read: ({ stats }) =>
      byField('outcome', {
        served: stats.served,
        'served-forwarded': stats.servedForwarded,
        forwarded: stats.forwarded,
        refused: stats.refused,
        broken: stats.broken,
        'timed-out': stats.timedOut,
        unavailable: stats.unavailable,
        overloaded: stats.overloaded,
        invalid: stats.invalid,
        abandoned: stats.abandoned,
        failed: stats.failed,
      }),
  },
  {
    name: 'libring_forwards_in_flight',
    help: 'Requests under way.',
    type: 'gauge',
    read: ({ stats }) => stats.inFlight,
  },
]

function counter(
  name: string,
  help: string,
  of: (stats: MeteredCluster['stats']) => number,
): Reading<RingWatch> {
  return { name, help, type: 'counter', read: ({ cluster }) => of(cluster.stats) }
}
