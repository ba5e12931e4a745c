/** One router: a process that sees who is there, by gossip with the agents. */
import { stagedMember, tellUp } from 'libring-example-stage/member'
import { createShopRouter } from './service.ts'

const { http, serf, setting } = stagedMember()

const { cluster, router, server } = createShopRouter(serf)
server.listen(http.port, http.host)
cluster.ready({ members: Number(setting('shops')) }).then(tellUp, () => {})
await cluster.run({ signals: ['SIGTERM'] })
await router.shutdown(server)
