import type { IncomingMessage } from 'node:http'

/**
 * The body of a request on its way to whoever serves it. Nothing is read before somebody asks for
 * it, so a connection that is refused leaves it whole. The first bytes are kept, so that it can
 * be sent once more to another member when the first one says that it did not deal with it.
 */
export class RequestBody {
  readonly #request: IncomingMessage
  readonly #keepBytesMax: number
  readonly #onFirstRead: () => void
  readonly #kept: Buffer[] = []
  #readBytes = 0
  #isListening = false
  /** Resolves when something happens to the request; for an attempt that waits for that. */
  #happening: Promise<void> | undefined
  #onHappening: (() => void) | undefined
  #error: Error | undefined
  #isWhole = true
  /** Number of the latest attempt, and how many of the chunks it was given. */
  #attempt = 0
  #given = 0

  /**
   * @param keepBytesMax how much of it is kept.
   * @param onFirstRead called before the first byte is asked for.
   */
  constructor(request: IncomingMessage, keepBytesMax: number, onFirstRead: () => void) {
    this.#request = request
    this.#keepBytesMax = keepBytesMax
    this.#onFirstRead = onFirstRead
  }

  /** Whether all that was read of it is still there to be sent again. */
  get isRepeatable(): boolean {
    return this.#isWhole
  }

  /** The body from its first byte, for one attempt; the attempt before ends. */
  async *attempt(): AsyncGenerator<Buffer, void, undefined> {
    const attempt = ++this.#attempt
    this.#given = 0
    for (;;) {
      const chunk = this.#take() ?? this.#read()
      if (chunk !== undefined) yield chunk
      else if (this.#request.readableEnded) return
      else if (this.#error !== undefined) throw this.#error
      else await this.#somethingHappens()
      if (attempt !== this.#attempt) return
    }
  }

  /** What is kept and was not given to this attempt yet. */
  #take(): Buffer | undefined {
    const chunk = this.#kept[this.#given]
    if (chunk !== undefined) this.#given++
    return chunk
  }

  /** What has come and was not read yet, which counts as given. */
  #read(): Buffer | undefined {
    if (!this.#isListening) this.#listen()
    const chunk = this.#request.read() as Buffer | null
    if (chunk === null) return undefined
    this.#readBytes += chunk.length
    if (this.#readBytes > this.#keepBytesMax) {
      this.#isWhole = false
      this.#kept.length = 0
    } else {
      this.#given = this.#kept.push(chunk)
    }
    return chunk
  }

  // Without its iterator, which takes a dozen promises for a body of one chunk. Whoever stops to
  // read must not break the connection of whoever sends, so nothing here ends the request.
  #listen(): void {
    this.#isListening = true
    this.#onFirstRead()
    const tell = (): void => this.#onHappening?.()
    this.#request
      .on('readable', tell)
      .on('end', tell)
      .on('error', (error) => {
        this.#error = error
        tell()
      })
      .on('close', () => {
        if (!this.#request.readableEnded) this.#error ??= new Error('the request broke off')
        tell()
      })
  }

  #somethingHappens(): Promise<void> {
    return (this.#happening ??= new Promise((resolve) => {
      this.#onHappening = () => {
        this.#happening = undefined
        this.#onHappening = undefined
        resolve()
      }
    }))
  }
}
