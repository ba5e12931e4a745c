import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { canonicalIp } from '../base/address.ts'

/** An address of one network interface, as `node:os` has it. */
export interface InterfaceAddress {
  /** Name of the interface, such as `eth0`. */
  readonly interface: string
  readonly address: string
  readonly internal: boolean
}

/** Addresses of all interfaces, in the order of the operating system. */
export function localAddresses(): readonly InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address, internal }) => ({ interface: name, address, internal })),
  )
}

/**
 * The address to tell others when bound to a wildcard: the first private IPv4 address, else
 * the first other one that can be reached from outside, else the loopback.
 *
 * @param wildcard `0.0.0.0`, which hears IPv4 only, or `::`, which hears both.
 */
export function detectAdvertiseHost(
  wildcard: string,
  addresses: readonly InterfaceAddress[] = localAddresses(),
): string {
  const usable = candidates(addresses, wildcard !== '0.0.0.0')
  const chosen =
    usable.find(isPrivateIpv4) ??
    usable.find((candidate) => isReachable(candidate) && !candidate.host.includes(':')) ??
    usable.find(isReachable) ??
    usable.find(({ internal }) => internal)
  return chosen?.host ?? '127.0.0.1'
}

/**
 * The address of one interface to tell others: its first IPv4 address, else its first IPv6 address
 * if the node hears that. `undefined` when there is none.
 *
 * @param bound the address that the node is bound to.
 */
export function interfaceHost(
  bound: string,
  name: string,
  addresses: readonly InterfaceAddress[] = localAddresses(),
): string | undefined {
  const own = addresses.filter((address) => address.interface === name)
  const usable = candidates(own, bound.includes(':')).filter(({ range }) => range !== 'linkLocal')
  const isIpv4 = ({ host }: Candidate): boolean => !host.includes(':')
  // Bound to one IPv6 address, it hears nothing else.
  const hearsIpv4 = bound === '::' || !bound.includes(':')
  return (
    (hearsIpv4 ? usable.find(isIpv4) : undefined)?.host ?? usable.find((one) => !isIpv4(one))?.host
  )
}

function candidates(
  addresses: readonly InterfaceAddress[],
  hearsIpv6: boolean,
): readonly Candidate[] {
  const usable: Candidate[] = []
  for (const { address, internal } of addresses) {
    const host = canonicalIp(address)
    if (host === undefined || (!hearsIpv6 && host.includes(':'))) continue
    usable.push({ host, internal, range: ipaddr.parse(host).range() })
  }
  return usable
}

interface Candidate {
  readonly host: string
  readonly internal: boolean
  readonly range: string
}

function isPrivateIpv4({ internal, host, range }: Candidate): boolean {
  return !internal && !host.includes(':') && (range === 'private' || range === 'carrierGradeNat')
}

/** Link-local addresses need an interface name beside them, which gossip cannot carry. */
function isReachable({ internal, range }: Candidate): boolean {
  return !internal && range !== 'linkLocal'
}
