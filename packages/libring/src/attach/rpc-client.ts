import { NO_BYTES } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { requireBoolean, requireOneOf, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import type { RpcRequest } from '../rpc/client-session.ts'
import type { KeysBody, RpcRecords } from '../rpc/commands.ts'
import { distanceNanos } from '../serf/coordinate.ts'
import { requireTags } from '../serf/tags.ts'
import { refining } from './failures.ts'
import { RpcStream } from './record-stream.ts'
import {
  requirePatterns,
  requirePayload,
  requireTerms,
  requireText,
  requireTexts,
} from './rpc-arguments.ts'
import type { CallTerms, RpcConnection } from './rpc-connection.ts'
import { rpcEventFrom, type RpcEvent } from './rpc-events.ts'
import { rpcMembersFrom, type RpcMember } from './rpc-members.ts'

/** Of every call. */
export interface RpcCallOptions {
  /**
   * How long the agent may take to answer. 1 to 3,600,000.
   *
   * @defaultValue the option `requestTimeoutMs`
   */
  readonly timeoutMs?: Millis
  /** Gives up waiting, or ends the stream. The agent may do what it was asked all the same. */
  readonly signal?: AbortSignal
}

/** Regular expressions of Go, each of the whole text; an empty one, or none, stands for any. */
export interface MembersFilter extends RpcCallOptions {
  readonly name?: string
  readonly status?: string
  /** A tag that is missing counts as empty. */
  readonly tags?: Readonly<Record<string, string>>
}

export interface RpcQueryOptions {
  /** Gives up waiting, or ends the stream. */
  readonly signal?: AbortSignal
  /** What the question carries. @defaultValue nothing */
  readonly payload?: Uint8Array
  /** Whom to ask, by name. @defaultValue all */
  readonly nodes?: readonly string[]
  /** Whom to ask, by regular expressions of Go that tags have to match. @defaultValue all */
  readonly tags?: Readonly<Record<string, string>>
  /** Whether each member says that the question came. @defaultValue false */
  readonly acks?: boolean
  /** By how many others each answer is sent once more. 0 to 255. @defaultValue 0 */
  readonly relayFactor?: number
  /**
   * How long answers are waited for. 1 to 3,600,000.
   *
   * @defaultValue left to the agent, which goes by the size of the cluster
   */
  readonly timeoutMs?: Millis
}

/** What came back to a query: that it arrived, or an answer. */
export type RpcQueryAnswer =
  | { readonly type: 'ack'; readonly from: string }
  | { readonly type: 'response'; readonly from: string; readonly payload: Uint8Array }

/** What the members said to a command about keys. */
export interface RpcKeyReport {
  /** How many members have each key, by its Base64; of `listKeys` only. */
  readonly keys: Readonly<Record<string, number>>
  /** What members had to say, by name. */
  readonly messages: Readonly<Record<string, string>>
  readonly nodes: number
  readonly responses: number
  readonly errors: number
}

/** Where a member is in the space of round-trip times (Vivaldi). Seconds. */
export interface RpcCoordinate {
  readonly vector: readonly number[]
  readonly height: number
  readonly adjustment: number
  readonly error: number
}

const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERR'] as const
export type RpcLogLevel = (typeof LOG_LEVELS)[number]

/**
 * How long after its own time a query may be without its end; and for how long one whose time is
 * left to the agent may be open. The largest clusters give theirs some 20 s.
 */
const QUERY_SLACK_MS = 10_000
const QUERY_MS_MAX = 60_000

const NANOS_PER_MS = 1e6

/**
 * Commands to a Serf agent, over one connection. Any number may be asked at once, up to 128; the
 * agent does them one after the other.
 *
 * Every call throws an {@link RpcError}: `LIBRING_RPC_REFUSED` where the agent says no,
 * `LIBRING_RPC_TIMEOUT`, `LIBRING_RPC_BROKEN`, `LIBRING_RPC_BUSY`; an OptionError for an argument
 * out of its range; the reason of the signal; and `LIBRING_CLOSED` once closed. A connection that
 * broke stays broken: connect anew.
 */
export class RpcClient implements AsyncDisposable {
  readonly #connection: RpcConnection

  /** @param connection that is open. */
  constructor(connection: RpcConnection) {
    this.#connection = connection
  }

  /** All members that the agent knows, or those that match. */
  async members(filter: MembersFilter = {}): Promise<readonly RpcMember[]> {
    const terms = requireTerms(filter, ['name', 'status', 'tags'])
    const { name = '', status = '', tags = {} } = filter
    requireText('name', name)
    requireText('status', status)
    requirePatterns('tags', tags)
    const body = { Name: name, Status: status, Tags: new Map(Object.entries(tags)) }
    const { Members } = await this.#connection.call({ command: 'members-filtered', body }, terms)
    return rpcMembersFrom(Members)
  }

  /**
   * Have the agent join. Resolves with how many of the addresses answered.
   *
   * @param addresses each a host, or a host and its gossip port; names are resolved by the agent.
   * @throws {RpcError} `LIBRING_RPC_REFUSED` where one of them did not answer, although others may
   *   have.
   */
  async join(
    addresses: readonly string[],
    options: RpcCallOptions & { readonly replay?: boolean } = {},
  ): Promise<number> {
    const terms = requireTerms(options, ['replay'])
    requireTexts('addresses', addresses)
    const { replay = false } = options
    requireBoolean('replay', replay)
    const body = { Existing: addresses, Replay: replay }
    const call = this.#connection.call({ command: 'join', body }, terms)
    return (await refining(call, ({ Num }) => Num)).Num
  }

  /** Have the agent leave the cluster and end. The connection goes with it. */
  async leave(options: RpcCallOptions = {}): Promise<void> {
    const terms = requireTerms(options, [])
    await this.#connection.call({ command: 'leave', body: undefined }, terms)
  }

  /**
   * Count a failed member as one that left; with `prune` forget it.
   */
  async forceLeave(
    name: string,
    options: RpcCallOptions & { readonly prune?: boolean } = {},
  ): Promise<void> {
    const terms = requireTerms(options, ['prune'])
    requireText('name', name)
    const { prune = false } = options
    requireBoolean('prune', prune)
    await this.#connection.call(
      { command: 'force-leave', body: { Node: name, Prune: prune } },
      terms,
    )
  }

  /** Set some tags of the agent, and take away others; the rest stay as they are. */
  async updateTags(
    set: Readonly<Record<string, string>>,
    options: RpcCallOptions & { readonly remove?: readonly string[] } = {},
  ): Promise<void> {
    const terms = requireTerms(options, ['remove'])
    requireTags('set', set)
    const { remove = [] } = options
    requireTexts('remove', remove)
    const body = { Tags: new Map(Object.entries(set)), DeleteTags: remove }
    await this.#connection.call({ command: 'tags', body }, terms)
  }

  /** Tell all members something, by a user event. Agents allow 512 bytes of name and payload. */
  async event(
    name: string,
    payload: Uint8Array = NO_BYTES,
    options: RpcCallOptions & { readonly coalesce?: boolean } = {},
  ): Promise<void> {
    const terms = requireTerms(options, ['coalesce'])
    requireText('name', name)
    requirePayload('payload', payload)
    const { coalesce = false } = options
    requireBoolean('coalesce', coalesce)
    const body = { Name: name, Payload: payload, Coalesce: coalesce }
    await this.#connection.call({ command: 'event', body }, terms)
  }

  /**
   * Ask all members something, or some. Resolves with their answers as they come; the loop ends
   * when the time for answers is over.
   */
  async query(name: string, options: RpcQueryOptions = {}): Promise<RpcStream<RpcQueryAnswer>> {
    const known = ['payload', 'nodes', 'tags', 'acks', 'relayFactor']
    const { timeoutMs, signal } = requireTerms(options, known)
    const { payload = NO_BYTES, nodes = [], tags = {}, acks = false, relayFactor = 0 } = options
    requireText('name', name)
    requirePayload('payload', payload)
    requireTexts('nodes', nodes)
    requirePatterns('tags', tags)
    requireBoolean('acks', acks)
    requireWhole('relayFactor', relayFactor, 0, 255)
    const body = {
      FilterNodes: nodes,
      FilterTags: new Map(Object.entries(tags)),
      RequestAck: acks,
      RelayFactor: relayFactor,
      Timeout: BigInt(timeoutMs ?? 0) * 1_000_000n,
      Name: name,
      Payload: payload,
    }
    const lastsMs = (timeoutMs ?? QUERY_MS_MAX) + QUERY_SLACK_MS
    const read = (record: RpcRecords['query']): RpcQueryAnswer | undefined => {
      const { Type: type, From: from, Payload: answer } = record
      // An agent whose query has just ended may give records of nobody before it says so.
      if (from === '') return undefined
      if (type === 'ack') return { type, from }
      return type === 'response' ? { type, from, payload: answer } : undefined
    }
    return this.#stream({ command: 'query', body }, read, { signal }, lastsMs)
  }

  /**
   * Answer a query that came over a stream of this client.
   *
   * @throws {RpcError} `LIBRING_RPC_REFUSED` when it is no longer open, or was answered.
   */
  async respond(id: bigint, payload: Uint8Array, options: RpcCallOptions = {}): Promise<void> {
    const terms = requireTerms(options, [])
    if (typeof id !== 'bigint' || id < 0n || id >= 1n << 64n) {
      throw new OptionError('id', 'the id of a query', id)
    }
    requirePayload('payload', payload)
    await this.#connection.call({ command: 'respond', body: { ID: id, Payload: payload } }, terms)
  }

  /**
   * What happens in the cluster, from now on. An agent gathers events of members for one to three
   * seconds, and drops events of a reader that falls more than 512 behind.
   *
   * @param types separated by commas: `*`, `member-join`, `member-leave`, `member-failed`,
   *   `member-update`, `member-reap`, `user`, `user:NAME`, `query`, `query:NAME`.
   */
  async stream(types = '*', options: RpcCallOptions = {}): Promise<RpcStream<RpcEvent>> {
    const terms = requireTerms(options, [])
    requireText('types', types)
    return this.#stream({ command: 'stream', body: { Type: types } }, rpcEventFrom, terms)
  }

  /** The agent's log, from its last 512 lines on. One for each connection at a time. */
  async monitor(
    options: RpcCallOptions & { readonly level?: RpcLogLevel } = {},
  ): Promise<RpcStream<string>> {
    const terms = requireTerms(options, ['level'])
    const { level = 'INFO' } = options
    requireOneOf('level', level, LOG_LEVELS)
    const body = { LogLevel: level }
    return this.#stream({ command: 'monitor', body }, ({ Log }) => Log, terms)
  }

  /** Have every member keep one more key. @param key Base64 of 16, 24 or 32 bytes. */
  async installKey(key: string, options: RpcCallOptions = {}): Promise<RpcKeyReport> {
    return this.#keys('install-key', key, options)
  }

  /** Have every member encrypt with a key that all have. */
  async useKey(key: string, options: RpcCallOptions = {}): Promise<RpcKeyReport> {
    return this.#keys('use-key', key, options)
  }

  /** Have every member forget a key that none encrypts with. */
  async removeKey(key: string, options: RpcCallOptions = {}): Promise<RpcKeyReport> {
    return this.#keys('remove-key', key, options)
  }

  /** Which keys the members have. */
  async listKeys(options: RpcCallOptions = {}): Promise<RpcKeyReport> {
    const terms = requireTerms(options, [])
    const call = this.#connection.call({ command: 'list-keys', body: undefined }, terms)
    return reportFrom(await refining(call, reportFrom))
  }

  /** What the agent tells of itself, by part and name; all values are text. */
  async stats(
    options: RpcCallOptions = {},
  ): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
    const terms = requireTerms(options, [])
    const parts = await this.#connection.call({ command: 'stats', body: undefined }, terms)
    return Object.fromEntries([...parts].map(([part, of]) => [part, Object.fromEntries(of)]))
  }

  /** Where a member is in the space of round-trip times; `undefined` where that is not known. */
  async coordinate(name: string, options: RpcCallOptions = {}): Promise<RpcCoordinate | undefined> {
    const terms = requireTerms(options, [])
    requireText('name', name)
    const body = { Node: name }
    const answer = await this.#connection.call({ command: 'get-coordinate', body }, terms)
    if (!answer.Ok) return undefined
    const { Vec: vector = [], Height: height, Adjustment: adjustment, Error: error } = answer.Coord
    return { vector, height, adjustment, error }
  }

  /**
   * Expected round trip between two members in milliseconds; `undefined` where one of them is not
   * known, or where it is.
   */
  async rtt(from: string, to: string, options: RpcCallOptions = {}): Promise<Millis | undefined> {
    const names = [from, to] as const
    const found = await Promise.all(names.map((name) => this.coordinate(name, options)))
    const [left, right] = found.map((coordinate) => {
      return coordinate && { ...coordinate, vec: coordinate.vector }
    })
    if (left === undefined || right === undefined) return undefined
    if (left.vec.length !== right.vec.length) return undefined
    return distanceNanos(left, right) / NANOS_PER_MS
  }

  /** Drop the connection. Calls under way fail with `LIBRING_CLOSED`, streams end. Idempotent. */
  close(): void {
    this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  async #keys(
    command: 'install-key' | 'use-key' | 'remove-key',
    key: string,
    options: RpcCallOptions,
  ): Promise<RpcKeyReport> {
    const terms = requireTerms(options, [])
    requireText('key', key)
    const call = this.#connection.call({ command, body: { Key: key } }, terms)
    return reportFrom(await refining(call, reportFrom))
  }

  /** @param read what a record is to the reader; `undefined` for one that is passed over. */
  async #stream<C extends keyof RpcRecords, T>(
    request: RpcRequest & { readonly command: C },
    read: (record: RpcRecords[C]) => T | undefined,
    { timeoutMs, signal }: CallTerms,
    lastsMs: Millis = Infinity,
  ): Promise<RpcStream<T>> {
    let stop = (): void => {}
    const onAbort = (): void => {
      stop()
      stream.end(signal?.reason)
    }
    const forget = (): void => signal?.removeEventListener('abort', onAbort)
    const stream = new RpcStream<T>(() => {
      forget()
      stop()
    })
    const receiver = {
      onRecord: (record: RpcRecords[C]) => {
        const value = read(record)
        if (value !== undefined) stream.add(value)
      },
      onEnd: (error: Error | undefined) => {
        forget()
        stream.end(error)
      },
    }
    stop = await this.#connection.stream(request, receiver, { timeoutMs, signal }, lastsMs)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    return stream
  }
}

function reportFrom(body: KeysBody): RpcKeyReport {
  return {
    keys: Object.fromEntries(body.Keys ?? []),
    messages: Object.fromEntries(body.Messages),
    nodes: body.NumNodes,
    responses: body.NumResp,
    errors: body.NumErr,
  }
}
