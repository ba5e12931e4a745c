import type { HostAndPort } from '../base/address.ts'

/** What became of a name: its addresses, at least one, or why there are none. */
export type Resolution =
  | {
      /** IP addresses, canonical text; with a port where the name is that of a service. */
      readonly addresses: readonly HostAndPort[]
    }
  | { readonly error: Error; readonly addresses?: never }

/** Names to IP addresses. */
export interface Resolver {
  /**
   * Every address of `name`, IPv4 and IPv6, in no particular order; an IP address resolves to
   * itself, a service name as of RFC 2782 to the addresses and ports of those who offer it.
   *
   * @param onResult called once, never from within this call, or never when the server is silent.
   */
  resolve(name: string, onResult: (resolution: Resolution) => void): void
}
