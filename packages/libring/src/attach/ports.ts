import type { Random } from '../base/random.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Resolver } from '../ports/resolver.ts'
import type { Dialer } from '../ports/transport.ts'

/** What a connection to an agent needs of the world around it. */
export interface RpcPorts {
  readonly clock: Clock
  readonly dialer: Dialer
  readonly resolver: Resolver
}

/** What an attachment needs of the world around it. */
export interface AttachPorts extends RpcPorts {
  /** Spreads over time what is tried again. */
  readonly random: Random
  readonly logger: Logger
}
