import type { Held } from '../cluster/held.ts'
import type { Token } from '../ownership/token.ts'
import type { Key } from '../ring/key-hash.ts'
import type { RoleAsked } from '../routing/routed-cluster.ts'
import type { Served } from './in-flight.ts'
import type { ServeContext } from './options.ts'
import type { Errand } from './passage.ts'

/** What `serve` is told of one request, and what makes its signal abort. */
export class Service implements ServeContext, Served {
  readonly #errand: Errand
  readonly held: Held | undefined
  place = 0
  readonly #onEnding: 'go on' | 'abort'
  readonly #onEnd: (() => void) | undefined
  /** Made when it is first asked for: most requests are over before anybody does. */
  #controller: AbortController | undefined
  #reason: DOMException | undefined

  /**
   * @param onEnding what to do when the partition begins to be let go.
   * @param onEnd called when the time to end is over.
   */
  constructor(
    errand: Errand,
    held: Held | undefined,
    onEnding: 'go on' | 'abort',
    onEnd?: () => void,
  ) {
    this.#errand = errand
    this.held = held
    this.#onEnding = onEnding
    this.#onEnd = onEnd
  }

  get key(): Key {
    return this.#errand.key
  }

  get partition(): number {
    return this.#errand.partition
  }

  get role(): RoleAsked {
    return this.#errand.role
  }

  get isForwarded(): boolean {
    return this.#errand.mark !== undefined
  }

  get token(): Token | undefined {
    return this.held?.token
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  ending(): void {
    if (this.#onEnding === 'abort') this.abort('the partition is being let go')
  }

  end(): void {
    this.abort('the partition was let go')
    this.#onEnd?.()
  }

  abort(why: string): void {
    if (this.#reason !== undefined) return
    // Code that heeds a signal passes this on, and is understood.
    this.#reason = new DOMException(why, 'AbortError')
    this.#controller?.abort(this.#reason)
  }
}
