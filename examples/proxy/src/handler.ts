import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createProxyServer } from 'httpxy'
import type { Cluster } from 'libring'

/** Set on a request that was forwarded, so that it never is a second time. */
const FORWARDED_BY = 'x-forwarded-by'

/**
 * Answers every request at the owner of its path: here, with `serve`, when that is this member,
 * and by forwarding it there otherwise.
 */
export function createHandler(cluster: Cluster, serve: RequestListener): RequestListener {
  const proxy = createProxyServer({ xfwd: true })

  async function forward(
    request: IncomingMessage,
    response: ServerResponse,
    target: string,
  ): Promise<void> {
    try {
      await proxy.web(request, response, {
        target,
        headers: { [FORWARDED_BY]: cluster.localName },
      })
    } catch {
      // The owner has just gone: its partitions have another one in a moment.
      if (response.headersSent) response.destroy()
      else unavailable(response, 'the owner does not answer')
    }
  }

  return (request, response) => {
    const path = pathOf(request)
    const owner = cluster.ownerForKey(path)
    if (owner === undefined) return unavailable(response, 'no member serves yet')
    if (owner.name === cluster.localName) return serve(request, response)
    // Two members may differ for a moment about who owns what: no request goes round in circles.
    if (FORWARDED_BY in request.headers) return unavailable(response, 'the owner is changing')
    if (owner.url === undefined) return unavailable(response, `${owner.name} has no http tag`)
    void forward(request, response, owner.url)
  }
}

/** The path without the query: what a request is routed by. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!
}

function unavailable(response: ServerResponse, reason: string): void {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' })
  response.end(`${reason}\n`)
}
