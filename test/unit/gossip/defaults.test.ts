import { expect, test } from 'vitest'
import { resolveSerfOptions } from '../../../packages/libring/src/serf/options.ts'
import { PROFILES, type Profile } from '../../../packages/libring/src/swim/options.ts'
import { serfVectors } from '../../support/vectors.ts'

const profiles = serfVectors<Record<Profile, Record<string, unknown>>>('defaults-memberlist.json')
const { serfDefaults } = serfVectors<{ serfDefaults: Record<string, number> }>('query-timeout.json')

test.each(Object.entries(profiles))('the profile %s is memberlist’s', (profile, theirs) => {
  const ours = PROFILES[profile as Profile]
  expect(theirs).toMatchObject({
    AwarenessMaxMultiplier: ours.awarenessMaxMult,
    EnableCompression: ours.compression,
    GossipIntervalMs: ours.gossipIntervalMs,
    GossipNodes: ours.gossipNodes,
    GossipToTheDeadTimeMs: ours.gossipToTheDeadMs,
    IndirectChecks: ours.indirectChecks,
    ProbeIntervalMs: ours.probeIntervalMs,
    ProbeTimeoutMs: ours.probeTimeoutMs,
    PushPullIntervalMs: ours.pushPullIntervalMs,
    RetransmitMult: ours.retransmitMult,
    SuspicionMaxTimeoutMult: ours.suspicionMaxTimeoutMult,
    SuspicionMult: ours.suspicionMult,
    TCPTimeoutMs: ours.streamTimeoutMs,
    UDPBufferSize: ours.packetBytesMax,
  })
})

test('what Serf adds has Serf’s defaults', () => {
  const ours = resolveSerfOptions()
  expect(serfDefaults).toMatchObject({
    BroadcastTimeoutMs: PROFILES.lan.broadcastTimeoutMs,
    LeavePropagateDelayMs: ours.leavePropagateDelayMs,
    MaxQueueDepth: ours.queueDepthMax,
    QueryResponseSizeLimit: ours.queryResponseBytesMax,
    QuerySizeLimit: ours.queryBytesMax,
    QueryTimeoutMult: ours.queryTimeoutMult,
    QueueCheckIntervalMs: ours.queueCheckIntervalMs,
    ReapIntervalMs: ours.reapIntervalMs,
    RecentIntentTimeoutMs: ours.recentIntentTimeoutMs,
    ReconnectIntervalMs: ours.reconnectIntervalMs,
    ReconnectTimeoutMs: ours.reconnectTimeoutMs,
    TombstoneTimeoutMs: ours.tombstoneTimeoutMs,
    UserEventSizeLimit: ours.userEventBytesMax,
  })
})
