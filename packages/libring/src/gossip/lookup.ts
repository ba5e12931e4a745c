import { addressText, type Address, type HostAndPort } from '../base/address.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'
import type { HostOutcome } from './bootstrap.ts'

/** Resolve all hosts side by side; `onOutcomes` hears once, when the last answer is there. */
export function lookUpAll(
  resolver: Resolver,
  hosts: readonly HostAndPort[],
  onOutcomes: (outcomes: readonly HostOutcome[]) => void,
): void {
  const outcomes: HostOutcome[] = []
  let missing = hosts.length
  for (const [index, host] of hosts.entries()) {
    resolver.resolve(host.host, (resolution) => {
      outcomes[index] = outcomeOf(host, resolution)
      missing--
      if (missing === 0) onOutcomes(outcomes)
    })
  }
}

/** Every address that was found, once. */
export function addressesOf(outcomes: readonly HostOutcome[], defaultPort: number): Address[] {
  const found = new Map<string, Address>()
  for (const { host, addresses } of outcomes) {
    for (const address of addresses) {
      const seed = { host: address.host, port: address.port ?? host.port ?? defaultPort }
      found.set(addressText(seed), seed)
    }
  }
  return [...found.values()]
}

function outcomeOf(host: HostAndPort, resolution: Resolution): HostOutcome {
  if ('error' in resolution) return { host, addresses: [], reason: resolution.error.message }
  return { host, addresses: resolution.addresses, reason: undefined }
}
