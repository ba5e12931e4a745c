/** What must and must not compile for users of `libring/http`. Nothing here is run. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { route, type Cluster, type Held } from 'libring'
import { createFetch, createRouter, type Router } from 'libring/http'
import { expectTypeOf } from 'vitest'

declare const cluster: Cluster

export const router: Router = createRouter(cluster, {
  keyOf: ({ url }) => url,
  serve: (request, response, { key, partition, held, token, signal, role, isForwarded }) => {
    expectTypeOf(request).toEqualTypeOf<IncomingMessage>()
    expectTypeOf(response).toEqualTypeOf<ServerResponse>()
    expectTypeOf(key).toEqualTypeOf<string | Uint8Array>()
    expectTypeOf(partition).toEqualTypeOf<number>()
    expectTypeOf(held).toEqualTypeOf<Held | undefined>()
    expectTypeOf(token).toEqualTypeOf<bigint | undefined>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(role).toEqualTypeOf<'primary' | 'holder'>()
    expectTypeOf(isForwarded).toEqualTypeOf<boolean>()
  },
  serveFrom: ({ method }) => (method === 'GET' ? 'holders' : 'primary'),
})

createServer(router).on('upgrade', router.upgrade).on('checkContinue', router.checkContinue)

// @ts-expect-error A router has to know keys.
createRouter(cluster, { serve: () => {} })

// @ts-expect-error There is no such role.
createRouter(cluster, { keyOf: () => 'k', serve: () => {}, serveFrom: 'backups' })

export const response: Promise<Response> = createFetch(cluster)('/carts', {
  key: 'k',
  method: 'PUT',
})

// @ts-expect-error A fetch to an owner has to know of what.
void createFetch(cluster)('/carts', {})

export const answer: Promise<number> = route(cluster, 'k', async ({ member }) => {
  expectTypeOf(member?.url).toEqualTypeOf<string | undefined>()
  await Promise.resolve()
  return 1
})
