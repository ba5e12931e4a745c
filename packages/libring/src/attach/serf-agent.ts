import { isLibringError, LibringError, RpcError, type ErrorCode } from '../base/errors.ts'
import { MEMBER_EVENT_TYPES, type Member, type MemberEvent } from '../base/member.ts'
import { fraction } from '../base/random.ts'
import { requireFunction } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { Deferred } from '../gossip/deferred.ts'
import type { Timer } from '../ports/clock.ts'
import type { MemberListener, Membership } from '../ports/membership.ts'
import { requireTags, type Tags } from '../serf/tags.ts'
import { AgentTable } from './agent-table.ts'
import type { ResolvedSerfAgentOptions } from './options.ts'
import type { AttachPorts } from './ports.ts'
import { RpcConnection } from './rpc-connection.ts'
import { memberEventFrom } from './rpc-events.ts'
import { membersFrom } from './rpc-members.ts'

/** `away`: the agent was there and is sought again; members are as it told them last. */
export type SerfAgentStatus = 'idle' | 'starting' | 'attached' | 'away' | 'stopped'

/** Plain counters since the start; they only grow. */
export interface SerfAgentStats {
  /** Connections on which the agent told its members. */
  readonly attachments: number
  /** Tries that came to nothing. */
  readonly failures: number
  /** Records of member events. */
  readonly events: number
  /** Whole lists of members. */
  readonly lists: number
  /** Times that a member of a list could not be read. */
  readonly membersUnreadable: number
}

/** The first wait after a failure, doubled after each more, up to the maximum. */
const RETRY_MS = 250
const RETRY_MS_MAX = 15_000

/** How soon a list follows another one where members are missing, and after an event. */
const WHILE_MISSING_MS = 1_000
const AFTER_EVENT_MS = 250
/** After an event so many times what a list takes: those of a large cluster leave room for others. */
const LIST_SHARE = 5
const AFTER_EVENT_MS_MAX = 5_000

/** Another try may go otherwise: the agent may be about to start, or overloaded. */
const PASSING: readonly ErrorCode[] = [
  'LIBRING_RPC_UNREACHABLE',
  'LIBRING_RPC_BROKEN',
  'LIBRING_RPC_TIMEOUT',
]

const MEMBER_EVENTS = MEMBER_EVENT_TYPES.join()

/**
 * Who is there, as a Serf agent tells that runs beside the program and outlives it. The local
 * member is the agent; a cluster over it only watches.
 *
 * Attaches anew, for ever, whenever the agent is gone: after 250 ms, then twice as long each time
 * up to 15 s, each wait drawn evenly between half of it and the whole. Meanwhile members stay as
 * they were told last; what has changed is told once the agent is back.
 *
 * An event has the whole list asked for, and it is lists alone that are believed: an agent gathers
 * its events for seconds, so that what one says may have been overtaken by a list.
 */
export class SerfAgent implements Membership, AsyncDisposable {
  readonly expectsOthers = false
  readonly isObserver = true
  readonly #options: ResolvedSerfAgentOptions
  readonly #ports: AttachPorts
  readonly #table: AgentTable
  readonly #listeners = new Set<{ readonly listener: MemberListener }>()
  readonly #stats = { attachments: 0, failures: 0, events: 0, lists: 0, membersUnreadable: 0 }
  #status: SerfAgentStatus = 'idle'
  #name: string | undefined
  #tags: Tags | undefined
  #starting: Promise<void> | undefined
  #stopped = new Deferred<void>()
  #connection: RpcConnection | undefined
  /** What the agent is asked is asked in turn: lists, and tags with the list after them. */
  #turn: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #timerAtMs: Millis = Infinity
  #failuresInRow = 0
  /** Something has happened since the last list was asked for. */
  #isStale = false
  #isRefreshing = false
  #listedAtMs: Millis = -Infinity
  #listTookMs: Millis = 0

  constructor(options: ResolvedSerfAgentOptions, ports: AttachPorts) {
    this.#options = options
    this.#ports = ports
    this.#table = new AgentTable(options.absenceMs)
  }

  /** The name of the agent. Until it was there, where it is sought. */
  get localName(): string {
    return this.#name ?? this.#options.rpc.address
  }

  get status(): SerfAgentStatus {
    return this.#status
  }

  get stats(): SerfAgentStats {
    return { ...this.#stats }
  }

  /**
   * Attach. Tries for `connectTimeoutMs`; the members are there once it resolves. May be tried
   * again after a failure.
   *
   * @throws {RpcError} `LIBRING_RPC_UNREACHABLE` when nobody answered in time; at once
   *   `LIBRING_RPC_AUTH_REFUSED` or `LIBRING_RPC_UNSUPPORTED`. {LibringError} `LIBRING_CLOSED`
   *   when stopped before or meanwhile.
   */
  start(): Promise<void> {
    if (this.#status === 'stopped') return Promise.reject(closedError())
    this.#starting ??= this.#start()
    return this.#starting
  }

  members(): readonly Member[] {
    return this.#table.members
  }

  /** Counted here, from 0, as agents do not show it: how often the member has come back. */
  incarnationOf(name: string): number | undefined {
    return this.#table.incarnationOf(name)
  }

  subscribe(listener: MemberListener): () => void {
    requireFunction('listener', listener)
    const subscription = { listener }
    this.#listeners.add(subscription)
    return () => void this.#listeners.delete(subscription)
  }

  /**
   * Replace the tags of the agent, here and whenever it is attached to anew. While the agent is
   * away, or not there yet, they are kept until it is there.
   *
   * @throws {OptionError} when they do not fit into 512 bytes. {RpcError} when the agent refuses
   *   them. Nothing has changed then. {LibringError} `LIBRING_CLOSED` once stopped.
   */
  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    requireTags('tags', tags)
    if (this.#status === 'stopped') throw closedError()
    const before = this.#tags
    const wanted = { ...tags }
    this.#tags = wanted
    const connection = this.#connection
    if (this.#status !== 'attached' || connection === undefined) return
    try {
      await this.#inTurn(() => this.#bringTags(connection))
    } catch (error) {
      if (this.#isStopped) throw closedError()
      // Where the agent is gone they are set once it is back.
      if (isPassing(error) || connection !== this.#connection) {
        return this.#lose(connection, error)
      }
      if (this.#tags === wanted) this.#tags = before
      throw error
    }
  }

  /** Nobody is told when the program goes, as the agent stays. */
  deathAfterMs(): Millis {
    return Infinity
  }

  /** The agent stays, so there is nothing to tell. */
  leave(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    if (this.#status === 'stopped') return Promise.resolve()
    this.#status = 'stopped'
    this.#stopped.resolve()
    this.#disarm()
    this.#connection?.close(closedError())
    this.#connection = undefined
    this.#listeners.clear()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #start(): Promise<void> {
    const { clock } = this.#ports
    const giveUpAtMs = clock.nowMs() + this.#options.rpc.connectTimeoutMs
    this.#status = 'starting'
    try {
      for (;;) {
        const error = await this.#attach(Math.max(1, giveUpAtMs - clock.nowMs()))
        if (error === undefined) return
        const waitMs = this.#retryDelayMs()
        if (!isPassing(error) || clock.nowMs() + waitMs >= giveUpAtMs) throw error
        await this.#pause(waitMs)
      }
    } catch (error) {
      this.#starting = undefined
      if (this.#isStopped) throw closedError()
      this.#status = 'idle'
      throw error
    }
  }

  /** One try. What went wrong, if something did. */
  async #attach(timeoutMs: Millis): Promise<unknown> {
    const { address } = this.#options.rpc
    const connection = new RpcConnection(this.#options.rpc, this.#ports, (error) => {
      this.#lose(connection, error)
    })
    this.#connection = connection
    try {
      await connection.open(timeoutMs)
      const stats = await connection.call({ command: 'stats', body: undefined })
      this.#meet(stats.get('agent')?.get('name'))
      const receiver = {
        onRecord: (record: Parameters<typeof memberEventFrom>[0]) => {
          this.#hear(connection, memberEventFrom(record))
        },
        onEnd: (error: Error | undefined) => this.#lose(connection, error),
      }
      await connection.stream({ command: 'stream', body: { Type: MEMBER_EVENTS } }, receiver)
      await this.#inTurn(() => this.#bringTags(connection))
      if (this.#isStopped) throw closedError()
      // It may have broken since the list was there, when nobody would have noticed.
      if (!connection.isOpen) throw new RpcError('LIBRING_RPC_BROKEN', address, 'it broke')
    } catch (error) {
      this.#stats.failures++
      connection.close()
      if (this.#connection === connection) this.#connection = undefined
      if (this.#isStopped) throw closedError()
      return error
    }
    this.#stats.attachments++
    this.#failuresInRow = 0
    this.#status = 'attached'
    this.#ports.logger.info('attached to agent', { member: this.localName, address })
    this.#arm()
    return undefined
  }

  get #isStopped(): boolean {
    return this.#status === 'stopped'
  }

  #meet(name: string | undefined): void {
    if (name === undefined || name === '') {
      throw new LibringError('LIBRING_RPC_UNSUPPORTED', 'the agent does not tell its name')
    }
    if (this.#name !== undefined && this.#name !== name) {
      this.#ports.logger.warn('another agent', { member: name, before: this.#name })
    }
    this.#name = name
  }

  #hear(connection: RpcConnection, event: MemberEvent | undefined): void {
    if (event === undefined || connection !== this.#connection) return
    this.#stats.events++
    this.#isStale = true
    if (event.type === 'member-reap') this.#table.expectGone(event.members.map(({ name }) => name))
    if (this.#status === 'attached') this.#arm()
  }

  /** Give the agent its tags, if it is to have some; then see who is there. */
  async #bringTags(connection: RpcConnection): Promise<void> {
    await this.#bringList(connection)
    const tags = this.#tags
    if (tags === undefined || connection !== this.#connection) return
    const current = this.members().find(({ name }) => name === this.#name)?.tags ?? {}
    const removed = Object.keys(current).filter((name) => !Object.hasOwn(tags, name))
    const isSame =
      removed.length === 0 && Object.entries(tags).every(([name, value]) => current[name] === value)
    if (isSame) return
    const body = { Tags: new Map(Object.entries(tags)), DeleteTags: removed }
    await connection.call({ command: 'tags', body })
    await this.#bringList(connection)
  }

  async #bringList(connection: RpcConnection): Promise<void> {
    if (connection !== this.#connection) return
    this.#isStale = false
    this.#listedAtMs = this.#ports.clock.nowMs()
    const { Members } = await connection.call({ command: 'members', body: undefined })
    if (connection !== this.#connection) return
    const members = membersFrom(Members)
    this.#stats.lists++
    this.#stats.membersUnreadable += Members.length - members.length
    const { clock } = this.#ports
    this.#table.take(members, clock.nowMs(), (event) => this.#tell(event))
    this.#listTookMs = clock.nowMs() - this.#listedAtMs
  }

  /** After whatever is under way, whether that succeeds or not. */
  #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(action)
    this.#turn = done.catch(() => {})
    return done
  }

  #tell(event: MemberEvent): void {
    for (const { listener } of [...this.#listeners]) {
      if (this.#isStopped) return
      listener(event)
    }
  }

  /** The agent is gone, or has become useless. */
  #lose(connection: RpcConnection, error: unknown): void {
    if (connection !== this.#connection || this.#status !== 'attached') return
    const { address } = this.#options.rpc
    this.#ports.logger.warn('agent lost', { member: this.localName, address, error })
    this.#connection = undefined
    connection.close()
    this.#status = 'away'
    this.#disarm()
    this.#seek()
  }

  #seek(): void {
    this.#wake(this.#retryDelayMs(), async () => {
      const error = await this.#attach(this.#options.rpc.connectTimeoutMs)
      if (error === undefined) return
      if (this.#failuresInRow === 1 || !isPassing(error)) {
        this.#ports.logger.warn('agent not reached', { address: this.#options.rpc.address, error })
      }
      this.#seek()
    })
  }

  #retryDelayMs(): Millis {
    const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.min(this.#failuresInRow++, 10))
    return (waitMs * (1 + fraction(this.#ports.random))) / 2
  }

  /** Have a list brought in time. */
  #arm(): void {
    const connection = this.#connection
    if (connection === undefined || this.#isRefreshing) return
    this.#wake(this.#listDelayMs(), () => this.#refresh(connection))
  }

  #listDelayMs(): Millis {
    const { refreshMs } = this.#options
    if (this.#isStale) {
      const apartMs = Math.max(AFTER_EVENT_MS, LIST_SHARE * this.#listTookMs)
      const dueMs = this.#listedAtMs + Math.min(apartMs, AFTER_EVENT_MS_MAX)
      return Math.max(0, dueMs - this.#ports.clock.nowMs())
    }
    return this.#table.isIncomplete ? Math.min(WHILE_MISSING_MS, refreshMs) : refreshMs
  }

  async #refresh(connection: RpcConnection): Promise<void> {
    this.#isRefreshing = true
    try {
      await this.#inTurn(() => this.#bringList(connection))
    } catch (error) {
      return this.#lose(connection, error)
    } finally {
      this.#isRefreshing = false
    }
    if (this.#status === 'attached' && connection === this.#connection) this.#arm()
  }

  /** Do that later, unless something else is due by then. */
  #wake(waitMs: Millis, action: () => Promise<void>): void {
    const { clock, logger } = this.#ports
    const atMs = clock.nowMs() + waitMs
    if (atMs >= this.#timerAtMs) return
    this.#disarm()
    this.#timerAtMs = atMs
    this.#timer = clock.at(atMs, () => {
      this.#disarm()
      action().catch((error: unknown) => {
        if (!this.#isStopped) logger.error('attachment failed', { error })
      })
    })
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = Infinity
  }

  async #pause(waitMs: Millis): Promise<void> {
    const over = new Deferred<void>()
    this.#wake(waitMs, () => {
      over.resolve()
      return Promise.resolve()
    })
    await Promise.race([over.promise, this.#stopped.promise])
    if (this.#isStopped) throw closedError()
  }
}

function isPassing(error: unknown): boolean {
  return isLibringError(error) && 'code' in error && PASSING.includes(error.code as ErrorCode)
}

function closedError(): LibringError {
  return new LibringError('LIBRING_CLOSED', 'the attachment to the agent was stopped')
}
