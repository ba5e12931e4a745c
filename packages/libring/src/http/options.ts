import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { OptionError } from '../base/errors.ts'
import {
  requireBoolean,
  requireFunction,
  requireKnown,
  requireList,
  requireOneOf,
  requirePlainObject,
  requireWhole,
} from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import type { Held } from '../cluster/held.ts'
import type { Token } from '../ownership/token.ts'
import type { Key } from '../ring/key-hash.ts'
import type { RoleAsked } from '../routing/routed-cluster.ts'

/** What is known of a request that is served here. */
export interface ServeContext {
  /** What `keyOf` made of the request; where members share a secret, at whoever forwarded it. */
  readonly key: Key
  /** The partition of the key. */
  readonly partition: number
  /** What the request asks for: the acting primary, or any holder. */
  readonly role: RoleAsked
  /** Whether another member forwarded it. */
  readonly isForwarded: boolean
  /**
   * The local holding of index 0; `undefined` where a backup serves. Ask whether it is valid before
   * a write that nothing else fences.
   */
  readonly held: Held | undefined
  /** The fencing token of that holding. */
  readonly token: Token | undefined
  /**
   * Aborts when nobody waits for the answer any more, and when the request has to end: the process
   * was stopped for too long, or the partition is let go and `releaseWaitMs` are over. Of an upgraded
   * connection, as soon as the partition is let go.
   */
  readonly signal: AbortSignal
}

/** Who may serve a request. */
export type ServeFrom = 'primary' | 'holders'

/** How often a request is forwarded, and how long it waits. */
export interface ForwardOptions {
  /** How many other members a request is sent to, one after the other. 1 to 16. @defaultValue 3 */
  readonly maxHops?: number

  /**
   * How long a request waits, in all, for a partition that is about to be served: where it came in,
   * and as long again at the member that it was sent to, so that it has to be less than
   * `upstreamTimeoutMs`. 0 to 600,000.
   *
   * @defaultValue 5000
   */
  readonly acquireWaitMs?: Millis

  /**
   * How long a request waits, in all, for a partition whose owner cannot be reached, until the ring
   * has moved it. What it is by default covers members that leave in order and are gone before the
   * news of it has come here; to outlast the death of one takes longer. 0 to 600,000.
   *
   * @defaultValue 2000
   */
  readonly failoverWaitMs?: Millis

  /**
   * How long a member that could not be reached is not tried again. 0 to 60,000.
   *
   * @defaultValue 500
   */
  readonly badAddressMs?: Millis

  /** How long a connection to a member may take to open. 1 to 600,000. @defaultValue 2000 */
  readonly connectTimeoutMs?: Millis

  /**
   * How long the owner may take to begin its answer, once it has the request; to about a second. 1
   * to 86,400,000.
   *
   * @defaultValue 30000
   */
  readonly upstreamTimeoutMs?: Millis

  /**
   * How long the owner may be silent within its answer. 0 to 86,400,000.
   *
   * @defaultValue 0: for ever
   */
  readonly idleTimeoutMs?: Millis

  /** Most bytes of header fields in an answer of another member. 1,024 to 1,048,576. @defaultValue 16384 */
  readonly headerBytesMax?: number

  /**
   * What members share so that they know each other's requests: 16 characters or more, or several,
   * of which the first signs and all are accepted. Without it a request that claims to be forwarded
   * is believed as far as that does no harm.
   */
  readonly secret?: string | readonly string[]

  /** How to connect to members whose URL is `https:`: `ca`, `cert`, `key`, as for `node:tls`. */
  readonly tls?: MemberTls
}

/** How to connect to members by TLS, as for `node:tls`. */
export interface MemberTls {
  readonly ca?: string | Buffer | (string | Buffer)[]
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** Whom the certificate is to be for, where that is not the host of the URL. */
  readonly servername?: string
  /** @defaultValue true */
  readonly rejectUnauthorized?: boolean
}

/** A request as a router gets it. */
export interface RoutedRequest extends IncomingMessage {
  /** The whole URL, where a framework hides from `url` where a middleware is mounted. */
  readonly originalUrl?: string
}

/** How requests find their owner. */
export interface RouterOptions extends ForwardOptions {
  /**
   * The key that a request is for; `undefined` for one that has none, which is answered 400. Where
   * members share no `secret`, it may look only at what is sent on: method, URL and end-to-end
   * header fields.
   */
  readonly keyOf: (request: RoutedRequest) => Key | undefined

  /** Answers a request whose key is served here. A member that can hold nothing needs none. */
  readonly serve?: (
    request: IncomingMessage,
    response: ServerResponse,
    context: ServeContext,
  ) => unknown

  /** Takes over a connection that asks for another protocol and whose key is served here. */
  readonly serveUpgrade?: (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    context: ServeContext,
  ) => unknown

  /**
   * Who may serve a request: the acting `primary` alone, or any of the `holders`, which is for reads.
   *
   * @defaultValue `'primary'`
   */
  readonly serveFrom?: ServeFrom | ((request: RoutedRequest) => ServeFrom)

  /**
   * How long letting a partition go waits for requests that are being served, before their signal
   * aborts. Less than `releaseTimeoutMs`, which counts on, and than `acquireWaitMs`, for which the
   * next ones wait. 0 to 86,400,000.
   *
   * @defaultValue 4000
   */
  readonly releaseWaitMs?: Millis

  /**
   * Most bytes of a body that are kept, for a member that was asked in vain. A longer body can be
   * sent once. 0 to 16,777,216.
   *
   * @defaultValue 65536
   */
  readonly repeatBytesMax?: number

  /** Most header fields of a request; more are answered 431. 1 to 2,000. @defaultValue 200 */
  readonly headersMax?: number

  /** Most requests at a time, served here and forwarded together. 1 to 1,000,000. @defaultValue 10000 */
  readonly maxInFlight?: number

  /** Most upgraded connections at a time. 0 to 1,000,000. @defaultValue 10000 */
  readonly maxUpgrades?: number

  /**
   * How late the event loop may be. Requests are answered 503 while a timer of half a second was
   * later than this each of the last four times, so that a burst is dealt with. 0 to 600,000.
   *
   * @defaultValue 3000; 0 for no bound
   */
  readonly maxEventLoopDelayMs?: Millis

  /**
   * Whether whoever sends requests here is a proxy of yours, so that what it says in `forwarded` and
   * `x-forwarded-*` is added to; otherwise it is replaced.
   *
   * @defaultValue false
   */
  readonly trustForwarded?: boolean

  /**
   * Told of what `serve`, `serveUpgrade` or `keyOf` threw. The request is answered 500 where that is
   * still possible.
   *
   * @defaultValue a process warning
   */
  readonly onError?: (error: unknown, request: IncomingMessage) => void
}

/** Options with every default filled in and everything checked. */
export interface ResolvedForwardOptions {
  readonly maxHops: number
  readonly acquireWaitMs: Millis
  readonly failoverWaitMs: Millis
  readonly badAddressMs: Millis
  readonly connectTimeoutMs: Millis
  readonly upstreamTimeoutMs: Millis
  readonly idleTimeoutMs: Millis
  readonly headerBytesMax: number
  readonly secrets: readonly string[]
  readonly tls: MemberTls | undefined
}

export interface ResolvedRouterOptions extends ResolvedForwardOptions {
  readonly keyOf: RouterOptions['keyOf']
  readonly serve: NonNullable<RouterOptions['serve']>
  readonly serveUpgrade: RouterOptions['serveUpgrade']
  readonly roleOf: (request: IncomingMessage) => RoleAsked
  readonly releaseWaitMs: Millis
  readonly repeatBytesMax: number
  readonly headersMax: number
  readonly maxInFlight: number
  readonly maxUpgrades: number
  readonly maxEventLoopDelayMs: Millis
  readonly trustForwarded: boolean
  readonly onError: NonNullable<RouterOptions['onError']>
}

const FORWARD_OPTIONS = {
  maxHops: true,
  acquireWaitMs: true,
  failoverWaitMs: true,
  badAddressMs: true,
  connectTimeoutMs: true,
  upstreamTimeoutMs: true,
  idleTimeoutMs: true,
  headerBytesMax: true,
  secret: true,
  tls: true,
} as const satisfies Record<keyof ForwardOptions, true>

const ROUTER_OPTIONS = {
  ...FORWARD_OPTIONS,
  keyOf: true,
  serve: true,
  serveUpgrade: true,
  serveFrom: true,
  releaseWaitMs: true,
  repeatBytesMax: true,
  headersMax: true,
  maxInFlight: true,
  maxUpgrades: true,
  maxEventLoopDelayMs: true,
  trustForwarded: true,
  onError: true,
} as const satisfies Record<keyof RouterOptions, true>

const DAY_MS = 86_400_000

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function resolveForwardOptions(options: ForwardOptions): ResolvedForwardOptions {
  requirePlainObject('options', options)
  requireKnown('', options, Object.keys(FORWARD_OPTIONS))
  return forwardOptionsOf(options)
}

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function resolveRouterOptions(options: RouterOptions): ResolvedRouterOptions {
  requirePlainObject('options', options)
  requireKnown('', options, Object.keys(ROUTER_OPTIONS))
  const { keyOf, serve = noServe, serveUpgrade, serveFrom = 'primary', onError = warn } = options
  requireFunction('keyOf', keyOf)
  requireFunction('serve', serve)
  if (serveUpgrade !== undefined) requireFunction('serveUpgrade', serveUpgrade)
  requireFunction('onError', onError)
  const { releaseWaitMs = 4_000, repeatBytesMax = 65_536, headersMax = 200 } = options
  const { maxInFlight = 10_000, maxUpgrades = 10_000, maxEventLoopDelayMs = 3_000 } = options
  const { trustForwarded = false } = options
  requireWhole('releaseWaitMs', releaseWaitMs, 0, DAY_MS)
  requireWhole('repeatBytesMax', repeatBytesMax, 0, 16_777_216)
  requireWhole('headersMax', headersMax, 1, 2_000)
  requireWhole('maxInFlight', maxInFlight, 1, 1_000_000)
  requireWhole('maxUpgrades', maxUpgrades, 0, 1_000_000)
  requireWhole('maxEventLoopDelayMs', maxEventLoopDelayMs, 0, 600_000)
  requireBoolean('trustForwarded', trustForwarded)
  return {
    ...forwardOptionsOf(options),
    keyOf,
    serve,
    serveUpgrade,
    roleOf: roleReader(serveFrom),
    releaseWaitMs,
    repeatBytesMax,
    headersMax,
    maxInFlight,
    maxUpgrades,
    maxEventLoopDelayMs,
    trustForwarded,
    onError,
  }
}

function forwardOptionsOf(options: ForwardOptions): ResolvedForwardOptions {
  const { maxHops = 3, acquireWaitMs = 5_000, failoverWaitMs = 2_000, badAddressMs = 500 } = options
  const { connectTimeoutMs = 2_000, upstreamTimeoutMs = 30_000, idleTimeoutMs = 0 } = options
  const { headerBytesMax = 16_384, tls } = options
  requireWhole('maxHops', maxHops, 1, 16)
  requireWhole('acquireWaitMs', acquireWaitMs, 0, 600_000)
  requireWhole('failoverWaitMs', failoverWaitMs, 0, 600_000)
  requireWhole('badAddressMs', badAddressMs, 0, 60_000)
  requireWhole('connectTimeoutMs', connectTimeoutMs, 1, 600_000)
  requireWhole('upstreamTimeoutMs', upstreamTimeoutMs, 1, DAY_MS)
  requireWhole('idleTimeoutMs', idleTimeoutMs, 0, DAY_MS)
  if (acquireWaitMs >= upstreamTimeoutMs) {
    // Nobody could tell then whether a member that waits has begun to serve.
    const rule = `less than upstreamTimeoutMs, which is ${upstreamTimeoutMs}`
    throw new OptionError('acquireWaitMs', rule, acquireWaitMs)
  }
  requireWhole('headerBytesMax', headerBytesMax, 1_024, 1_048_576)
  if (tls !== undefined) requirePlainObject('tls', tls)
  return {
    maxHops,
    acquireWaitMs,
    failoverWaitMs,
    badAddressMs,
    connectTimeoutMs,
    upstreamTimeoutMs,
    idleTimeoutMs,
    headerBytesMax,
    secrets: secretsOf(options.secret),
    tls,
  }
}

function secretsOf(secret: unknown): readonly string[] {
  if (secret === undefined) return []
  const rule = 'text of 16 characters or more, or a list of such texts'
  const secrets: unknown = typeof secret === 'string' ? [secret] : secret
  requireList('secret', secrets, rule)
  for (const each of secrets) {
    // What was given is not for all to see.
    if (typeof each !== 'string' || each.length < 16)
      throw new OptionError('secret', rule, undefined)
  }
  return secrets as readonly string[]
}

function roleReader(
  serveFrom: NonNullable<RouterOptions['serveFrom']>,
): (request: IncomingMessage) => RoleAsked {
  if (typeof serveFrom === 'function') {
    return (request) => (serveFrom(request) === 'holders' ? 'holder' : 'primary')
  }
  requireOneOf('serveFrom', serveFrom, ['primary', 'holders'])
  const role = serveFrom === 'holders' ? 'holder' : 'primary'
  return () => role
}

/** Told to `onError`, and answered 500. */
function noServe(): never {
  throw new Error('the local member holds the key, and its router has no serve')
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)))
}
