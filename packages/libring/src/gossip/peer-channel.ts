import type { Member } from '../base/member.ts'
import type { Millis } from '../base/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Stream, StreamHandler, Transport } from '../ports/transport.ts'
import type { Security } from '../wire/security.ts'
import { PeerCalls } from './peer-calls.ts'
import { PeerMessages } from './peer-messages.ts'
import { PeerServer } from './peer-server.ts'
import { newPeerStats, type PeerStats } from './peer-stats.ts'
import { Peers } from './peers.ts'
import { routeTo } from './routes.ts'

/** Both ends of the peer channel, and what goes over it. */
export class PeerChannel {
  /** For the application. */
  readonly peers: Peers
  /** For libring's own machines. */
  readonly messages: PeerMessages
  readonly #stats = newPeerStats()
  readonly #calls: PeerCalls
  readonly #server: PeerServer

  constructor(setup: {
    readonly clock: Clock
    readonly transport: Transport
    readonly security: Security
    readonly logger: Logger
    readonly localName: string
    readonly timeoutMs: Millis
    readonly member: (name: string) => Member | undefined
  }) {
    const shared = { ...setup, stats: this.#stats }
    this.#server = new PeerServer(shared)
    this.#calls = new PeerCalls({ ...shared, routeTo: (name) => routeTo(setup.member(name)) })
    this.peers = new Peers(this.#calls, this.#server, setup.logger)
    this.messages = new PeerMessages(this.#calls, this.#server)
  }

  get stats(): PeerStats {
    return { ...this.#stats, faults: { ...this.#stats.faults } }
  }

  accept(stream: Stream): StreamHandler {
    return this.#server.accept(stream)
  }

  /** Begin nothing new; what is under way may end. */
  closeAll(): void {
    this.#calls.closeAll()
    this.#server.closeAll()
  }

  /** Nothing goes on. */
  dropAll(): void {
    this.#calls.closeAll()
    this.#server.dropAll()
  }
}
