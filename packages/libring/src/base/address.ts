/** Where packets and streams go: an IP address as text, and one port for both. */
export interface Address {
  /** IPv4 dotted, or IPv6 in its shortest form without brackets. Never a name. */
  readonly host: string
  /** 1 to 65,535; 0 only where a bind asks for any free port. */
  readonly port: number
}

/** `10.0.0.1:7946` or `[::1]:7946`. Equal text, equal address. */
export function addressText(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

export function sameAddress(left: Address, right: Address): boolean {
  return left.port === right.port && left.host === right.host
}

/** A host and, where one was given, a port. The host may be a name. */
export interface HostAndPort {
  readonly host: string
  readonly port: number | undefined
}

/**
 * Split `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
 * `undefined` for anything else: an empty host, blanks, a port outside 0 to 65,535, digits and
 * dots that are no IPv4 address, an IPv6 address with a zone.
 */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const match = /^(?:\[([^\]\s]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) {
    return ipToBytes(text)?.length === 16 ? { host: text, port: undefined } : undefined
  }
  const [, bracketed, plain, digits] = match
  if (bracketed !== undefined && ipToBytes(bracketed)?.length !== 16) return undefined
  // As in URLs: no name looks like this, so it is an address with a mistake in it.
  if (plain !== undefined && /^[\d.]+$/.test(plain) && ipToBytes(plain) === undefined)
    return undefined
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && port > 65_535) return undefined
  return { host: (bracketed ?? plain)!, port }
}

/** Whether a name is that of a service, as SRV records have it (RFC 2782): `_serf._udp.example.com`. */
export function isServiceName(name: string): boolean {
  return /^_[^.]+\._(tcp|udp)\../i.test(name)
}

/** 4 or 16 bytes, network order, or `undefined` when `text` is not an IP address. */
export function ipToBytes(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6ToBytes(text) : ipv4ToBytes(text)
}

/**
 * Canonical text of 4 or 16 bytes; `undefined` for any other length. An IPv4 address in its
 * 16-byte mapped form gives the dotted text, since it is the same place.
 */
export function ipFromBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return undefined
  if (isMappedIpv4(bytes)) return bytes.subarray(12).join('.')
  return ipv6Text(bytes)
}

/** The canonical text of an IP address, or `undefined` when it is not one. */
export function canonicalIp(text: string): string | undefined {
  const bytes = ipToBytes(text)
  return bytes === undefined ? undefined : ipFromBytes(bytes)
}

function ipv4ToBytes(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined
  }
  return Uint8Array.from(parts, Number)
}

function ipv6ToBytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupBytes(halves[0]!, halves.length === 1)
  const tail = halves.length === 2 ? groupBytes(halves[1]!, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return Uint8Array.from([...head, ...Array.from({ length: missing }, () => 0), ...tail])
}

/** Bytes of colon-separated groups; the last may be a dotted IPv4 address when `mayEndDotted`. */
function groupBytes(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    if (mayEndDotted && index === groups.length - 1 && group.includes('.')) {
      const dotted = ipv4ToBytes(group)
      if (dotted === undefined) return undefined
      bytes.push(...dotted)
      continue
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    bytes.push(value >>> 8, value & 0xff)
  }
  return bytes
}

function isMappedIpv4(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)
  let runAt = -1
  let runLength = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > runLength) {
      runAt = i
      runLength = end - i
    }
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return runAt < 0 ? text(0, 8) : `${text(0, runAt)}::${text(runAt + runLength, 8)}`
}
