import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { getConnInfo } from '@hono/node-server/conninfo'
import { RequestRate } from './limits.ts'
import { Problem } from './problem.ts'
import { bearsToken } from './token.ts'

/** Names under which browsers cannot be led to us by somebody else's name server. */
function isLoopback(name: string): boolean {
  if (name === 'localhost' || name === '[::1]') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

/** The host of a Host header, without its port. */
function hostName(header: string): string | undefined {
  return /^(\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(:\d{1,5})?$/i.exec(header)?.[1]?.toLowerCase()
}

export interface GuardOptions {
  /** Host names besides those of loopback by which the agent may be called. */
  readonly allowedHosts: readonly string[]
  readonly requestsPerSecond: number
}

/** Refuses browsers, other hosts' names and floods, before anything is read. */
export function guard(options: GuardOptions): MiddlewareHandler {
  const { allowedHosts, requestsPerSecond } = options
  const rate = new RequestRate(requestsPerSecond)
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()))
  return async (c, next) => {
    if (!rate.allows(getConnInfo(c).remote.address ?? '')) {
      c.header('retry-after', '1')
      throw new Problem(429, 'too_many_requests', `more than ${requestsPerSecond} in a second`)
    }
    const host = hostName(c.req.header('host') ?? '')
    if (host === undefined || !(isLoopback(host) || allowed.has(host))) {
      throw new Problem(421, 'host_refused', 'the Host header names none of the allowed hosts')
    }
    const site = c.req.header('sec-fetch-site')
    const isForeign = site !== undefined && site !== 'none' && site !== 'same-origin'
    if (c.req.header('origin') !== undefined || isForeign) {
      throw new Problem(403, 'browser_refused', 'pages of other sites may not call the agent')
    }
    await next()
    c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
  }
}

/** Lets pass who bears the token. */
export function authorized(token: string): MiddlewareHandler {
  return async (c, next) => {
    if (!bearsToken(c.req.header('authorization'), token)) {
      c.header('www-authenticate', 'Bearer')
      throw new Problem(401, 'unauthorized', 'needs the header Authorization: Bearer <token>')
    }
    await next()
  }
}
