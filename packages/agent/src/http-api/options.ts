import { isIP } from 'node:net'
import { OptionError } from 'libring'
import { DEFAULT_LIMITS, LIMIT_RANGES, type HttpLimits } from './limits.ts'

/** Room for those of a machine with many addresses besides those that somebody names. */
const ALLOWED_HOSTS_MAX = 1_024
/** How long a consumer may be without a connection, in milliseconds: at least and at most. */
export const CONSUMER_TIMEOUT_MS_RANGE = [100, 86_400_000] as const

/** What is checked of the options of the API. */
export interface CheckedOptions {
  readonly host?: string
  readonly port?: number
  readonly allowedHosts?: readonly string[]
  readonly consumerTimeoutMs?: number
  readonly limits?: Partial<HttpLimits>
}

/** @throws {OptionError} naming the first option that is malformed or out of its range. */
export function checkHttpOptions(options: CheckedOptions): HttpLimits {
  const { host, port, allowedHosts = [], consumerTimeoutMs, limits = {} } = options
  if (host !== undefined && isIP(host) === 0) throw new OptionError('host', 'an IP address', host)
  if (port !== undefined) requireWhole('port', port, [0, 65_535])
  if (allowedHosts.length > ALLOWED_HOSTS_MAX) {
    throw new OptionError('allowedHosts', `at most ${ALLOWED_HOSTS_MAX} names`, allowedHosts.length)
  }
  for (const [at, name] of allowedHosts.entries()) requireHostName(`allowedHosts[${at}]`, name)
  if (consumerTimeoutMs !== undefined) {
    requireWhole('consumerTimeoutMs', consumerTimeoutMs, CONSUMER_TIMEOUT_MS_RANGE)
  }
  return resolveLimits(limits)
}

function resolveLimits(given: Partial<HttpLimits>): HttpLimits {
  for (const [name, value] of Object.entries(given)) {
    const range = LIMIT_RANGES[name as keyof HttpLimits] as readonly [number, number] | undefined
    if (range === undefined)
      throw new OptionError(`limits.${name}`, 'left out, as there is none', value)
    requireWhole(`limits.${name}`, value, range)
  }
  const limits = { ...DEFAULT_LIMITS, ...given }
  const { headersTimeoutMs, requestTimeoutMs } = limits
  if (headersTimeoutMs > requestTimeoutMs) {
    const rule = `at most limits.requestTimeoutMs, which is ${requestTimeoutMs}`
    throw new OptionError('limits.headersTimeoutMs', rule, headersTimeoutMs)
  }
  return limits
}

/** A name as a Host header has it, without a port. */
export function isHostName(text: string): boolean {
  return /^(\[[\da-f:.]{2,45}\]|[\w.-]{1,253})$/i.test(text)
}

function requireHostName(option: string, name: unknown): void {
  if (typeof name === 'string' && isHostName(name)) return
  throw new OptionError(option, 'a host name or an IP address, without a port', name)
}

function requireWhole(option: string, value: unknown, [min, max]: readonly [number, number]): void {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max) return
  throw new OptionError(option, `a whole number from ${min} to ${max}`, value)
}
