/**
 * One member of the cluster: an HTTP server that answers for the paths it owns and forwards the
 * others to their owners. See the README beside this folder for three of them in three terminals.
 */
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { Cluster } from 'libring'
import { createHandler, pathOf } from './handler.ts'

const { values: args } = parseArgs({
  options: {
    name: { type: 'string', default: hostname() },
    bind: { type: 'string', default: '127.0.0.1:7946' },
    http: { type: 'string', default: '127.0.0.1:8080' },
    join: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string', default: 'lan' },
  },
})
const http = new URL(`http://${args.http}`)

const cluster = new Cluster({
  // Members whose tag `ring` says so take part; others in the same Serf cluster do not.
  watchTags: { ring: /^active$/ },
  bootstrapHosts: args.join,
  hostName: args.name,
  partitions: 2056,
  redundancy: 2,
  serf: {
    bind: args.bind,
    profile: args.profile === 'local' ? 'local' : 'lan',
    // `http` is the port of this member's server: what `owner.url` is made of elsewhere.
    tags: { ring: 'active', http: http.port },
  },
})

const server = createServer(
  createHandler(cluster, (request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.end(`${pathOf(request)} is served by ${args.name}\n`)
  }),
)
server.listen({ host: http.hostname, port: Number(http.port) }, () => {
  console.log(`${args.name} listens on ${http.origin}`)
})

await cluster.run({ signals: ['SIGINT', 'SIGTERM'] })
server.close()
server.closeAllConnections()
