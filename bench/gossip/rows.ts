/** Parts of a run that can be asked for by name. */
export const PARTS = ['joins', 'tag', 'event', 'query', 'leave', 'kill', 'idle'] as const
export type Part = (typeof PARTS)[number]

/** One line of figures that both sides have a number for in each trial. */
export interface Row {
  readonly part: Part
  readonly series: string
  readonly unit: 'ms' | '/s' | 'B/s'
  /** The interval of our median over theirs is not to lie wholly above; told only where missing. */
  readonly ratioMax?: number
}

/** One thing that may go wrong. Of ours, none may. */
export interface Tally {
  readonly part: Part
  readonly count: string
}

/** Not slower than agents, allowing for what no run of ten trials can tell apart. */
const RATIO_MAX = 1.05
/** Of traffic, which varies less. */
const TRAFFIC_RATIO_MAX = 1.02

export const JOIN_SHARES = [0.5, 0.95, 0.99, 0.999, 1] as const
export const JOIN_WAYS = ['one by one', 'at once'] as const
export type JoinWay = (typeof JOIN_WAYS)[number]

/** What is found of joins: the time within which that share of pairs know of each other. */
export function joinSeries(way: JoinWay, share: number): string {
  return `joins ${way}, ${share * 100} % of pairs`
}

const timed = (part: Part, series: string): Row => ({
  part,
  series,
  unit: 'ms',
  ratioMax: RATIO_MAX,
})

export const ROWS: readonly Row[] = [
  ...JOIN_WAYS.flatMap((way) => JOIN_SHARES.map((share) => timed('joins', joinSeries(way, share)))),
  ...JOIN_WAYS.map((way): Row => ({
    part: 'joins',
    series: `joins ${way}, CPU a member`,
    unit: 'ms',
  })),
  timed('tag', 'tag change, all views'),
  timed('event', 'user event, all members'),
  timed('query', 'query, all acks'),
  timed('leave', 'graceful leave, all views'),
  timed('kill', 'SIGKILL, first view'),
  timed('kill', 'SIGKILL, all views'),
  { part: 'idle', series: 'idle datagrams', unit: '/s', ratioMax: TRAFFIC_RATIO_MAX },
  { part: 'idle', series: 'idle packets, TCP too', unit: '/s', ratioMax: TRAFFIC_RATIO_MAX },
  { part: 'idle', series: 'idle bytes, headers too', unit: 'B/s', ratioMax: TRAFFIC_RATIO_MAX },
]

export const TALLIES: readonly Tally[] = [
  ...JOIN_WAYS.map((way): Tally => ({ part: 'joins', count: `joins ${way}: tries that failed` })),
  ...JOIN_WAYS.map((way): Tally => ({
    part: 'joins',
    count: `joins ${way}: runs with a tail over 2 s`,
  })),
  ...JOIN_WAYS.map((way): Tally => ({
    part: 'joins',
    count: `joins ${way}: pairs over 2 s`,
  })),
  { part: 'tag', count: 'tag change: views without it in time' },
  { part: 'event', count: 'user event: members without it in time' },
  { part: 'query', count: 'query: acks lost' },
  { part: 'leave', count: 'leave: views that saw it fail' },
  { part: 'leave', count: 'leave: farewells not spread in time' },
  { part: 'leave', count: 'leave: views that saw nothing in time' },
  { part: 'kill', count: 'SIGKILL: views that saw nothing in time' },
]
