/**
 * One member of the cluster: an HTTP server that answers for the paths it owns and forwards the
 * others to their owners. See the README beside this folder for three of them in three terminals.
 */
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { Cluster } from 'libring'
import { createRouter } from 'libring/http'

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

const router = createRouter(cluster, {
  // Requests for one path are for one member, whatever comes after the question mark.
  keyOf: (request) => request.url?.split('?', 1)[0],
  serve: (_request, response, { key }) => {
    response.setHeader('content-type', 'text/plain')
    response.end(`${String(key)} is served by ${args.name}\n`)
  },
})
const server = createServer()
router.attach(server)
server.listen({ host: http.hostname, port: Number(http.port) }, () => {
  console.log(`${args.name} listens on ${http.origin}`)
})

await cluster.run({ signals: ['SIGINT', 'SIGTERM'] })
await router.shutdown(server)
