/** So many requests for each customer, counted at one member. This is the file to copy. */
import { createServer, type Server } from 'node:http'
import { Cluster, type ClusterOptions } from 'libring'
import { createRouter, type Router } from 'libring/http'
import { Counts } from './counts.ts'

export interface Limits {
  readonly limit: number
  readonly windowMs: number
}

/** A member that counts for the customers it owns, and sends on what is about others. */
export function createLimiter(
  { limit, windowMs }: Limits,
  options: ClusterOptions,
): { readonly cluster: Cluster; readonly router: Router; readonly server: Server } {
  /** By partition: what this member counts. */
  const counted = new Map<number, Counts>()

  const cluster = new Cluster({
    ...options,
    // One owner for each partition, and no copies: so there is nothing but taking and letting go.
    redundancy: 1,
    // What the last owner has counted, if it could still say so.
    onAcquire: ({ partition, state }) => {
      counted.set(partition, new Counts(state))
    },
    // What is returned here is what the next owner gets as `state`.
    onRelease: ({ partition }) => {
      const counts = counted.get(partition)
      counted.delete(partition)
      return counts?.pack()
    },
  })

  const router = createRouter(cluster, {
    keyOf: (request) => request.headers['x-customer']?.toString(),
    // While a customer moves from one member to another, requests wait for that rather than fail.
    acquireWaitMs: 10_000,
    failoverWaitMs: 10_000,
    // Called at the owner of the customer only, whichever member the request came in at.
    serve: (_request, response, { key, partition }) => {
      const verdict = counted.get(partition)!.take(String(key), limit, windowMs)
      response.setHeader('ratelimit-remaining', verdict.left)
      response.statusCode = verdict.isAllowed ? 200 : 429
      if (!verdict.isAllowed) response.setHeader('retry-after', verdict.resetAt.toUTCString())
      response.end()
    },
  })
  const server = createServer()
  router.attach(server)
  return { cluster, router, server }
}
