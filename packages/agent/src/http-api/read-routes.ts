import type { Context, Hono } from 'hono'
import { plan, Ring, resolveRingOptions, type RingMember } from 'libring/ring'
import type { ApiContext } from './context.ts'
import { OPENAPI } from './openapi.ts'
import { Problem } from './problem.ts'
import { explanationView, memberView, ringMemberView } from './views.ts'

const KEY_BYTES_MAX = 4_096
/** Members that one plan adds or takes out. */
const PLAN_MEMBERS_MAX = 256

export function addReadRoutes(app: Hono, context: ApiContext): void {
  const { cluster, metrics } = context
  app.get('/v1/health', (c) => c.json({ status: 'ok', member: cluster.localName }))
  app.get('/v1/ready', (c) => {
    const isReady = cluster.localMember?.status === 'alive' && cluster.members.length > 0
    return c.json({ ready: isReady, ringMembers: cluster.members.length }, isReady ? 200 : 503)
  })
  app.get('/v1/members', (c) => {
    // Those that are gone too, while Serf remembers them; a ring without a node knows its own.
    const members = cluster.serf?.members() ?? cluster.members
    return c.json({ local: cluster.localName, members: members.map(memberView) })
  })
  app.get('/v1/ring', (c) => c.json(ringView(context, c.req.query('partition'))))
  app.get('/v1/lookup/:key', (c) => {
    const key = keyOf(c)
    const holders = cluster.holdersForKey(key).map(ringMemberView)
    return c.json({ key, partition: cluster.partitionForKey(key), holders })
  })
  app.get('/v1/explain/:key', (c) => {
    const key = keyOf(c)
    return c.json(explanationView(key, cluster.explain(key)))
  })
  app.get('/v1/plan', (c) => {
    return c.json(planView(context, c.req.queries('join') ?? [], c.req.queries('leave') ?? []))
  })
  app.get('/v1/tags', (c) => c.json({ tags: cluster.localMember?.tags ?? {} }))
  app.get('/v1/openapi.json', (c) => c.json(OPENAPI))
  app.get('/v1/metrics', async (c) => {
    if (metrics === undefined) throw new Problem(404, 'no_metrics', 'the agent keeps no metrics')
    return c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType })
  })
}

function keyOf(c: Context): string {
  const key = c.req.param('key') ?? ''
  if (Buffer.byteLength(key) <= KEY_BYTES_MAX) return key
  throw new Problem(400, 'key_too_long', `a key has at most ${KEY_BYTES_MAX} bytes`)
}

function ringView({ cluster, ring }: ApiContext, asked: string | undefined): object {
  const { partitions, redundancy } = resolveRingOptions(ring)
  const row = (partition: number): object => ({
    partition,
    holders: cluster.holdersForPartition(partition).map(({ name }) => name),
  })
  const numbers = asked === undefined ? range(partitions) : [requirePartition(asked, partitions)]
  return {
    partitions,
    redundancy,
    configuration: cluster.configurationDigest,
    members: cluster.members.map(ringMemberView),
    assignment: numbers.map(row),
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function requirePartition(text: string, partitions: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : partitions
  if (number < partitions) return number
  throw new Problem(400, 'bad_partition', `partition must be 0 to ${partitions - 1}`)
}

/** What would move if members named `join` came and those named `leave` went. */
export function planView(
  { cluster, ring }: Pick<ApiContext, 'cluster' | 'ring'>,
  join: readonly string[],
  leave: readonly string[],
): object {
  if (join.length + leave.length > PLAN_MEMBERS_MAX) {
    throw new Problem(400, 'plan_too_large', `a plan has at most ${PLAN_MEMBERS_MAX} members`)
  }
  const before = new Ring<RingMember>(cluster.members, resolveRingOptions(ring))
  const { moves, members } = plan(before, { add: join.map(joinerOf), remove: leave })
  return {
    moves: moves.map(({ partition, replica, from, to }) => {
      return { partition, replica, from: from?.name, to: to?.name }
    }),
    members: members.map(({ member, ...counts }) => ({ name: member.name, ...counts })),
  }
}

/** `name`, or `name:weight`. */
function joinerOf(text: string): RingMember {
  const [, name, weight = '1'] = /^([\w.-]{1,128})(?::(\d{1,5}))?$/.exec(text) ?? []
  if (name !== undefined) return { name, weight: Number(weight) }
  throw new Problem(400, 'bad_join', 'join must be <name> or <name>:<weight>')
}
