import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { canonicalIp } from '../base/address.ts'

/** An address of one network interface, as `node:os` has it. */
export interface InterfaceAddress {
  readonly address: string
  readonly internal: boolean
}

/** Addresses of all interfaces, in the order of the operating system. */
export function localAddresses(): readonly InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
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
  const usable: Candidate[] = []
  for (const { address, internal } of addresses) {
    const host = canonicalIp(address)
    if (host === undefined || (wildcard === '0.0.0.0' && host.includes(':'))) continue
    usable.push({ host, internal, range: ipaddr.parse(host).range() })
  }
  const chosen =
    usable.find(isPrivateIpv4) ??
    usable.find((candidate) => isReachable(candidate) && !candidate.host.includes(':')) ??
    usable.find(isReachable) ??
    usable.find(({ internal }) => internal)
  return chosen?.host ?? '127.0.0.1'
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
