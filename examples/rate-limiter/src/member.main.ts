/** One member: a process that answers whether a customer may. */
import { stagedMember, tellHoldings } from 'libring-example-stage/member'
import { createLimiter } from './service.ts'

const { http, serf, setting } = stagedMember()

const { cluster, router, server } = createLimiter(
  { limit: Number(setting('limit')), windowMs: Number(setting('windowMs')) },
  {
    partitions: Number(setting('partitions')),
    // Short, because nobody wants to watch a demonstration for long.
    settleMs: 300,
    // The tag `http` tells the others where this member serves.
    serf: { ...serf, tags: { http: `${http.port}` } },
  },
)
server.listen(http.port, http.host)
tellHoldings(cluster)
await cluster.run({ signals: ['SIGTERM'] })
// What is here by now is answered; whoever comes later finds another member.
await router.shutdown(server)
