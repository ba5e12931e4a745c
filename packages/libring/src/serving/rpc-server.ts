import type { Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import { MEMBER_EVENT_TYPES, type MemberEvent } from '../base/member.ts'
import { Driver } from '../gossip/driver.ts'
import type { QueryAnswer } from '../gossip/asked-query.ts'
import type { ReceivedQuery } from '../gossip/queries.ts'
import type { Clock } from '../ports/clock.ts'
import type { Listener, Visitor, VisitorHandler } from '../ports/listener.ts'
import type { Logger } from '../ports/logger.ts'
import type { QueryRecord } from '../rpc/commands.ts'
import {
  ServerSession,
  type ServerEffect,
  type ServerEvent,
  type ServerInput,
} from '../rpc/server-session.ts'
import { Commands, DONE, type Command } from './commands.ts'
import type { LogTail } from './log-tail.ts'
import { memberBody } from './member-body.ts'
import type { ServedNode } from './served-node.ts'
import type { EventHandlers, HostFacts } from './stats-body.ts'

/** How long a client may take from connecting until it is let in. */
const GREETING_MS = 30_000

/** Plain counters since the start, and how many clients there are. */
export interface RpcServerStats {
  /** Clients that are connected. */
  clients: number
  /** Clients that ever were. */
  clientsTotal: number
  /** Commands that were carried out or refused. */
  commands: number
  /** Records that were dropped, since their readers were too slow. */
  recordsDropped: number
}

export interface RpcServerSetup {
  readonly node: ServedNode
  readonly host: HostFacts
  readonly eventHandlers: () => EventHandlers
  readonly authKey: string
  readonly listener: Listener
  readonly clock: Clock
  readonly logger: Logger
  /** What monitors are shown; nothing where there is none. */
  readonly logTail: LogTail | undefined
  /** The node has left, as a client asked for, who has been answered. */
  readonly onLeft: () => void
}

/** Takes the commands that agents take, for a node. */
export class RpcServer implements AsyncDisposable {
  readonly #setup: RpcServerSetup
  readonly #commands: Commands
  readonly #clients = new Set<Client>()
  readonly #subscriptions: (() => void)[] = []
  readonly #stats: RpcServerStats = { clients: 0, clientsTotal: 0, commands: 0, recordsDropped: 0 }
  #address: Address | undefined

  constructor(setup: RpcServerSetup) {
    this.#setup = setup
    this.#commands = new Commands(setup.node, setup.host, setup.eventHandlers)
  }

  /** Where it listens, with the real port; `undefined` until it does. */
  get address(): Address | undefined {
    return this.#address
  }

  get stats(): Readonly<RpcServerStats> {
    return { ...this.#stats, clients: this.#clients.size }
  }

  /** @throws {BindError} when the address cannot be bound. */
  async open(): Promise<void> {
    this.#address = await this.#setup.listener.open((visitor) => this.#welcome(visitor))
    const { node, logTail } = this.#setup
    for (const type of MEMBER_EVENT_TYPES) {
      this.#subscriptions.push(node.on(type, (event) => this.#tell(memberEvent(event))))
    }
    this.#subscriptions.push(
      node.on('user-event', ({ ltime, name, payload, coalesce }) => {
        const event = { Event: 'user', LTime: ltime, Name: name, Payload: payload } as const
        this.#tell({ ...event, Coalesce: coalesce })
      }),
      node.on('query', (query) => {
        const { ltime, name, payload, timeoutMs: lastsMs } = query
        const event = { Event: 'query', LTime: ltime, Name: name, Payload: payload } as const
        this.#tell({ ...event, query, lastsMs })
      }),
    )
    const stop = logTail?.watch((line) => {
      for (const client of this.#clients) client.feed({ type: 'log', line })
    })
    if (stop !== undefined) this.#subscriptions.push(stop)
  }

  /** Take no more commands; clients are hung up on. */
  async close(): Promise<void> {
    for (const stop of this.#subscriptions.splice(0)) stop()
    for (const client of this.#clients) client.drop()
    this.#clients.clear()
    await this.#setup.listener.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #welcome(visitor: Visitor): VisitorHandler {
    const { authKey, clock, logTail } = this.#setup
    const client = new Client(visitor, authKey, clock, {
      carryOut: (command, client, seq) => {
        this.#carryOut(command, client, seq).catch((error: unknown) => {
          this.#setup.logger.error('command not carried out', { error })
        })
      },
      lines: () => logTail?.lines ?? [],
      onGone: (gone, dropped) => {
        this.#clients.delete(gone)
        this.#stats.recordsDropped += dropped
      },
    })
    this.#clients.add(client)
    this.#stats.clientsTotal++
    return client
  }

  async #carryOut(command: Command, client: Client, seq: bigint): Promise<void> {
    this.#stats.commands++
    const outcome = await this.#commands.carryOut(command)
    client.feed(outcome)
    if (command.command === 'leave' && outcome === DONE) this.#setup.onLeft()
    if (outcome.type === 'answer' && outcome.answers !== undefined) {
      await tellAnswers(outcome.answers, (record) => client.feed({ type: 'record', seq, record }))
    }
  }

  #tell(event: ServerEvent<ReceivedQuery>): void {
    for (const client of this.#clients) client.feed({ type: 'event', event })
  }
}

interface ClientSetup {
  readonly carryOut: (command: Command, client: Client, seq: bigint) => void
  readonly lines: () => readonly string[]
  readonly onGone: (client: Client, recordsDropped: number) => void
}

/** One connection: bytes in and out, and the session that knows what they say. */
class Client implements VisitorHandler {
  readonly #visitor: Visitor
  readonly #session: ServerSession<ReceivedQuery>
  readonly #driver: Driver<ServerInput<ReceivedQuery>, ServerEffect<ReceivedQuery>>
  readonly #setup: ClientSetup

  constructor(visitor: Visitor, authKey: string, clock: Clock, setup: ClientSetup) {
    this.#visitor = visitor
    this.#setup = setup
    this.#session = new ServerSession({ authKey, greetingMs: GREETING_MS })
    this.#driver = new Driver(this.#session, clock, (effect) => this.#perform(effect))
    this.#driver.feed({ type: 'connected' })
  }

  onBytes(bytes: Uint8Array): void {
    this.feed({ type: 'bytes', bytes })
  }

  onDrained(): void {
    this.feed({ type: 'drained' })
  }

  onGone(): void {
    this.#driver.feed({ type: 'disconnected' })
    this.#driver[Symbol.dispose]()
    this.#setup.onGone(this, this.#session.recordsDropped)
  }

  feed(input: ServerInput<ReceivedQuery>): void {
    this.#driver.feed(input)
    if (this.#session.wantsBytes) this.#visitor.resume()
    else this.#visitor.pause()
  }

  drop(): void {
    this.#visitor.destroy()
  }

  #perform(effect: ServerEffect<ReceivedQuery>): void {
    switch (effect.type) {
      case 'send':
        if (!this.#visitor.write(effect.bytes)) this.#driver.feed({ type: 'congested' })
        break
      case 'request': {
        const { request, seq } = effect
        if (request.command !== 'monitor') return this.#setup.carryOut(request, this, seq)
        for (const line of this.#setup.lines()) this.#driver.feed({ type: 'log', line })
        this.#driver.feed({ type: 'answer', error: '' })
        break
      }
      case 'close':
        this.#visitor.end()
        break
    }
  }
}

function memberEvent({ type, members }: MemberEvent): ServerEvent<ReceivedQuery> {
  return { Event: type, Members: members.map(memberBody) }
}

/** Every answer as it comes, and at the end that there are no more. */
async function tellAnswers(
  answers: AsyncIterable<QueryAnswer>,
  onRecord: (record: QueryRecord) => void,
): Promise<void> {
  try {
    for await (const { type, from, payload } of answers) {
      onRecord({ Type: type, From: from, Payload: payload })
    }
  } catch {
    // The node was stopped: nobody answers any more.
  }
  onRecord({ Type: 'done', From: '', Payload: NO_BYTES })
}
