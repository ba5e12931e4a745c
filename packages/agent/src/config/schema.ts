/** What the ring of the agents is. All have to be set to the same but for timing. */
export interface RingConfig {
  readonly name?: string | undefined
  readonly watch_tag: string
  readonly partitions?: number | undefined
  readonly redundancy?: number | undefined
  readonly assignment?: 'balanced' | 'rendezvous' | 'go-consistent' | 'go-uniform' | undefined
  readonly min_members?: number | undefined
  readonly concurrent_handoffs?: number | undefined
  readonly grace_ms?: number | undefined
  readonly settle_ms?: number | undefined
  readonly release_timeout_ms?: number | undefined
  readonly handoff_timeout_ms?: number | undefined
}

/** What clients of the HTTP API may do, by name or within limits. */
export interface HttpConfig {
  readonly allowed_hosts: readonly string[]
  readonly body_bytes_max?: number | undefined
  readonly header_bytes_max?: number | undefined
  readonly connections_max?: number | undefined
  readonly streams_max?: number | undefined
  readonly stream_buffer_bytes_max?: number | undefined
  readonly requests_per_second?: number | undefined
  readonly headers_timeout_ms?: number | undefined
  readonly request_timeout_ms?: number | undefined
  readonly events_kept?: number | undefined
}

/** What an agent is set to, by the keys of its files, with every default filled in. Durations are in milliseconds. */
export interface AgentConfig {
  readonly node_name?: string | undefined
  readonly bind?: string | undefined
  readonly advertise?: string | undefined
  readonly interface?: string | undefined
  readonly profile: 'lan' | 'wan' | 'local'
  readonly start_join: readonly string[]
  readonly retry_join: readonly string[]
  readonly discover?: string | undefined
  readonly replay_on_join: boolean
  /** `undefined` stands for a wait that doubles. */
  readonly retry_interval?: number | undefined
  /** 0 for no limit. */
  readonly retry_max_attempts: number
  /** The tag of that name among them, where `role` is set. */
  readonly tags: Readonly<Record<string, string>>
  readonly tags_file?: string | undefined
  readonly role?: string | undefined
  readonly encrypt_key?: string | undefined
  readonly keyring_file?: string | undefined
  readonly snapshot_path?: string | undefined
  readonly rejoin_after_leave: boolean
  readonly enable_compression: boolean
  readonly disable_coordinates: boolean
  readonly disable_name_resolution: boolean
  readonly broadcast_timeout?: number | undefined
  readonly reconnect_interval?: number | undefined
  readonly reconnect_timeout?: number | undefined
  readonly tombstone_timeout?: number | undefined
  /** In bytes, as the next two. */
  readonly user_event_size_limit?: number | undefined
  readonly query_size_limit?: number | undefined
  readonly query_response_size_limit?: number | undefined
  readonly rpc_addr: string
  readonly rpc_auth?: string | undefined
  readonly http_addr: string
  readonly http_token_file?: string | undefined
  readonly http: HttpConfig
  readonly consumer_timeout_ms: number
  readonly log_level: 'debug' | 'info' | 'warn' | 'error'
  readonly log_format: 'text' | 'json'
  readonly event_handlers: readonly string[]
  readonly leave_on_terminate: boolean
  readonly skip_leave_on_interrupt: boolean
  readonly ring: RingConfig
}

/** What a file or the flags say: keys of {@link AgentConfig}, unchecked. */
export type RawConfig = Readonly<Record<string, unknown>>
