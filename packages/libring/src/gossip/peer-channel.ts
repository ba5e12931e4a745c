import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Transport } from '../ports/transport.ts'
import type { Millis } from '../base/time.ts'
import type { Security } from '../wire/security.ts'
import { PeerCalls, type Route } from './peer-calls.ts'
import { PeerMessages } from './peer-messages.ts'
import { PeerServer } from './peer-server.ts'
import { newPeerStats, type PeerStats } from './peer-stats.ts'
import { Peers } from './peers.ts'

/** Both ends of what members of libring say to each other besides gossip, on one node. */
export class PeerChannel {
  /** Requests to and from other members, for the application. */
  readonly peers: Peers
  /** What libring's own machines say to each other. */
  readonly messages: PeerMessages
  readonly accept: PeerServer['accept']
  readonly #stats = newPeerStats()
  readonly #calls: PeerCalls
  readonly #server: PeerServer

  constructor(setup: {
    readonly clock: Clock
    readonly transport: Transport
    readonly security: Security
    readonly localName: string
    readonly timeoutMs: Millis
    readonly routeTo: (member: string) => Route
    readonly logger: Logger
  }) {
    const { clock, transport, security, localName, timeoutMs, routeTo, logger } = setup
    const both = { clock, security, localName, stats: this.#stats }
    this.#server = new PeerServer({ ...both, timeoutMs })
    this.#calls = new PeerCalls({ ...both, transport, routeTo })
    this.peers = new Peers(this.#calls, this.#server, logger)
    this.messages = new PeerMessages(this.#calls, this.#server)
    this.accept = this.#server.accept.bind(this.#server)
  }

  /** Counters as they are now. */
  get stats(): PeerStats {
    return { ...this.#stats, faults: { ...this.#stats.faults } }
  }

  /** Take no more requests and make no more; those under way are told. */
  close(): void {
    this.#calls.closeAll()
    this.#server.closeAll()
  }

  /** Drop everything. */
  drop(): void {
    this.#calls.closeAll()
    this.#server.dropAll()
  }
}
