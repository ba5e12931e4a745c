import { addressText, canonicalIp, parseHostAndPort, type Address } from '../base/address.ts'
import { utf8Length } from '../base/bytes.ts'
import { LTIME_LIMIT } from './lamport.ts'

/** Serf's three clocks, by their names in a snapshot: intents, user events, queries. */
export const SNAPSHOT_CLOCKS = ['clock', 'event-clock', 'query-clock'] as const

export type SnapshotClock = (typeof SNAPSHOT_CLOCKS)[number]

/** What one line of a snapshot says. */
export type SnapshotRecord =
  | { readonly type: 'alive'; readonly name: string; readonly address: Address }
  /** Failed, or left. */
  | { readonly type: 'not-alive'; readonly name: string }
  /** The last time seen. */
  | { readonly type: SnapshotClock; readonly ltime: bigint }
  /** The local member left. */
  | { readonly type: 'leave' }
  /** Nothing to be remembered: a comment, or what Serf once wrote. */
  | { readonly type: 'nothing' }

/** Most bytes of a name that is kept. */
const NAME_BYTES_MAX = 128

/**
 * The line of a record, without the end of line; `undefined` for a name that would be read as
 * another one, or as further lines. Others choose their names, not we.
 */
export function snapshotLine(record: SnapshotRecord): string | undefined {
  switch (record.type) {
    case 'alive':
      if (!isKeepable(record.name)) return undefined
      return `alive: ${record.name} ${addressText(record.address)}`
    case 'not-alive':
      return isKeepable(record.name) ? `not-alive: ${record.name}` : undefined
    case 'clock':
    case 'event-clock':
    case 'query-clock':
      return `${record.type}: ${record.ltime}`
    case 'leave':
      return 'leave'
    case 'nothing':
      return '#'
  }
}

/** What a line says; `undefined` when it is none of a snapshot. Never throws. */
export function parseSnapshotLine(line: string): SnapshotRecord | undefined {
  if (line === 'leave') return { type: 'leave' }
  if (line.startsWith('#')) return { type: 'nothing' }
  const colon = line.indexOf(': ')
  const type = colon < 0 ? line : line.slice(0, colon)
  const rest = line.slice(colon + 2)
  switch (type) {
    case 'alive':
      return parseAlive(rest)
    case 'not-alive':
      return isKeepable(rest) ? { type, name: rest } : undefined
    case 'clock':
    case 'event-clock':
    case 'query-clock':
      return parseClock(type, rest)
    case 'coordinate':
      return { type: 'nothing' }
    default:
      return undefined
  }
}

/** A name may hold blanks, an address may not. */
function parseAlive(text: string): SnapshotRecord | undefined {
  const blank = text.lastIndexOf(' ')
  const name = text.slice(0, Math.max(blank, 0))
  const place = parseHostAndPort(text.slice(blank + 1))
  const host = place === undefined ? undefined : canonicalIp(place.host)
  const port = place?.port ?? 0
  if (!isKeepable(name) || host === undefined || port === 0) return undefined
  return { type: 'alive', name, address: { host, port } }
}

function parseClock(type: SnapshotClock, text: string): SnapshotRecord | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined
  const ltime = BigInt(text)
  return ltime < LTIME_LIMIT ? { type, ltime } : undefined
}

function isKeepable(name: string): boolean {
  return name !== '' && !name.includes('\n') && utf8Length(name) <= NAME_BYTES_MAX
}
