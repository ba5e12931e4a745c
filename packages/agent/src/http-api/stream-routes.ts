import type { Context, Hono } from 'hono'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { ConsumerSession, SessionConnection } from '../consumers/session.ts'
import type { ApiContext } from './context.ts'
import { EventStream } from './event-stream.ts'
import { Problem } from './problem.ts'
import { stepView } from './views.ts'
import { sessionOver } from './write-routes.ts'

/** Streams of server-sent events. */
export function addStreamRoutes(app: Hono, context: ApiContext): void {
  const { cluster, events, sessions } = context
  app.get('/v1/events', (c) => {
    const lastId = c.req.header('last-event-id') ?? c.req.query('after')
    const stream = openStream(c, context, () => stop())
    stream.send({ event: 'hello', data: { member: cluster.localName } })
    const stop = events.follow(lastId, (event) => stream.send(event))
    return RESPONSE_ALREADY_SENT
  })
  app.get('/v1/partitions', (c) => {
    const lastId = lastStepId(c)
    requireRoom(context)
    const session = sessionOf(c, context)
    let connection: SessionConnection | undefined
    const stream = openStream(c, context, () => connection?.disconnect())
    stream.send({
      event: 'attached',
      data: {
        session: session.id,
        member: cluster.localName,
        consumerTimeoutMs: sessions.consumerTimeoutMs,
      },
    })
    connection = session.connect(
      {
        get isFull() {
          return stream.isFull
        },
        step: (entry) => {
          stream.send({ event: entry.step.type, id: String(entry.id), data: stepView(entry) })
        },
        calledOff: ({ id, step }) => {
          stream.send({ event: 'called-off', data: { id, partition: step.partition } })
        },
        end: (reason) => {
          stream.send({ event: 'end', data: { reason } })
          stream.end()
        },
      },
      lastId,
    )
    stream.onDrain(() => connection?.resume())
    return RESPONSE_ALREADY_SENT
  })
}

function lastStepId(c: Context): number {
  const text = c.req.header('last-event-id') ?? '0'
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Problem(400, 'bad_last_event_id', 'Last-Event-ID must be the id of a step')
}

function sessionOf(c: Context, { sessions }: ApiContext): ConsumerSession {
  const id = c.req.query('session')
  if (id === undefined) {
    const takeover = c.req.query('takeover')
    return sessions.open(takeover === undefined || takeover === 'false' ? 'refuse' : 'takeover')
  }
  const session = sessions.find(id)
  if (session === undefined) throw sessionOver()
  return session
}

function requireRoom({ streams, limits: { streamsMax } }: ApiContext): void {
  if (streams.open < streamsMax) return
  throw new Problem(503, 'too_many_streams', `${streamsMax} event streams are open`)
}

function openStream(c: Context, context: ApiContext, onClose: () => void): EventStream {
  requireRoom(context)
  const { streams, limits } = context
  const { outgoing } = c.env as HttpBindings
  streams.open++
  return new EventStream(outgoing, limits.streamBufferBytesMax, () => {
    streams.open--
    onClose()
  })
}
