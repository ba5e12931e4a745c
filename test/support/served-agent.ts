import { Cluster, type ClusterOptions } from 'libring'
import { Consumers } from '../../packages/agent/src/consumers/consumers.ts'
import {
  serveHttpApi,
  type HttpApi,
  type HttpApiOptions,
} from '../../packages/agent/src/http-api/serve.ts'

export const TOKEN = 'a-token-for-tests-only'
export const BEARER: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` }

const RING = { partitions: 16 } as const

/** What an agent does for its HTTP API: a cluster that takes part while a consumer is attached. */
export interface ServedAgent extends AsyncDisposable {
  readonly cluster: Cluster
  readonly api: HttpApi
  readonly consumers: Consumers
}

export interface ServedAgentOptions {
  readonly name: string
  /** Address of its own, `host:port`. */
  readonly bind: string
  readonly bootstrapHosts?: readonly string[]
  readonly cluster?: ClusterOptions
  readonly api?: Partial<HttpApiOptions>
}

export async function startServedAgent(options: ServedAgentOptions): Promise<ServedAgent> {
  const tags = { role: 'worker' }
  const consumers = new Consumers({
    onAttached: (isAttached) => {
      const own = isAttached ? { ...tags, consumer: 'yes' } : tags
      cluster.setTags(own).catch(() => {})
    },
  })
  const cluster = new Cluster({
    hostName: options.name,
    ...RING,
    watchTags: { consumer: /^yes$/ },
    settleMs: 100,
    bootstrapTimeoutMs: 1_000,
    bootstrapHosts: options.bootstrapHosts ?? [],
    serf: {
      bind: options.bind,
      tags,
      profile: 'local',
      probeIntervalMs: 200,
      probeTimeoutMs: 100,
      leavePropagateDelayMs: 100,
    },
    ...options.cluster,
    ...consumers.handlers,
  })
  await cluster.start()
  const api = await serveHttpApi({
    cluster,
    consumers,
    ring: RING,
    token: TOKEN,
    port: 0,
    ...options.api,
  })
  return {
    cluster,
    api,
    consumers,
    async [Symbol.asyncDispose]() {
      await api.close()
      await cluster.stop({ signal: AbortSignal.abort() })
    },
  }
}
