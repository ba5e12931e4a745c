import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ConfigError } from '../config/config-error.ts'

/**
 * Host and port of `10.0.0.7:7380`, `[::1]:7380`, or an address alone.
 *
 * @throws {ConfigError} where it is neither.
 */
export function hostAndPortOf(
  key: string,
  text: string,
  usualPort: number,
): { readonly host: string; readonly port: number } {
  if (isIP(text) !== 0) return { host: text, port: usualPort }
  const found = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const host = found?.[1] ?? found?.[2] ?? ''
  const port = Number(found?.[3])
  if (isIP(host) === 0 || !(port <= 65_535)) {
    throw new ConfigError(`${key}: must be an IP address, with a port or without; it is ${text}`)
  }
  return { host, port }
}

/** Addresses of a machine that are looked at. */
const HOSTS_MAX = 512

/**
 * As what a Host header names an agent that listens there: its address, or, where that stands for all
 * of the machine, each of those.
 */
export function hostNamesOf(
  host: string,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): readonly string[] {
  const isAny = /^[0:.]+$/.test(host)
  const own = Object.values(interfaces).flatMap((addresses) => addresses ?? [])
  const hosts = isAny ? own.map(({ address }) => address) : [host]
  return hosts
    .slice(0, HOSTS_MAX)
    .map((address) => (isIP(address) === 6 ? `[${address}]` : address))
}
