import type { ServerResponse } from 'node:http'

/** How often a line without meaning is sent, by which either end finds the other gone. */
const BEAT_MS = 5_000

/** Beats for which a client may leave everything unread. */
const UNREAD_BEATS_MAX = 3

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  connection: 'keep-alive',
}

export interface StreamEvent {
  readonly event: string
  /** What a client that comes back says it has seen last. */
  readonly id?: string | undefined
  readonly data: unknown
}

/** Server-sent events to one client. One that does not read is dropped, not waited for. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #bufferBytesMax: number
  readonly #beat: NodeJS.Timeout
  #unreadBeats = 0

  constructor(response: ServerResponse, bufferBytesMax: number, onClose: () => void) {
    this.#response = response
    this.#bufferBytesMax = bufferBytesMax
    response.writeHead(200, HEADERS)
    response.flushHeaders()
    response.socket?.setNoDelay(true)
    this.#beat = setInterval(() => this.#onBeat(), BEAT_MS).unref()
    response.once('close', () => {
      clearInterval(this.#beat)
      onClose()
    })
    response.on('error', () => {})
  }

  /** Whether what was sent waits for the client to read. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain
  }

  /** Have `listener` called whenever it is no longer full. */
  onDrain(listener: () => void): void {
    this.#response.on('drain', listener)
  }

  send({ event, id, data }: StreamEvent): void {
    const head = id === undefined ? '' : `id: ${id}\n`
    this.#write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  end(): void {
    this.#response.end()
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return
    // So at most this and one event wait.
    if (this.#response.writableLength > this.#bufferBytesMax) this.#response.destroy()
    else this.#response.write(text)
  }

  #onBeat(): void {
    this.#unreadBeats = this.isFull ? this.#unreadBeats + 1 : 0
    if (this.#unreadBeats >= UNREAD_BEATS_MAX) this.#response.destroy()
    else this.#write(':\n\n')
  }
}
