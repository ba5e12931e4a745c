export { createFetch, type RingFetch, type RingRequestInit } from '../http/fetch.ts'
export {
  contextOf,
  createMiddleware,
  createPlugin,
  type FastifyHooks,
  type MiddlewareOptions,
  type RouterMiddleware,
  type RouterPlugin,
} from '../http/middleware.ts'
export type {
  ForwardOptions,
  MemberTls,
  RoutedRequest,
  RouterOptions,
  ServeContext,
  ServeFrom,
} from '../http/options.ts'
export { createRouter, type Router, type RouterCluster } from '../http/router.ts'
export type { ShutdownOptions } from '../http/shutdown.ts'
export type { RouterStats } from '../http/stats.ts'
