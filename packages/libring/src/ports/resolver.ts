/** What became of a name: its addresses, at least one, or why there are none. */
export type Resolution =
  { readonly addresses: readonly string[] } | { readonly error: Error; readonly addresses?: never }

/** Names to IP addresses. */
export interface Resolver {
  /**
   * Every address of `name`, IPv4 and IPv6, canonical text, in no particular order; an IP
   * address resolves to itself.
   *
   * @param onResult called once, never from within this call, or never when the server is silent.
   */
  resolve(name: string, onResult: (resolution: Resolution) => void): void
}
