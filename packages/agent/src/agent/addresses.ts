import { isIP } from 'node:net'
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
