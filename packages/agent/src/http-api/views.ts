import type { ClusterMember, Explanation, Member } from 'libring'
import type { OutboxEntry } from '../consumers/outbox.ts'

export function memberView({ name, host, port, tags, status }: Member): object {
  return { name, host, port, tags, status }
}

export function ringMemberView(member: ClusterMember): object {
  const { weight, zone, url } = member
  return { ...memberView(member), weight, zone, ...(url === undefined ? {} : { url }) }
}

export function explanationView(key: string, explanation: Explanation): object {
  const { partition, holders, acting, home, sinceMs, cause, moves, local } = explanation
  const causes = (events: Explanation['cause']): object[] =>
    events.map(({ type, members }) => ({ type, members: members.map(({ name }) => name) }))
  return {
    key,
    partition,
    holders: holders.map(({ name }) => name),
    acting,
    home,
    sinceMs,
    cause: causes(cause),
    moves: moves.map((move) => ({ ...move, cause: causes(move.cause) })),
    local: local && {
      replica: local.replica,
      isReady: local.isReady,
      isServing: local.isServing,
      token: local.token?.toString(16).padStart(16, '0'),
    },
  }
}

/** A step as the consumer reads it: bytes in base64. */
export function stepView({ id, step }: OutboxEntry): object {
  const { state, type: _, ...rest } = step
  const bytes = state === undefined ? {} : { state: Buffer.from(state).toString('base64') }
  return { id, ...rest, ...bytes }
}
