import type { Millis } from '../base/time.ts'

/** What a line of a trace may be about, and how to read the rest of it. */
export const TRACE_LEGEND = {
  send: 'a datagram left: from > to, bytes',
  lost: 'it was dropped on the way: from > to, bytes',
  blocked: 'it met a cut: from > to, bytes',
  void: 'nobody listens there: from > to, bytes',
  full: 'the process there is paused, and no room was left: from > to, bytes',
  copy: 'it will arrive twice: from > to, bytes',
  dial: 'a stream was begun: from > to',
  refuse: 'nobody listens there: from > to',
  stream: 'bytes went into a stream: from > to, bytes',
  end: 'one side of a stream will send no more: from > to',
  break: 'a stream was broken off: from > to',
  open: 'an address was bound: address',
  close: 'an address was freed: address',
  crash: 'a node vanished without a word: node',
  start: 'a node was started: node, address',
  stop: 'a node begins to stop in order: node',
  drain: 'a node begins to hand over what it holds, to stop then: node',
  stopped: 'a node has stopped in order: node',
  pause: 'nothing of a node runs: node',
  resume: 'it goes on, with what has come meanwhile: node',
  skew: 'a wall clock was set: node, milliseconds ahead of the world',
  split: 'the network was cut into groups: nodes of each group but the last',
  cut: 'nothing gets through that way: from > to',
  loss: 'datagrams are lost that way: from > to, part of all',
  duplicates: 'datagrams arrive twice that way: from > to, part of all',
  latency: 'datagrams and pieces of streams take so long: from > to, least and most milliseconds',
  'slow-streams': 'a stream carries no more than this: from > to, bytes a second',
  mend: 'that way is as usual again: from > to',
  heal: 'every way is as usual again',
  member: 'a node saw a change: node, kind of change, members',
  acquire: 'a node took a partition: node, partition, index, token',
  change: 'a node kept a partition under another index: node, partition, index, token',
  release: 'a node let a partition go: node, partition, index it had',
} as const

export type TraceKind = keyof typeof TRACE_LEGEND

/**
 * The story of a run, one line an event: seconds of virtual time, kind, particulars.
 *
 * The last lines are kept, and a digest of all of them: two runs with equal digests were equal.
 */
export class Trace {
  /** Whether anything is recorded. */
  readonly isOn: boolean
  readonly #linesMax: number
  #lines: string[] = []
  #count = 0
  #low = 0x811c9dc5
  #high = 0x9747b28c

  /** @param linesMax lines kept, the latest; `'off'` to record nothing. */
  constructor(linesMax: number | 'off') {
    this.isOn = linesMax !== 'off'
    this.#linesMax = linesMax === 'off' ? 0 : linesMax
  }

  /** Lines recorded since the start, kept or not. */
  get count(): number {
    return this.#count
  }

  /** The latest lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-this.#linesMax)
  }

  /** 16 hexadecimal digits over every line so far. */
  get digest(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
    return hex(this.#high) + hex(this.#low)
  }

  record(atMs: Millis, kind: TraceKind, particulars: string): void {
    if (!this.isOn) return
    const line = `${(atMs / 1_000).toFixed(6)} ${kind} ${particulars}`
    this.#count++
    this.#mix(line)
    if (this.#linesMax === 0) return
    this.#lines.push(line)
    if (this.#lines.length >= 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax)
  }

  /** Two FNV-1a hashes with different beginnings and multipliers, over UTF-16 units. */
  #mix(line: string): void {
    let low = this.#low
    let high = this.#high
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i)
      low = Math.imul(low ^ unit, 0x01000193)
      high = Math.imul(high ^ unit, 0x85ebca6b)
    }
    this.#low = low ^ 0x0a
    this.#high = high ^ 0x0a
  }
}
