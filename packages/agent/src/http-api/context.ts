import type { Cluster } from 'libring'
import type { RingOptions } from 'libring/ring'
import type { ConsumerSessions } from '../consumers/sessions.ts'
import type { EventLog } from './event-log.ts'
import type { HttpLimits } from './limits.ts'

/** Where Prometheus reads from. */
export interface MetricsSource {
  readonly contentType: string
  metrics(): Promise<string>
}

/** What routes work on. */
export interface ApiContext {
  readonly cluster: Cluster
  /** As the cluster was given it. */
  readonly ring: RingOptions
  readonly sessions: ConsumerSessions
  readonly events: EventLog
  readonly limits: HttpLimits
  readonly token: string
  readonly metrics: MetricsSource | undefined
  readonly setTags: (tags: Readonly<Record<string, string>>) => Promise<void>
  readonly drain: () => Promise<void>
  readonly streams: StreamCount
  /** Hears of what is the agent's own fault. */
  readonly onFailure: (error: unknown) => void
}

/** Event streams that are open. */
export interface StreamCount {
  open: number
}
