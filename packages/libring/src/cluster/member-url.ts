import { canonicalIp } from '../base/address.ts'
import type { Member } from '../base/member.ts'

/** The tag that says where a member serves HTTP. */
export const HTTP_TAG = 'http'

/**
 * Where a member serves requests, without a trailing slash: from its tag `http`, which holds a
 * port of its own address, or a whole `http:` or `https:` URL.
 *
 * Tags are written by whoever joins the cluster, so a URL that leads to another host is believed
 * only where the caller allows it: requests may carry secrets.
 */
export function memberUrl(
  member: Pick<Member, 'host' | 'tags'>,
  foreignHosts: 'allow' | 'refuse',
): string | undefined {
  const text = Object.hasOwn(member.tags, HTTP_TAG) ? member.tags[HTTP_TAG]! : ''
  if (/^\d{1,5}$/.test(text)) {
    const port = Number(text)
    if (port < 1 || port > 65_535) return undefined
    return `http://${bracketed(member.host)}:${port}`
  }
  const url = parseUrl(text)
  if (url === undefined) return undefined
  if (foreignHosts === 'refuse' && !isSameHost(url.hostname, member.host)) return undefined
  return url.href.replace(/\/+$/, '')
}

function parseUrl(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isPlain ? url : undefined
}

function isSameHost(urlHost: string, memberHost: string): boolean {
  const host = urlHost.replace(/^\[|\]$/g, '')
  return (canonicalIp(host) ?? host) === (canonicalIp(memberHost) ?? memberHost)
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
