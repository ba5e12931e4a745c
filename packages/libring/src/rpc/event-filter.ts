import { MEMBER_EVENT_TYPES } from '../base/member.ts'

/** Which events a stream is to give. */
export type EventFilter =
  | { readonly type: 'any' }
  /** Of members, by the name of the type. */
  | { readonly type: 'member'; readonly event: string }
  /** User events or queries, all or those of one name. */
  | { readonly type: 'user' | 'query'; readonly name: string | undefined }

/** What is held against filters. */
export interface FilteredEvent {
  /** `user`, `query` or a type of member event. */
  readonly event: string
  /** Of a user event or a query. */
  readonly name: string | undefined
}

const MEMBER_EVENTS: readonly string[] = MEMBER_EVENT_TYPES

/** Most filters of one stream. */
const FILTERS_MAX = 256

/**
 * What is between commas, each `*`, the type of an event, or `user:` or `query:` and a name.
 * Nothing at all stands for everything.
 *
 * @returns `undefined` for what is no filter, or too many.
 * @see Serf's `ParseEventFilter`, for agents and their event handlers.
 */
export function parseEventFilters(text: string): readonly EventFilter[] | undefined {
  if (text === '') return [{ type: 'any' }]
  const filters: EventFilter[] = []
  for (const part of text.split(',')) {
    const filter = parseEventFilter(part)
    if (filter === undefined || filters.length >= FILTERS_MAX) return undefined
    filters.push(filter)
  }
  return filters
}

export function passesFilters(filters: readonly EventFilter[], event: FilteredEvent): boolean {
  return filters.some((filter) => passes(filter, event))
}

function parseEventFilter(text: string): EventFilter | undefined {
  if (text === '*') return { type: 'any' }
  if (MEMBER_EVENTS.includes(text)) return { type: 'member', event: text }
  for (const type of ['user', 'query'] as const) {
    if (text === type) return { type, name: undefined }
    if (text.startsWith(`${type}:`)) return { type, name: text.slice(type.length + 1) }
  }
  return undefined
}

function passes(filter: EventFilter, { event, name }: FilteredEvent): boolean {
  switch (filter.type) {
    case 'any':
      return true
    case 'member':
      return filter.event === event
    case 'user':
    case 'query':
      return filter.type === event && (filter.name === undefined || filter.name === name)
  }
}
