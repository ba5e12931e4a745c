import { reasonOf } from '../base/errors.ts'
import type { KeyStore } from '../ports/key-store.ts'
import type { Logger } from '../ports/logger.ts'
import type { SerfEffect, SerfInput } from '../serf/effects.ts'

/** Keeps a node's keys in their store whenever somebody changes them. */
export class KeyKeeper {
  readonly #store: KeyStore
  readonly #logger: Logger
  readonly #feed: (input: SerfInput) => void

  constructor(store: KeyStore, logger: Logger, feed: (input: SerfInput) => void) {
    this.#store = store
    this.#logger = logger
    this.#feed = feed
  }

  /** A change that cannot be kept counts for this process only, and whoever asked hears why. */
  note(effect: SerfEffect): void {
    if (effect.type !== 'keys-changed') return
    const { change, keys } = effect
    this.#store.save(keys).then(
      () => this.#feed({ type: 'keys-kept', change, failure: undefined }),
      (error: unknown) => {
        this.#logger.error('the keys could not be kept', { error })
        this.#feed({ type: 'keys-kept', change, failure: reasonOf(error) })
      },
    )
  }
}
