import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RouterOptions, ServeContext } from './options.ts'
import { RequestRouter, type RouterCluster } from './router.ts'
import type { ShutdownOptions } from './shutdown.ts'
import type { RouterStats } from './stats.ts'

/** The options of a router whose requests are served by what comes after it. */
export type MiddlewareOptions = Omit<RouterOptions, 'serve'>

const contexts = new WeakMap<IncomingMessage, ServeContext>()

/** What is known of a request that a router has let pass; `undefined` of any other. */
export function contextOf(request: IncomingMessage): ServeContext | undefined {
  return contexts.get(request)
}

/** Middleware as Express and others take it. */
export interface RouterMiddleware extends AsyncDisposable {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void
  /** For the event `upgrade` of the server. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Counters, as they are now. */
  stats(): RouterStats
  /** End the server, once the cluster has ended, as a `Router` does. */
  shutdown(server: Server, options?: ShutdownOptions): Promise<void>
  /** Close all connections to members. Requests that are forwarded break off; idempotent. */
  close(): Promise<void>
}

/**
 * Middleware that lets a request pass where the local member serves its key, and forwards it
 * otherwise. Goes before whatever reads bodies. Handlers find what is known by {@link contextOf}.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createMiddleware(
  cluster: RouterCluster,
  options: MiddlewareOptions,
): RouterMiddleware {
  const router = new RequestRouter(cluster, options)
  const close = (): Promise<void> => router.close()
  const handle: (...given: Parameters<RouterMiddleware>) => void = (request, response, next) => {
    const pass: NonNullable<RouterOptions['serve']> = (_request, _response, context) => {
      contexts.set(request, context)
      next()
    }
    router.handle(request, response, pass, 'none')
  }
  return Object.assign(handle, {
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      router.upgrade(request, socket, head)
    },
    stats: () => router.stats,
    shutdown: (server: Server, given?: ShutdownOptions) => router.shutdown(server, given),
    close,
    [Symbol.asyncDispose]: close,
  })
}

/** Of Fastify, what the plugin needs. */
export interface FastifyHooks {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse },
      done: () => void,
    ) => void,
  ): unknown
  addHook(name: 'onClose', hook: () => Promise<void>): unknown
}

/** A plugin for Fastify. */
export interface RouterPlugin {
  (fastify: FastifyHooks): Promise<void>
  readonly middleware: RouterMiddleware
}

/**
 * A plugin that lets a request pass where the local member serves its key, and forwards it
 * otherwise. It holds for all routes of the instance that it is registered with. Handlers find what
 * is known by `contextOf(request.raw)`.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createPlugin(cluster: RouterCluster, options: MiddlewareOptions): RouterPlugin {
  const middleware = createMiddleware(cluster, options)
  const register = async (fastify: FastifyHooks): Promise<void> => {
    fastify.addHook('onRequest', (request, reply, done) => {
      middleware(request.raw, reply.raw, done)
    })
    fastify.addHook('onClose', () => middleware.close())
    await Promise.resolve()
  }
  // Fastify gives a plugin an instance of its own, unless it says that it wants the one it is given.
  return Object.assign(register, { middleware, [Symbol.for('skip-override')]: true })
}
