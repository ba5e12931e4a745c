/** One server of the comparison in a process of its own: which one is its first argument. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { Cluster } from 'libring'
import { createRouter } from 'libring/http'
import httpProxy from 'http-proxy-3'
import { forwardByHand } from './by-hand.ts'
import type { ServerNews, ServerSetup } from './subjects.ts'

const setup = JSON.parse(process.argv[2]!) as ServerSetup
const tell = (news: ServerNews): void => void process.send?.(news)

/** What all of them come to in the end: read the body, and answer with some bytes. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => (bytes += chunk.length))
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(`{"path":"${request.url}","bytes":${bytes},"answer":"as good as any"}`)
  })
}

async function handlerOf(): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  switch (setup.kind) {
    case 'bare':
      return serve
    case 'undici':
      return forwardByHand(setup.upstream!)
    case 'http-proxy-3': {
      const proxy = httpProxy.createProxyServer({
        target: setup.upstream!,
        agent: new (await import('node:http')).Agent({ keepAlive: true }),
      })
      return (request, response) => proxy.web(request, response)
    }
    case 'libring':
      return ringHandler()
  }
}

async function ringHandler(): Promise<
  (request: IncomingMessage, response: ServerResponse) => void
> {
  const { host, port, join = [], secret } = setup
  const cluster = new Cluster({
    bootstrapHosts: join.map((each) => `${each}:7946`),
    settleMs: 100,
    serf: {
      bind: `${host}:7946`,
      hostName: host,
      tags: { http: String(port) },
    },
  })
  const router = createRouter(cluster, {
    keyOf: (request) => request.url,
    serve,
    maxEventLoopDelayMs: 0,
    ...(secret === undefined ? {} : { secret }),
  })
  await cluster.start()
  await cluster.ready({ members: 2, stableForMs: 500 })
  process.on('message', (paths: string[]) => void tellOwned(cluster, paths))
  const plain = createServer(serve).listen(port + 1, host)
  await once(plain, 'listening')
  return router
}

/** Which of the paths are served here, once any are. */
async function tellOwned(cluster: Cluster, paths: readonly string[]): Promise<void> {
  for (;;) {
    const owned = paths.filter(
      (path) => cluster.localRole(cluster.partitionForKey(path))?.isServing,
    )
    if (owned.length > 0) return tell({ type: 'owned', paths: owned })
    await passed(50)
  }
}

const server = createServer(await handlerOf())
server.listen(setup.port, setup.host)
await once(server, 'listening')
process.once('disconnect', () => process.exit())
tell({ type: 'listening' })
