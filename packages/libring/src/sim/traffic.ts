/** What the nodes of a world have sent so far, arrived or not; only grows. */
export interface Traffic {
  readonly datagrams: number
  readonly datagramBytes: number
  /** Streams that were begun. */
  readonly streams: number
  readonly streamBytes: number
  /** Messages between rings where nodes do not gossip. Otherwise they are streams. */
  readonly ringMessages: number
  readonly ringMessageBytes: number
}

/** Counts as things are sent. */
export type TrafficCounts = { -readonly [K in keyof Traffic]: number }

export function noTraffic(): TrafficCounts {
  return {
    datagrams: 0,
    datagramBytes: 0,
    streams: 0,
    streamBytes: 0,
    ringMessages: 0,
    ringMessageBytes: 0,
  }
}
