import { randomBytes } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { Cluster } from 'libring'
import { serveRpc, type GossipNode } from 'libring/serf'
import type { AgentConfig } from '../config/schema.ts'
import { TagsFile } from '../config/tags-file.ts'
import { Discovery } from '../discovery/discovery.ts'
import { addressText, advertOf } from '../discovery/records.ts'
import { Consumers } from '../consumers/consumers.ts'
import { serveHttpApi, type HttpApi } from '../http-api/serve.ts'
import { ScriptConsumer } from '../event-handlers/script-consumer.ts'
import { selfEnvironment, SerfHandlers } from '../event-handlers/serf-handlers.ts'
import {
  handlersShown,
  isForPartitions,
  parseHandlers,
  type HandlerSpec,
} from '../event-handlers/spec.ts'
import { readOrCreateToken } from '../http-api/token.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { hostAndPortOf } from './addresses.ts'
import { clusterOptionsOf, watchTagOf } from './cluster-options.ts'
import { commandedNode } from './commanded-node.ts'
import { httpOptionsOf } from './http-options.ts'
import type { AgentLog } from './log.ts'
import { WatchedTag } from './watched-tag.ts'

const RPC_PORT = 7_373
/** As in the library, where it is not set. */
const PARTITIONS = 512

/** How an agent ends: handing over first, or to be back under its name soon. */
export type Ending = 'drain' | 'return'

/** What an agent tells the program that runs it. */
export interface AgentHooks {
  /** Somebody has had the node leave over its RPC, or drain over HTTP. */
  readonly onLeft: () => void
  /** A token was made, to be shown once. */
  readonly onToken: (token: string) => void
  /** Nobody of `retry_join` has answered in so many tries, and no more are to be made. */
  readonly onGaveUp: (tries: number) => void
}

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
  readonly #tagsFile: TagsFile | undefined
  readonly #http: ReturnType<typeof httpOptionsOf>
  #scripts: SerfHandlers | undefined
  #api: HttpApi | undefined

  /** @throws {ConfigError} naming a handler or an address that is none; {OptionError} naming the first option that the library refuses. */
  constructor(config: AgentConfig, log: AgentLog, version: string) {
    this.#config = config
    this.#log = log
    this.#version = version
    this.#handlers = config.event_handlers.flatMap(parseHandlers)
    this.#http = httpOptionsOf(config)
    // Before anything is open, and by the name that it has here.
    hostAndPortOf('rpc_addr', config.rpc_addr, RPC_PORT)
    const onError = (error: unknown): void => log.logger.error('tags were not set', { error })
    const consumers = new Consumers({ onAttached: (isAttached) => this.#tag.bear(isAttached) })
    this.#consumers = consumers
    this.#cluster = new Cluster({
      ...clusterOptionsOf(config),
      ...consumers.handlers,
      logger: log.logger,
    })
    this.#tag = new WatchedTag(this.#cluster, watchTagOf(config), config.tags, onError)
    const { tags_file } = config
    this.#tagsFile = tags_file === undefined ? undefined : new TagsFile(tags_file)
  }

  /** Listen, and join. Rejects where an address cannot be bound, or nobody of `start_join` answers. */
  async start(hooks: AgentHooks): Promise<void> {
    const { rpc_addr, rpc_auth, start_join, replay_on_join: replay } = this.#config
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
    this.#giveUpWhenDue(serf, hooks.onGaveUp)
    this.#scripts = new SerfHandlers(serf, this.#handlers, logger)
    await cluster.start()
    metrics.propagation?.start()
    const auth = rpc_auth === undefined ? {} : { authKey: rpc_auth }
    const commanded = commandedNode(serf, (tags) => this.#setTags(tags))
    const { onLeft } = hooks
    const scripts = this.#scripts
    const eventHandlers = (): Readonly<Record<string, string>> => handlersShown(scripts.specs)
    const served = { rpcAddress: rpc_addr, log: logger, logger, onLeft, eventHandlers, ...auth }
    const rpc = await serveRpc(commanded, served)
    this.#closers.push(() => rpc.close())
    await this.#serveHttp(metrics, hooks)
    await this.#discover(serf)
    if (start_join.length > 0) await serf.join(start_join, { replay })
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

  /** Somebody sets tags while the agent runs. @throws where they do not fit, or cannot be kept. */
  async #setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#tag.set(tags)
    await this.#tagsFile?.keep(this.#tag.others)
  }

  /** Until somebody was met: whoever was in company tries on for ever. */
  #giveUpWhenDue(serf: GossipNode, onGaveUp: (tries: number) => void): void {
    const { retry_join, retry_max_attempts: retriesMax } = this.#config
    if (retry_join.length === 0 || retriesMax === 0) return
    const stops = [
      serf.on('bootstrap-failed', ({ tries }) => {
        if (tries > retriesMax) onGaveUp(tries)
      }),
      serf.on('member-join', ({ members }) => {
        if (members.some(({ name }) => name !== serf.localName)) for (const stop of stops) stop()
      }),
    ]
  }

  async #discover(serf: GossipNode): Promise<void> {
    const { discover: cluster, replay_on_join: replay } = this.#config
    if (cluster === undefined) return
    const { host } = serf.bound
    const discovery = await Discovery.open({
      cluster,
      advert: advertOf(cluster, serf.localName, serf.advertised),
      interfaceHost: isIPv4(host) && host !== '0.0.0.0' ? host : undefined,
      present: () => {
        const alive = serf.members().filter(({ status }) => status === 'alive')
        return alive.map((member) => addressText(member.host, member.port))
      },
      join: (addresses) => serf.join(addresses, { replay }),
      logger: this.#log.logger,
    })
    this.#closers.push(() => discovery.close())
  }

  async #serveHttp(
    metrics: ReturnType<typeof createMetrics>,
    { onLeft, onToken }: AgentHooks,
  ): Promise<void> {
    const cluster = this.#cluster
    this.#api = await serveHttpApi({
      ...this.#http,
      cluster,
      consumers: this.#consumers,
      token: await tokenOf(this.#config.http_token_file, onToken),
      metrics,
      setTags: (tags) => this.#setTags(tags),
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
