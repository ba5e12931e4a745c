import { networkInterfaces } from 'node:os'
import { ConfigError } from '../config/config-error.ts'
import type { AgentConfig } from '../config/schema.ts'
import { hostAndPortOf } from './addresses.ts'

const GOSSIP_PORT = 7_946
const WILDCARDS = ['0.0.0.0', '::']

/** Addresses by the name of their interface, as `node:os` has them. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string }[] | undefined>
>

/**
 * Where to gossip, as Serf has it: an interface decides the address unless one is given, and has to
 * have the one that is. `undefined` where neither is set.
 *
 * @throws {ConfigError} where the interface has no such address, or none but link-local ones.
 */
export function bindAddressOf(
  { bind, interface: name }: Pick<AgentConfig, 'bind' | 'interface'>,
  interfaces: Interfaces = networkInterfaces(),
): string | undefined {
  if (name === undefined) return bind
  const addresses = (interfaces[name] ?? []).map(({ address }) => address)
  if (addresses.length === 0) {
    const names = Object.keys(interfaces).join(', ')
    throw new ConfigError(`interface: ${name} has no address here; there are ${names}`)
  }
  const { host, port } = hostAndPortOf('bind', bind ?? WILDCARDS[0]!, GOSSIP_PORT)
  if (!WILDCARDS.includes(host)) {
    if (addresses.includes(host)) return bind
    const known = addresses.join(', ')
    throw new ConfigError(`interface: ${name} has not the address ${host} of bind; it has ${known}`)
  }
  const chosen = addresses.find((address) => !isLinkLocal(address))
  if (chosen === undefined)
    throw new ConfigError(`interface: ${name} has link-local addresses only`)
  return chosen.includes(':') ? `[${chosen}]:${port}` : `${chosen}:${port}`
}

/** It means something on its own link only. */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}
