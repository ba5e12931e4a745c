import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ApiContext } from './context.ts'
import { authorized, guard, type GuardOptions } from './guard.ts'
import { Problem, problemOf } from './problem.ts'
import { addReadRoutes } from './read-routes.ts'
import { addStreamRoutes } from './stream-routes.ts'
import { addWriteRoutes } from './write-routes.ts'

/** Everything under `/v1`. */
export function createApp(context: ApiContext, guardOptions: GuardOptions): Hono {
  const app = new Hono()
  const { bodyBytesMax } = context.limits
  app.onError((error, c) => {
    const { status, code, message } = problemOf(error)
    if (status === 500) context.onFailure(error)
    return c.json({ error: { code, message } }, status)
  })
  app.notFound((c) => c.json({ error: { code: 'not_found', message: 'no such route' } }, 404))
  app.use(guard(guardOptions))
  const needsToken = authorized(context.token)
  app.use(async (c, next) => {
    const isOpen = c.req.method === 'GET' || c.req.method === 'HEAD'
    // The stream of partitions makes its client the one that serves them.
    if (isOpen && !c.req.path.startsWith('/v1/partitions')) return next()
    return needsToken(c, next)
  })
  app.use(
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new Problem(413, 'body_too_large', `a body has at most ${bodyBytesMax} bytes`)
      },
    }),
  )
  addReadRoutes(app, context)
  addStreamRoutes(app, context)
  addWriteRoutes(app, context)
  return app
}
