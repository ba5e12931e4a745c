import { parseHostAndPort, type HostAndPort } from '../base/address.ts'
import { isWellFormed, utf8Length } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import { requireKnown, requirePlainObject, requireWhole } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import { DEFAULT_RPC_PORT } from '../rpc/commands.ts'

/** Where a Serf agent takes commands, and what it wants to see first. */
export interface RpcOptions {
  /**
   * A host, or a host and a port: an IP address or a name, which is resolved at every try.
   *
   * @defaultValue `'127.0.0.1:7373'`
   */
  readonly rpcAddress?: string

  /** What the agent was given as `-rpc-auth`. @defaultValue none */
  readonly authKey?: string

  /**
   * How long it may take until the agent takes commands, from the first try. 1 to 3,600,000.
   *
   * @defaultValue 10,000
   */
  readonly connectTimeoutMs?: Millis

  /**
   * How long the agent may take to answer, where a call says nothing else. 1 to 3,600,000.
   *
   * @defaultValue 10,000
   */
  readonly requestTimeoutMs?: Millis
}

/** How a program is attached to a Serf agent. */
export interface SerfAgentOptions extends RpcOptions {
  /**
   * How often the whole list of members is asked for, events or not. An agent gathers its events
   * for one to three seconds before it tells them, and drops some when it has too many; a list is
   * never behind. 100 to 86,400,000.
   *
   * @defaultValue 30,000
   */
  readonly refreshMs?: Millis

  /**
   * How long a member may be missing from the list before it counts as gone. An agent that was
   * started anew knows nobody until it has joined again. 0 to 86,400,000.
   *
   * @defaultValue 10,000
   */
  readonly absenceMs?: Millis
}

export interface ResolvedRpcOptions {
  readonly host: string
  readonly port: number
  /** As it was given. */
  readonly address: string
  readonly authKey: string
  readonly connectTimeoutMs: Millis
  readonly requestTimeoutMs: Millis
}

export interface ResolvedSerfAgentOptions {
  readonly rpc: ResolvedRpcOptions
  readonly refreshMs: Millis
  readonly absenceMs: Millis
}

const RPC_OPTIONS = ['rpcAddress', 'authKey', 'connectTimeoutMs', 'requestTimeoutMs'] as const
const AUTH_KEY_BYTES_MAX = 1_024
export const TIMEOUT_MS_MAX = 3_600_000
const DAY_MS = 86_400_000

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function resolveRpcOptions(options: RpcOptions): ResolvedRpcOptions {
  requirePlainObject('options', options)
  requireKnown('', options, RPC_OPTIONS)
  const { rpcAddress = '127.0.0.1', authKey = '' } = options
  const { connectTimeoutMs = 10_000, requestTimeoutMs = 10_000 } = options
  requireWhole('connectTimeoutMs', connectTimeoutMs, 1, TIMEOUT_MS_MAX)
  requireWhole('requestTimeoutMs', requestTimeoutMs, 1, TIMEOUT_MS_MAX)
  const { host, port = DEFAULT_RPC_PORT } = requireAddress(rpcAddress)
  return Object.freeze({
    host,
    port,
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    authKey: requireAuthKey(authKey),
    connectTimeoutMs,
    requestTimeoutMs,
  })
}

/** @throws {OptionError} naming the first option that is unknown, malformed or out of range. */
export function resolveSerfAgentOptions(options: SerfAgentOptions): ResolvedSerfAgentOptions {
  requirePlainObject('options', options)
  requireKnown('', options, [...RPC_OPTIONS, 'refreshMs', 'absenceMs'])
  const { refreshMs = 30_000, absenceMs = 10_000, ...rpc } = options
  requireWhole('refreshMs', refreshMs, 100, DAY_MS)
  requireWhole('absenceMs', absenceMs, 0, DAY_MS)
  return Object.freeze({ rpc: resolveRpcOptions(rpc), refreshMs, absenceMs })
}

function requireAddress(value: unknown): HostAndPort {
  const parsed = typeof value === 'string' ? parseHostAndPort(value) : undefined
  if (parsed !== undefined && parsed.port !== 0) return parsed
  throw new OptionError('rpcAddress', 'a host, or a host and a port from 1 to 65535', value)
}

/** What was given is a secret, so the error does not show it. */
function requireAuthKey(value: unknown): string {
  if (typeof value === 'string' && isWellFormed(value)) {
    if (utf8Length(value) <= AUTH_KEY_BYTES_MAX) return value
  }
  const rule = `well-formed text of at most ${AUTH_KEY_BYTES_MAX} bytes`
  throw new OptionError('authKey', rule, typeof value === 'string' ? {} : value)
}
