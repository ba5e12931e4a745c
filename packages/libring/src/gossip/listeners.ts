import { Fifo } from '../base/fifo.ts'

/**
 * Listeners that are called in line, in the order they were added. What is told from within a
 * listener is told once every listener has heard what came before.
 *
 * @typeParam Events what is told, by type.
 */
export class Listeners<Events> {
  readonly #byType: { [T in keyof Events]?: Set<(event: Events[T]) => void> } = {}
  readonly #onFault: (type: keyof Events, error: unknown) => void
  readonly #queue = new Fifo<() => void>()
  #telling = false

  /** @param onFault told of a listener that threw, or whose promise was rejected. */
  constructor(onFault: (type: keyof Events, error: unknown) => void) {
    this.#onFault = onFault
  }

  /** Returns how to stop listening. */
  add<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): () => void {
    const listeners = (this.#byType[type] ??= new Set())
    // Wrapped, so that a function added twice is called twice and taken away one by one.
    const added = (event: Events[T]) => listener(event)
    listeners.add(added)
    return () => void listeners.delete(added)
  }

  /** @param copy makes one more of an event that listeners may change: each hears its own. */
  tell<T extends keyof Events>(
    type: T,
    event: Events[T],
    copy: (event: Events[T]) => Events[T] = theSame,
  ): void {
    if (this.#byType[type] === undefined) return
    this.#queue.push(() => this.#call(type, event, copy))
    if (this.#telling) return
    this.#telling = true
    try {
      for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) next()
    } finally {
      this.#telling = false
    }
  }

  #call<T extends keyof Events>(
    type: T,
    event: Events[T],
    copy: (event: Events[T]) => Events[T],
  ): void {
    const listeners = this.#byType[type] ?? new Set()
    const told = [...listeners]
    for (const [index, listener] of told.entries()) {
      if (!listeners.has(listener)) continue
      // The last one may have what all copies were made of.
      const own = index < told.length - 1 ? copy(event) : event
      callListener(listener, own, (error) => this.#onFault(type, error))
    }
  }
}

function theSame<T>(value: T): T {
  return value
}

/**
 * Call one. Many a listener is an async function, though nobody waits for it: it fails in its own time,
 * and must not take the process along either.
 */
export function callListener<Event>(
  listener: (event: Event) => void,
  event: Event,
  onFault: (error: unknown) => void,
): void {
  try {
    const working: unknown = listener(event)
    if (working instanceof Promise) working.catch(onFault)
  } catch (error) {
    onFault(error)
  }
}
