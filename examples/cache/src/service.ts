/** A cache that is spread over the members of a cluster. This is the file to copy. */
import { createServer, type Server } from 'node:http'
import { Cluster, type ClusterOptions } from 'libring'
import { createRouter, type Router } from 'libring/http'

/** A member that keeps what it owns, and sends on what is about other keys. */
export function createCache(
  /** Asks whoever knows. Slow, or dear, or both. */
  load: (path: string) => Promise<string>,
  options: ClusterOptions,
): { readonly cluster: Cluster; readonly router: Router; readonly server: Server } {
  /** By partition and path. What is still being loaded is there already, as a promise. */
  const kept = new Map<number, Map<string, Promise<string>>>()

  function read(partition: number, path: string): Promise<string> {
    const entries = kept.get(partition)!
    const found = entries.get(path)
    if (found !== undefined) return found
    const loading = load(path)
    entries.set(path, loading)
    // What could not be loaded is tried again by whoever asks next.
    loading.catch(() => entries.delete(path))
    return loading
  }

  const cluster = new Cluster({
    ...options,
    // One owner for each partition, and no copies: so there is nothing but taking and letting go.
    redundancy: 1,
    onAcquire: ({ partition }) => {
      kept.set(partition, new Map())
    },
    onRelease: ({ partition }) => {
      kept.delete(partition)
    },
  })

  const router = createRouter(cluster, {
    keyOf: ({ url }) => url,
    // Called at the owner of the path only, whichever member the request came in at.
    serve: async ({ url }, response, { partition }) => {
      const isHit = kept.get(partition)!.has(url!)
      const body = await read(partition, url!)
      response.setHeader('x-cache', isHit ? 'hit' : 'miss')
      response.setHeader('x-served-by', cluster.localName)
      response.end(body)
    },
  })
  const server = createServer()
  router.attach(server)
  return { cluster, router, server }
}
