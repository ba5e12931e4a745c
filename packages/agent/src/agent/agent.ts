import { randomBytes } from 'node:crypto'
import { Cluster } from 'libring'
import { serveRpc } from 'libring/serf'
import type { AgentConfig } from '../config/schema.ts'
import { Consumers } from '../consumers/consumers.ts'
import { serveHttpApi, type HttpApi } from '../http-api/serve.ts'
import { ScriptConsumer } from '../event-handlers/script-consumer.ts'
import { selfEnvironment, SerfHandlers } from '../event-handlers/serf-handlers.ts'
import { isForPartitions, parseHandlers, type HandlerSpec } from '../event-handlers/spec.ts'
import { readOrCreateToken } from '../http-api/token.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { hostAndPortOf, hostNamesOf } from './addresses.ts'
import { clusterOptionsOf, watchTagOf } from './cluster-options.ts'
import type { AgentLog } from './log.ts'
import { WatchedTag } from './watched-tag.ts'

const HTTP_PORT = 7_380
/** As in the library, where it is not set. */
const PARTITIONS = 512

/** How an agent ends: handing over first, or to be back under its name soon. */
export type Ending = 'drain' | 'return'

/**
 * One agent: a member of a cluster with its RPC, its HTTP API and its metrics, and whoever is
 * attached to it.
 */
export class Agent {
  readonly #cluster: Cluster
  readonly #config: AgentConfig
  readonly #log: AgentLog
  readonly #tag: WatchedTag
  readonly #consumers: Consumers
  readonly #version: string
  readonly #closers: (() => unknown)[] = []
  readonly #handlers: readonly HandlerSpec[]
  #scripts: SerfHandlers | undefined
  #api: HttpApi | undefined

  /** @throws {ConfigError} naming a handler that is none; {OptionError} naming the first option that the library refuses. */
  constructor(config: AgentConfig, log: AgentLog, version: string) {
    this.#config = config
    this.#log = log
    this.#version = version
    this.#handlers = config.event_handlers.flatMap(parseHandlers)
    const onError = (error: unknown): void => log.logger.error('tags were not set', { error })
    const consumers = new Consumers({ onAttached: (isAttached) => this.#tag.bear(isAttached) })
    this.#consumers = consumers
    this.#cluster = new Cluster({
      ...clusterOptionsOf(config),
      ...consumers.handlers,
      logger: log.logger,
    })
    this.#tag = new WatchedTag(this.#cluster, watchTagOf(config), config.tags, onError)
  }

  /**
   * Listen, and join. Rejects where an address cannot be bound, or nobody of `start_join` answers.
   *
   * @param onLeft called once somebody has had the node leave over its RPC, or drain over HTTP.
   * @param onToken hears of a token that was made, to show it once.
   */
  async start(onLeft: () => void, onToken: (token: string) => void): Promise<void> {
    const { rpc_addr, rpc_auth, start_join } = this.#config
    const { logger } = this.#log
    const cluster = this.#cluster
    const serf = cluster.serf!
    const metrics = createMetrics({
      cluster,
      serf,
      partitions: this.#config.ring.partitions ?? PARTITIONS,
      version: this.#version,
    })
    this.#closers.push(() => metrics.stop())
    serf.on('member-update', ({ members }) => {
      const own = members.find(({ name }) => name === serf.localName)
      if (own !== undefined) this.#tag.see(own.tags)
    })
    this.#scripts = new SerfHandlers(serf, this.#handlers, logger)
    await cluster.start()
    metrics.propagation?.start()
    const auth = rpc_auth === undefined ? {} : { authKey: rpc_auth }
    const rpc = await serveRpc(serf, {
      ...auth,
      rpcAddress: rpc_addr,
      log: logger,
      logger,
      onLeft,
    })
    this.#closers.push(() => rpc.close())
    await this.#serveHttp(metrics, onLeft, onToken)
    if (start_join.length > 0) await serf.join(start_join)
    if (this.#handlers.some(isForPartitions)) {
      const self = () => selfEnvironment(serf)
      this.#consumers.attach(new ScriptConsumer(this.#handlers, self))
    }
    const http = this.#api!.url
    logger.info('agent: running', { node: serf.localName, rpc: rpc_addr, http })
  }

  /**
   * What was read again: tags, but for the watched one, and scripts, but for those of partitions,
   * which stay as they are.
   *
   * @throws {ConfigError} naming a handler that is none.
   */
  async reload({ tags, event_handlers }: AgentConfig): Promise<void> {
    this.#scripts?.replace(event_handlers.flatMap(parseHandlers))
    await this.#tag.set(tags)
  }

  /** End in order. Whoever is attached is told to let go first. */
  async end(ending: Ending): Promise<void> {
    if (ending === 'drain') await this.#cluster.drain()
    else await this.#cluster.stop({ returning: true })
    await this.close()
  }

  /** The member has left: close what clients are connected to. */
  async close(): Promise<void> {
    await this.#api?.close()
    for (const close of this.#closers.splice(0).reverse()) await close()
    await this.#cluster.stop()
  }

  async #serveHttp(
    metrics: ReturnType<typeof createMetrics>,
    onLeft: () => void,
    onToken: (token: string) => void,
  ): Promise<void> {
    const { http_addr, http_token_file, consumer_timeout_ms, ring } = this.#config
    const { partitions, redundancy, assignment } = ring
    const cluster = this.#cluster
    const { host, port } = hostAndPortOf('http_addr', http_addr, HTTP_PORT)
    this.#api = await serveHttpApi({
      host,
      port,
      allowedHosts: hostNamesOf(host),
      cluster,
      consumers: this.#consumers,
      ring: {
        ...(partitions === undefined ? {} : { partitions }),
        ...(redundancy === undefined ? {} : { redundancy }),
        ...(assignment === undefined ? {} : { assignment }),
      },
      token: await tokenOf(http_token_file, onToken),
      consumerTimeoutMs: consumer_timeout_ms,
      metrics,
      setTags: (tags) => this.#tag.set(tags),
      drain: async () => {
        await cluster.drain()
        onLeft()
      },
      logger: this.#log.logger,
    })
  }
}

async function tokenOf(
  file: string | undefined,
  onToken: (token: string) => void,
): Promise<string> {
  if (file !== undefined) {
    return readOrCreateToken(file, onToken).catch((error: unknown) => {
      throw new Error(`http_token_file: ${(error as Error).message}`)
    })
  }
  const token = randomBytes(32).toString('base64url')
  onToken(token)
  return token
}
