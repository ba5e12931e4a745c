/** Names to IP addresses. */
export interface Resolver {
  /**
   * Every address of `name`, IPv4 and IPv6, canonical text, in no particular order; an IP
   * address resolves to itself. Rejects when the name is unknown or the server is silent.
   */
  resolve(name: string): Promise<readonly string[]>
}
