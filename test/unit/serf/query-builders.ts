import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import type { SerfEffect } from '../../../packages/libring/src/serf/effects.ts'
import type {
  Query,
  QueryContent,
  QueryResponse,
} from '../../../packages/libring/src/serf/messages.ts'
import { newsIn, place, sentIn, type LoneNode } from './lone-node.ts'

/** A query of ann's. */
export const queryOf = (overrides: Partial<Query> = {}): Query => ({
  type: 'query',
  ltime: 5n,
  id: 1,
  addr: ipToBytes(place(2).host)!,
  port: 7946,
  sourceNode: 'ann',
  filters: [],
  flags: 0,
  relayFactor: 0,
  timeoutNanos: 1_000_000_000n,
  name: 'load',
  payload: NO_BYTES,
  ...overrides,
})
/** An answer of the lone node's. */
export const answerOf = (overrides: Partial<QueryResponse> = {}): QueryResponse => ({
  type: 'query-response',
  ltime: 5n,
  id: 1,
  from: 'self',
  flags: 0,
  payload: NO_BYTES,
  ...overrides,
})
/** What the lone node asks. */
export const contentOf = (overrides: Partial<QueryContent> = {}): QueryContent => ({
  name: 'load',
  payload: NO_BYTES,
  filters: [],
  requestAck: false,
  relayFactor: 0,
  timeoutMs: 3_000,
  ...overrides,
})

/** What was sent to whom without waiting for gossip. */
export function answersIn(effects: readonly SerfEffect[]): { to: string; message: unknown }[] {
  return sentIn(effects).filter(({ message }) => {
    return message.type === 'query-response' || message.type === 'relay'
  })
}

/** Have the lone node ask, and give the query as others get it. */
export function ask(
  node: LoneNode,
  overrides: Partial<QueryContent> = {},
  number = 7,
): { sent: Query; told: string[] } {
  const effects = node.feed({ type: 'query', query: number, ...contentOf(overrides) })
  const refusals = effects.flatMap((effect) => {
    return effect.type === 'query-sent' && effect.refusal !== undefined ? [effect.refusal.text] : []
  })
  const told = [...newsIn(effects), ...refusals]
  const sent = node.gossiped().find((message) => message.type === 'query')
  return { sent: sent ?? queryOf(), told }
}
