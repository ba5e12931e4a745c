import { Fifo } from '../base/fifo.ts'
import { passesFilters, type EventFilter, type FilteredEvent } from './event-filter.ts'
import { isAsUrgent } from './log-level.ts'

/** Most records of one stream that wait for a reader. More are dropped, as an agent does. */
export const STREAM_RECORDS_MAX = 512

/** Most streams, monitors and open queries of one connection. */
export const STREAMS_MAX = 1_024

/** What records come from, once the request for them has been answered. */
export type StreamSource =
  | { readonly type: 'events'; readonly filters: readonly EventFilter[] }
  | { readonly type: 'log'; readonly level: number }
  | { readonly type: 'query' }

interface Stream {
  readonly seq: bigint
  readonly source: StreamSource
  readonly waiting: Fifo<Uint8Array>
  /** Nothing will come any more. */
  isDone: boolean
}

/** The streams of one connection, by the number of the request that began each. */
export class ServerStreams {
  readonly #bySeq = new Map<bigint, Stream>()
  #dropped = 0

  get size(): number {
    return this.#bySeq.size
  }

  /** Records that had to be dropped. */
  get dropped(): number {
    return this.#dropped
  }

  get isMonitored(): boolean {
    return [...this.#bySeq.values()].some(({ source }) => source.type === 'log')
  }

  has(seq: bigint): boolean {
    return this.#bySeq.has(seq)
  }

  open(seq: bigint, source: StreamSource): void {
    this.#bySeq.set(seq, { seq, source, waiting: new Fifo(), isDone: false })
  }

  close(seq: bigint): void {
    this.#bySeq.delete(seq)
  }

  closeAll(): void {
    this.#bySeq.clear()
  }

  /** The numbers of those that an event is for. */
  wanting(event: FilteredEvent): bigint[] {
    return this.#numbers(({ source }) => {
      return source.type === 'events' && passesFilters(source.filters, event)
    })
  }

  /** The numbers of those that a line is for. */
  watching(line: string): bigint[] {
    return this.#numbers(({ source }) => source.type === 'log' && isAsUrgent(line, source.level))
  }

  /** Keep a record until the reader takes more. */
  keep(seq: bigint, record: Uint8Array): void {
    const stream = this.#bySeq.get(seq)
    if (stream === undefined || stream.isDone) return
    if (stream.waiting.size < STREAM_RECORDS_MAX) stream.waiting.push(record)
    else this.#dropped++
  }

  /** Keep the last record, which is never dropped; the stream is closed once it was taken. */
  keepLast(seq: bigint, record: Uint8Array): void {
    const stream = this.#bySeq.get(seq)
    if (stream === undefined || stream.isDone) return
    stream.waiting.push(record)
    stream.isDone = true
  }

  /** The next record that was kept, of whichever stream was opened first. */
  take(): Uint8Array | undefined {
    for (const { seq, waiting, isDone } of this.#bySeq.values()) {
      const record = waiting.take()
      if (record === undefined) continue
      if (isDone && waiting.size === 0) this.#bySeq.delete(seq)
      return record
    }
    return undefined
  }

  #numbers(wants: (stream: Stream) => boolean): bigint[] {
    return [...this.#bySeq.values()].filter(wants).map(({ seq }) => seq)
  }
}
