import type { ServerResponse } from 'node:http'

/** How often a line without meaning is sent, by which either end finds the other gone. */
const BEAT_MS = 5_000

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

  constructor(response: ServerResponse, bufferBytesMax: number, onClose: () => void) {
    this.#response = response
    this.#bufferBytesMax = bufferBytesMax
    response.writeHead(200, HEADERS)
    response.flushHeaders()
    response.socket?.setNoDelay(true)
    this.#beat = setInterval(() => this.#write(':\n\n'), BEAT_MS).unref()
    response.once('close', () => {
      clearInterval(this.#beat)
      onClose()
    })
    response.on('error', () => {})
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
    this.#response.write(text)
    if (this.#response.writableLength > this.#bufferBytesMax) this.#response.destroy()
  }
}
