import { addressText, type Address, type HostAndPort } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'
import type { HostOutcome } from './bootstrap.ts'

/** How long the other hosts wait for one that is not resolved. */
const LOOKUP_MS_MAX: Millis = 5_000

const TOO_LATE: Resolution = { error: new Error(`no answer within ${LOOKUP_MS_MAX / 1_000} s`) }

/**
 * Resolve all hosts side by side; `onOutcomes` hears once, when the last answer is there, or after five
 * seconds. What comes later is lost.
 */
export function lookUpAll(
  hosts: readonly HostAndPort[],
  means: { readonly resolver: Resolver; readonly clock: Clock },
  onOutcomes: (outcomes: readonly HostOutcome[]) => void,
): void {
  const { resolver, clock } = means
  const outcomes = hosts.map((host) => outcomeOf(host, TOO_LATE))
  let missing = hosts.length
  const deadline = clock.at(clock.nowMs() + LOOKUP_MS_MAX, () => {
    missing = 0
    onOutcomes(outcomes)
  })
  for (const [index, host] of hosts.entries()) {
    resolver.resolve(host.host, (resolution) => {
      if (missing === 0) return
      outcomes[index] = outcomeOf(host, resolution)
      missing--
      if (missing > 0) return
      deadline.cancel()
      onOutcomes(outcomes)
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
