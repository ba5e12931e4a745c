import type { Cluster } from 'libring'
import { expect, test } from 'vitest'
import { createApp } from '../../../../packages/agent/src/http-api/app.ts'
import type { ApiContext } from '../../../../packages/agent/src/http-api/context.ts'
import { DEFAULT_LIMITS } from '../../../../packages/agent/src/http-api/limits.ts'
import { OPENAPI } from '../../../../packages/agent/src/http-api/openapi.ts'

test('every route is described, and every description is of a route', () => {
  const context = { cluster: {} as Cluster, limits: DEFAULT_LIMITS, token: 'x' } as ApiContext
  const app = createApp(context, { allowedHosts: [], requestsPerSecond: 1 })
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/, '{$1}')}`)
  const described = Object.entries(OPENAPI.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  )
  expect(served.sort()).toEqual(described.sort())
})

test('every route that changes something is described as needing the token', () => {
  for (const [path, operations] of Object.entries(OPENAPI.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const isOpen = method === 'get' && path !== '/v1/partitions'
      expect(operation['security'] === undefined, `${method} ${path}`).toBe(isOpen)
    }
  }
})
