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
  #keptBytes = 0
  #source: AsyncIterator<Buffer> | undefined
  #reading: Promise<void> | undefined
  #isWhole = true
  #isOver = false
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
      const chunk = this.#take()
      if (chunk !== undefined) yield chunk
      else if (this.#isOver) return
      else await (this.#reading ??= this.#read())
      if (attempt !== this.#attempt) return
    }
  }

  #take(): Buffer | undefined {
    if (this.#isWhole) {
      const chunk = this.#kept[this.#given]
      if (chunk !== undefined) this.#given++
      return chunk
    }
    this.#kept.splice(0, this.#given)
    this.#given = 0
    return this.#kept.shift()
  }

  async #read(): Promise<void> {
    if (this.#source === undefined) {
      this.#onFirstRead()
      // Whoever stops to read must not break the connection of whoever sends.
      this.#source = this.#request.iterator({ destroyOnReturn: false })
    }
    try {
      const { done, value } = await this.#source.next()
      if (done === true) {
        this.#isOver = true
        return
      }
      this.#kept.push(value)
      this.#keptBytes += value.length
      if (this.#keptBytes > this.#keepBytesMax) this.#isWhole = false
    } finally {
      this.#reading = undefined
    }
  }
}
