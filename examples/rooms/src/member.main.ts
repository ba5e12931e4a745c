/** One member: a process that is the host of some rooms. */
import { stagedMember, tellHoldings } from 'libring-example-stage/member'
import { createRooms } from './service.ts'

const { http, serf, setting } = stagedMember()

const { cluster, router, server } = createRooms({
  partitions: Number(setting('partitions')),
  redundancy: 1,
  // Short, because nobody wants to watch a demonstration for long.
  settleMs: 300,
  // The tag `http` tells the others where this member serves.
  serf: { ...serf, tags: { http: `${http.port}` } },
})
server.listen(http.port, http.host)
tellHoldings(cluster)
await cluster.run({ signals: ['SIGTERM'] })
// Connections that were passed on from here are cut; their clients come back elsewhere.
await router.shutdown(server)
