import { LIBRING_TAG, type MemberStatus } from '../base/member.ts'
import type { RpcAnswers } from '../rpc/commands.ts'
import type { ServedNode } from './served-node.ts'

/** What `serf info` shows of the process. */
export type HostFacts = Readonly<
  Record<'os' | 'arch' | 'version' | 'max_procs' | 'cpu_count', string>
>

/** Scripts that run for what a node tells, by what they run for. */
export type EventHandlers = Readonly<Record<string, string>>

/**
 * How a node stands, under the names that an agent has for it.
 *
 * @see Serf's agent.go `Stats`, serf.go `Stats`.
 */
export function statsBody(
  node: ServedNode,
  host: HostFacts,
  eventHandlers: EventHandlers,
): RpcAnswers['stats'] {
  const members = node.members()
  const count = (status: MemberStatus): string => {
    return String(members.filter((member) => member.status === status).length)
  }
  const own = members.find(({ name }) => name === node.localName)
  const { gauges, stats } = node
  const isPlaced = node.coordinate() !== undefined
  const serf = {
    members: String(members.length),
    failed: count('failed'),
    left: count('left'),
    health_score: String(node.awareness),
    member_time: String(gauges.memberTime),
    event_time: String(gauges.eventTime),
    query_time: String(gauges.queryTime),
    intent_queue: String(gauges.intentsQueued),
    event_queue: String(gauges.eventsQueued),
    query_queue: String(gauges.queriesQueued),
    encrypted: String(gauges.isEncrypted),
    ...(isPlaced && { coordinate_resets: String(stats.coordinateResets) }),
  }
  const tags = Object.entries(own?.tags ?? {}).filter(([tag]) => tag !== LIBRING_TAG)
  return new Map([
    ['agent', new Map([['name', node.localName]])],
    ['runtime', new Map([...Object.entries(host), ['goroutines', '1']])],
    ['serf', new Map(Object.entries(serf))],
    ['tags', new Map(tags)],
    ['event_handlers', new Map(Object.entries(eventHandlers))],
  ])
}
