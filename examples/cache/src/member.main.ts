/** One member: a process that answers from its cache, or asks the origin. */
import { stagedMember, tellHoldings } from 'libring-example-stage/member'
import { createCache } from './service.ts'

const { http, serf, setting } = stagedMember()

const { cluster, router, server } = createCache(
  async (path) => {
    const response = await fetch(new URL(path, setting('origin')))
    return await response.text()
  },
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
await router.shutdown(server)
