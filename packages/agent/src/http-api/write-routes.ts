import type { Hono } from 'hono'
import type { Cluster, GossipNode } from 'libring'
import * as v from 'valibot'
import { readBody } from './body.ts'
import type { ApiContext } from './context.ts'
import { Problem } from './problem.ts'

const base64 = v.pipe(v.string(), v.regex(/^[\w+/-]*={0,2}$/, 'must be base64'))

/** What a holder may leave to its successor. */
const STATE_BYTES_MAX = 1_048_576
const state = v.pipe(
  base64,
  v.check(
    (text) => Buffer.byteLength(text, 'base64') <= STATE_BYTES_MAX,
    ({ input }) => {
      const bytes = Buffer.byteLength(input, 'base64')
      return `must be at most ${STATE_BYTES_MAX} bytes, and it has ${bytes}`
    },
  ),
)

const TAGS = v.strictObject({
  tags: v.record(v.pipe(v.string(), v.minLength(1), v.maxLength(128)), v.string()),
})

const USER_EVENT = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  payload: v.optional(base64, ''),
  coalesce: v.optional(v.boolean(), false),
})

const FORGET = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  prune: v.optional(v.boolean(), false),
})

const ACK = v.strictObject({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  error: v.optional(v.pipe(v.string(), v.maxLength(1_024))),
  state: v.optional(state),
})

const ACKS = v.strictObject({
  session: v.pipe(v.string(), v.maxLength(64)),
  acks: v.pipe(v.array(ACK), v.minLength(1), v.maxLength(4_096)),
})

const DETACH = v.strictObject({ session: v.pipe(v.string(), v.maxLength(64)) })

/** Routes that change something. All of them need the token. */
export function addWriteRoutes(app: Hono, context: ApiContext): void {
  const { cluster } = context
  app.put('/v1/tags', async (c) => {
    await context.setTags((await readBody(c, TAGS)).tags)
    return c.json({ tags: cluster.localMember?.tags ?? {} })
  })
  app.post('/v1/events', async (c) => {
    const { name, payload, coalesce } = await readBody(c, USER_EVENT)
    await nodeOf(cluster).userEvent(name, Buffer.from(payload, 'base64'), { coalesce })
    return c.json({ sent: true }, 202)
  })
  app.post('/v1/forget', async (c) => {
    const { name, prune } = await readBody(c, FORGET)
    await nodeOf(cluster).forceLeave(name, { prune })
    return c.json({ forgotten: name }, 202)
  })
  app.post('/v1/drain', async (c) => {
    await readBody(c, v.strictObject({}))
    // It lasts as long as hand-offs do, and ends this server at its close.
    context.drain().catch(context.onFailure)
    return c.json({ draining: true }, 202)
  })
  addConsumerRoutes(app, context)
}

function addConsumerRoutes(app: Hono, { sessions }: ApiContext): void {
  app.post('/v1/partitions/acks', async (c) => {
    const { session: id, acks } = await readBody(c, ACKS)
    const session = sessions.find(id)
    if (session === undefined) throw sessionOver()
    const unknown = acks
      .filter(({ id: step, error, state }) => {
        const outcome = error === undefined ? {} : { error }
        const bytes = state === undefined ? {} : { state: Buffer.from(state, 'base64') }
        return !session.acknowledge({ id: step, ...outcome, ...bytes })
      })
      .map(({ id: step }) => step)
    return c.json({ acknowledged: acks.length - unknown.length, unknown })
  })
  app.post('/v1/partitions/detach', async (c) => {
    const session = sessions.find((await readBody(c, DETACH)).session)
    if (session === undefined) throw sessionOver()
    session.end()
    return c.json({ detached: true })
  })
}

export function sessionOver(): Problem {
  return new Problem(410, 'session_over', 'there is no such session; attach anew')
}

function nodeOf({ serf }: Cluster): GossipNode {
  if (serf !== undefined) return serf
  throw new Problem(501, 'no_gossip', 'membership is no gossip node')
}
