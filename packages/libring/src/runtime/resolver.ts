import { lookup } from 'node:dns'
import { canonicalIp } from '../base/address.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'

/**
 * Names as the operating system resolves them: hosts file, search domains, DNS.
 *
 * A lookup under way cannot be called off, and keeps the process alive until the system's
 * own timeout.
 */
export class SystemResolver implements Resolver {
  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    const ip = canonicalIp(name)
    if (ip !== undefined) {
      queueMicrotask(() => onResult({ addresses: [ip] }))
      return
    }
    lookup(name, { all: true, verbatim: true }, (error, found) => {
      if (error !== null) return onResult({ error })
      const addresses = new Set<string>()
      for (const { address } of found) {
        // A scoped IPv6 address (fe80::1%eth0) means nothing to another machine.
        const canonical = canonicalIp(address)
        if (canonical !== undefined) addresses.add(canonical)
      }
      if (addresses.size === 0) return onResult({ error: new Error(`${name} has no address`) })
      onResult({ addresses: [...addresses] })
    })
  }
}
