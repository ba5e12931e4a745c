import { isIP, isIPv4 } from 'node:net'
import type { ResponseOutgoingPacket } from 'multicast-dns'

/** What a member says of itself by multicast DNS, as Serf's agents do. */
export interface Advert {
  /** `_serf_<cluster>._tcp.local`. */
  readonly service: string
  /** The name of the member below that. */
  readonly instance: string
  /** Where it gossips: an IP address. */
  readonly host: string
  readonly port: number
  /** For people who look. */
  readonly text: string
}

/** A record of an answer, as far as it matters here. */
export interface DnsRecord {
  readonly name: string
  readonly type: string
  readonly data: unknown
}

interface SrvData {
  readonly target: string
  readonly port: number
}

/** For so long others may keep what they were told, in seconds. */
const TTL_S = 120
/** Most bytes of one part of a name. */
const LABEL_BYTES_MAX = 63

export function serviceOf(cluster: string): string {
  return `_serf_${cluster}._tcp.local`
}

/** @param node a name of any kind; what a name of the DNS cannot have is left out of the advert. */
export function advertOf(
  cluster: string,
  node: string,
  { host, port }: { readonly host: string; readonly port: number },
): Advert {
  const service = serviceOf(cluster)
  const label = node.replaceAll(/[^\w-]+/g, '-').slice(0, LABEL_BYTES_MAX)
  return { service, instance: `${label}.${service}`, host, port, text: `Serf '${cluster}' cluster` }
}

/** All that whoever looks for the service wants to know, in one answer. */
export function recordsOf(advert: Advert): ResponseOutgoingPacket['answers'] {
  const { service, instance, host, port, text } = advert
  const ttl = TTL_S
  const address = isIPv4(host) ? 'A' : 'AAAA'
  return [
    { name: service, type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, data: { target: instance, port, priority: 10, weight: 1 } },
    { name: instance, type: address, ttl, data: host },
    { name: instance, type: 'TXT', ttl, data: text },
  ]
}

/** Whether any of the questions is for the service, or the member. */
export function isAskedFor(
  { service, instance }: Advert,
  questions: readonly { readonly name: string }[],
): boolean {
  return questions.some(({ name }) => isSame(name, service) || isSame(name, instance))
}

/** Where the members of a service gossip, by the records of one answer: `host:port`, each once. */
export function addressesIn(service: string, records: readonly DnsRecord[]): readonly string[] {
  const found = new Set<string>()
  for (const { name, type, data } of records) {
    if (type !== 'SRV' || !isBelow(name, service) || !isSrvData(data)) continue
    for (const record of records) {
      const isAddress = record.type === 'A' || record.type === 'AAAA'
      if (!isAddress || !isSame(record.name, data.target) || !isAddressText(record.data)) continue
      found.add(addressText(record.data, data.port))
    }
  }
  return [...found]
}

export function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isSrvData(data: unknown): data is SrvData {
  if (typeof data !== 'object' || data === null) return false
  const { target, port } = data as Partial<SrvData>
  return typeof target === 'string' && typeof port === 'number' && port > 0
}

function isAddressText(data: unknown): data is string {
  return typeof data === 'string' && isIP(data) !== 0
}

/** Names of the DNS are the same in either case, with their last dot or without. */
function isSame(left: string, right: string): boolean {
  return plain(left) === plain(right)
}

function isBelow(name: string, parent: string): boolean {
  return plain(name).endsWith(`.${plain(parent)}`)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
