import type { ClusterOptions } from 'libring'
import type { AgentConfig } from '../config/schema.ts'
import { bindAddressOf } from './bind-address.ts'

/**
 * What a packet has room for where there is a key. Stock agents let a higher limit stand, and then
 * take messages that never fit into one of their packets either.
 */
const MESSAGE_BYTES_MAX = 1_366

/** Name and value of the tag that an agent bears while a consumer is attached. */
export function watchTagOf({ ring }: AgentConfig): readonly [name: string, value: string] {
  const at = ring.watch_tag.indexOf('=')
  return [ring.watch_tag.slice(0, at), ring.watch_tag.slice(at + 1)]
}

/**
 * What the library is given. What is not set has the library's default.
 *
 * @throws {ConfigError} where interface and address do not go together.
 */
export function clusterOptionsOf(config: AgentConfig): ClusterOptions {
  const { ring } = config
  const [tag, value] = watchTagOf(config)
  return defined({
    name: ring.name,
    watchTags: { [tag]: new RegExp(`^${escaped(value)}$`) },
    partitions: ring.partitions,
    redundancy: ring.redundancy,
    assignment: ring.assignment,
    minMembers: ring.min_members,
    concurrentHandoffs: ring.concurrent_handoffs,
    graceMs: ring.grace_ms,
    settleMs: ring.settle_ms,
    releaseTimeoutMs: ring.release_timeout_ms,
    handoffTimeoutMs: ring.handoff_timeout_ms,
    hostName: config.node_name,
    bootstrapHosts: config.retry_join,
    serf: defined({
      bind: bindAddressOf(config),
      advertise: config.advertise,
      profile: config.profile,
      bootstrapRetryMs: config.retry_interval,
      bootstrapReplay: config.replay_on_join,
      tags: config.tags,
      keyring: config.encrypt_key === undefined ? undefined : [config.encrypt_key],
      keyringFile: config.keyring_file,
      snapshotPath: config.snapshot_path,
      rejoinAfterLeave: config.rejoin_after_leave,
      compression: config.enable_compression,
      coordinates: !config.disable_coordinates,
      nameConflictResolution: !config.disable_name_resolution,
      broadcastTimeoutMs: config.broadcast_timeout,
      reconnectIntervalMs: config.reconnect_interval,
      reconnectTimeoutMs: config.reconnect_timeout,
      tombstoneTimeoutMs: config.tombstone_timeout,
      userEventBytesMax: withinPackets(config.user_event_size_limit),
      queryBytesMax: withinPackets(config.query_size_limit),
      queryResponseBytesMax: config.query_response_size_limit,
    }),
  })
}

function withinPackets(limit: number | undefined): number | undefined {
  return limit === undefined ? undefined : Math.min(limit, MESSAGE_BYTES_MAX)
}

/** Without the options that are not set. */
export function defined<T extends object>(options: { [K in keyof T]: T[K] | undefined }): T {
  const set = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as T
}

/** As a pattern that means just this text. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
