/** A router in front of servers that know nothing of it. This is the file to copy. */
import { createServer, type Server } from 'node:http'
import { Cluster } from 'libring'
import { createRouter, type Router } from 'libring/http'
import type { GossipOptions } from 'libring/serf'

/** A router that sends each path to one of the servers whose `serf agent` has the tag `role=shop`. */
export function createShopRouter(serf: GossipOptions): {
  readonly cluster: Cluster
  readonly router: Router
  readonly server: Server
} {
  const cluster = new Cluster({
    // Those who have this tag take part. The router has not: it sees the ring, and owns nothing.
    watchTags: { role: /^shop$/ },
    // Plain agents say nothing of rings. Take them nevertheless.
    acceptUntagged: true,
    // Where only routers have to agree, this moves the fewest keys.
    assignment: 'rendezvous',
    partitions: 256,
    redundancy: 1,
    settleMs: 300,
    serf,
  })
  const router = createRouter(cluster, {
    keyOf: ({ url }) => url?.split('?', 1)[0],
    // Never called: nothing is served here.
    serve: (_request, response) => response.writeHead(500).end(),
    // When a server has just died, wait until another one has its keys.
    failoverWaitMs: 30_000,
  })
  const server = createServer()
  router.attach(server)
  return { cluster, router, server }
}
