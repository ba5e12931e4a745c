import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { RoutedRequest } from './options.ts'
import { FieldNames, listedNames } from './field-names.ts'

/** Says of a request that a member forwarded it, and how. */
export const FORWARD_HEADER = 'libring-forward'

// What is about one connection, what is answered here, and what we say ourselves.
const LEFT_OUT = new FieldNames([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  FORWARD_HEADER,
])

/** Who a request is from and for, as whoever forwarded it before says. */
const PROVENANCE_NAMES = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']
const PROVENANCE = new FieldNames(PROVENANCE_NAMES)

const SURVEYED = new FieldNames([
  ...PROVENANCE_NAMES,
  FORWARD_HEADER,
  'content-length',
  'transfer-encoding',
])

/**
 * The fields of a request as they go to the owner, names and values in turn: without those of the
 * connection it came by, and with those that say where it came from.
 *
 * @param before whether to believe what others said of that, or to leave it out.
 */
export function requestHeaders(request: IncomingMessage, before: 'append' | 'replace'): string[] {
  const { rawHeaders } = request
  const headers: string[] = []
  let listed: readonly string[] | undefined
  let host = ''
  let earlier: Map<string, string> | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    const value = rawHeaders[at + 1]!
    if (LEFT_OUT.has(name)) {
      if (name.length === 10 && name.toLowerCase() === 'connection') {
        listed = [...(listed ?? []), ...listedNames(value)]
      }
    } else if (PROVENANCE.has(name)) {
      if (before === 'append') earlier = noted(earlier, name.toLowerCase(), value)
    } else {
      if (host === '' && name.length === 4 && name.toLowerCase() === 'host') host = value
      headers.push(name, value)
    }
  }
  if (listed !== undefined && listed.length > 0) removeListed(headers, listed)
  addProvenance(headers, request, host, earlier)
  return headers
}

function noted(
  earlier: Map<string, string> | undefined,
  name: string,
  value: string,
): Map<string, string> {
  const fields = earlier ?? new Map<string, string>()
  const known = fields.get(name)
  return fields.set(name, known === undefined ? value : `${known}, ${value}`)
}

/** Whoever sent the request wants these to go no further. */
function removeListed(headers: string[], listed: readonly string[]): void {
  let kept = 0
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    // Where a request is for, and how long it is, is for nobody to take away.
    const isKept = !listed.includes(name) || name === 'host' || name === 'content-length'
    if (!isKept) continue
    headers[kept] = headers[at]!
    headers[kept + 1] = headers[at + 1]!
    kept += 2
  }
  headers.length = kept
}

function addProvenance(
  headers: string[],
  request: IncomingMessage,
  host: string,
  earlier: ReadonlyMap<string, string> | undefined,
): void {
  const { socket } = request
  const address = socket.remoteAddress ?? 'unknown'
  const proto = (socket as TLSSocket).encrypted === true ? 'https' : 'http'
  const forIp = address.includes(':') ? `"[${address}]"` : address
  const forHost = /^[\w.:[\]-]+$/.test(host) ? `;host="${host}"` : ''
  const forwarded = `for=${forIp}${forHost};proto=${proto}`
  if (earlier === undefined) {
    headers.push('forwarded', forwarded, 'x-forwarded-for', address)
    headers.push('x-forwarded-host', host, 'x-forwarded-proto', proto)
    return
  }
  headers.push('forwarded', joined(earlier.get('forwarded'), forwarded))
  headers.push('x-forwarded-for', joined(earlier.get('x-forwarded-for'), address))
  headers.push('x-forwarded-host', earlier.get('x-forwarded-host') ?? host)
  headers.push('x-forwarded-proto', earlier.get('x-forwarded-proto') ?? proto)
}

function joined(earlier: string | undefined, value: string): string {
  return earlier === undefined ? value : `${earlier}, ${value}`
}

/** What is asked for, though a framework may have cut off where it is mounted. */
export function targetOf({ originalUrl, url }: RoutedRequest): string {
  return originalUrl ?? url!
}

/** What the fields of a request say, before anything else is done with it. */
export interface Survey {
  /** The mark of a member that forwarded it, believed or not; empty where there is none. */
  mark: string
  /** Whether anything else is said of where it came from. */
  hasProvenance: boolean
  /** Whether a body follows. */
  hasBody: boolean
}

/** Looked at for every request, so without building the object of its fields. */
export function surveyOf({ rawHeaders }: IncomingMessage): Survey {
  const survey: Survey = { mark: '', hasProvenance: false, hasBody: false }
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (!SURVEYED.has(name)) continue
    const lower = name.toLowerCase()
    if (lower === FORWARD_HEADER) survey.mark = rawHeaders[at + 1]!
    else if (lower === 'content-length') survey.hasBody ||= rawHeaders[at + 1] !== '0'
    else if (lower === 'transfer-encoding') survey.hasBody = true
    else survey.hasProvenance = true
  }
  return survey
}

/** Take away where a request says to be from. What was sent stays in `rawHeaders`. */
export function stripProvenance({ headers }: IncomingMessage): void {
  for (const name of PROVENANCE_NAMES) delete headers[name]
}
