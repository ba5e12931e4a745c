import type { Address } from '../base/address.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Store } from '../ports/store.ts'
import type { SerfEffect } from '../serf/effects.ts'
import type { SnapshotClock, SnapshotRecord } from '../serf/snapshot-lines.ts'
import { Snapshot } from '../serf/snapshot.ts'
import type { ResolvedGossipOptions } from './options.ts'

/** How often the clocks are looked at, and what has gathered is written, as Serf does it. */
const FLUSH_EVERY_MS = 500

/** What may wait for a slow disk. Beyond it the whole is written anew, which takes no more. */
const WAITING_CHARACTERS_MAX = 1_048_576

/** After a failure to write, how long until the next try. */
const RETRY_MS = 10_000

/** How long a stop waits for the disk. */
const CLOSE_MS_MAX = 5_000

/** The last times of each clock that no effect tells of. */
export type LastLTimes = Readonly<Record<SnapshotClock, bigint>>

/**
 * Keeps a node's snapshot in its store. A store that fails costs memory over a restart, never the
 * node: it is told once, and tried again.
 */
export class SnapshotKeeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #options: Pick<ResolvedGossipOptions, 'hostName' | 'rejoinAfterLeave'>
  #snapshot: Snapshot
  #remembers = false
  #clocks: { readonly last: LastLTimes } | undefined
  #timer: Timer | undefined
  #waiting: string[] = []
  #waitingCharacters = 0
  /** What waits is to outlive a loss of power. */
  #isDurable = false
  /** What is in the store is not all that was before what waits. */
  #isStale = false
  #retryAtMs: Millis | undefined
  #isWriting = false
  #written: Promise<void> | undefined

  constructor(
    store: Store,
    setup: {
      readonly clock: Clock
      readonly logger: Logger
      readonly options: Pick<ResolvedGossipOptions, 'hostName' | 'rejoinAfterLeave'>
    },
  ) {
    this.#store = store
    this.#clock = setup.clock
    this.#logger = setup.logger
    this.#options = setup.options
    this.#snapshot = new Snapshot(setup.options)
  }

  /**
   * Read what there is.
   *
   * @throws {LibringError} `LIBRING_FILE_UNUSABLE`.
   */
  open(): Promise<void> | void {
    this.#snapshot = new Snapshot(this.#options)
    let lost = 0
    const onOver = (): void => {
      this.#remembers = this.addresses.length > 0 || this.#snapshot.clock('event-clock') > 0n
      if (lost > 0) this.#logger.warn('lines of the snapshot were passed over', { lines: lost })
    }
    const opening = this.#store.open((line) => {
      if (line === undefined || !this.#snapshot.replay(line)) lost++
    })
    if (opening === undefined) return onOver()
    return opening.then(onOver)
  }

  /** The node did not begin. The next try opens the store anew. */
  async release(): Promise<void> {
    await this.#store[Symbol.asyncDispose]()
  }

  /** Whether this life goes on from another one, and has missed what was said in between. */
  get remembers(): boolean {
    return this.#remembers
  }

  /** Where the others were that were alive. */
  get addresses(): readonly Address[] {
    return this.#snapshot.addressesBeside(this.#options.hostName)
  }

  /** The node is about to be a member: have it go on from where it was, and keep up with it. */
  start(
    clocks: { readonly last: LastLTimes },
    recall: (ltimes: Readonly<Record<SnapshotClock, bigint>>) => void,
  ): void {
    recall({
      clock: this.#snapshot.clock('clock'),
      'event-clock': this.#snapshot.clock('event-clock'),
      'query-clock': this.#snapshot.clock('query-clock'),
    })
    this.#clocks = clocks
    this.#arm()
  }

  /** Take in what the node does, as far as it is to be remembered. */
  note(effect: SerfEffect): void {
    if (effect.type === 'user-event') this.#note({ type: 'event-clock', ltime: effect.ltime })
    if (effect.type !== 'members') return
    const { type, members } = effect.event
    for (const { name, host, port } of members) {
      if (type === 'member-join' || type === 'member-update') {
        this.#note({ type: 'alive', name, address: { host, port } })
      } else {
        this.#note({ type: 'not-alive', name })
      }
    }
  }

  /** We leave. Of what comes after it only the time of the farewell is remembered. */
  noteLeave(): void {
    this.#noteClocks()
    this.#note({ type: 'leave' })
    this.#isDurable = true
    this.#flush()
  }

  /** Write what waits, and let go of the store. */
  async close(): Promise<void> {
    this.#noteClocks()
    this.#clocks = undefined
    this.#timer?.cancel()
    this.#retryAtMs = undefined
    const closing = this.#finish()
    let deadline: Timer | undefined
    const tooLate = new Promise<void>((resolve) => {
      deadline = this.#clock.at(this.#clock.nowMs() + CLOSE_MS_MAX, resolve)
    })
    await Promise.race([closing, tooLate])
    deadline?.cancel()
  }

  async #finish(): Promise<void> {
    await this.#written
    this.#flush()
    await this.#written
    await this.#store[Symbol.asyncDispose]()
  }

  #arm(): void {
    this.#timer = this.#clock.at(this.#clock.nowMs() + FLUSH_EVERY_MS, () => {
      this.#noteClocks()
      this.#flush()
      this.#arm()
    })
  }

  #noteClocks(): void {
    for (const [type, ltime] of Object.entries(this.#clocks?.last ?? {})) {
      this.#note({ type: type as keyof LastLTimes, ltime })
    }
  }

  #note(record: SnapshotRecord): void {
    const line = this.#snapshot.note(record)
    if (line === undefined || this.#isStale) return
    this.#waiting.push(line)
    this.#waitingCharacters += line.length
    if (this.#waitingCharacters > WAITING_CHARACTERS_MAX) this.#giveUpWaiting()
  }

  /** All of it is in the snapshot, and goes out with that. */
  #giveUpWaiting(): void {
    this.#waiting = []
    this.#waitingCharacters = 0
    this.#isStale = true
  }

  #flush(): void {
    if (this.#isWriting || !this.#hasWork) return
    if (this.#retryAtMs !== undefined && this.#clock.nowMs() < this.#retryAtMs) return
    this.#written = this.#writeAll()
  }

  get #hasWork(): boolean {
    return this.#isStale || this.#waiting.length > 0
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    try {
      while (this.#hasWork) {
        const writing = this.#writeOnce()
        // Waiting takes a turn of the event loop even where there is nothing to wait for.
        if (writing !== undefined) await writing
      }
      if (this.#retryAtMs !== undefined) this.#logger.info('the snapshot is written again')
      this.#retryAtMs = undefined
    } catch (error) {
      if (this.#retryAtMs === undefined) {
        this.#logger.warn('the snapshot could not be written', { error })
      }
      this.#retryAtMs = this.#clock.nowMs() + RETRY_MS
      // Some of it may be there, and the last line torn.
      this.#giveUpWaiting()
    } finally {
      this.#isWriting = false
    }
  }

  #writeOnce(): Promise<void> | void {
    if (this.#isStale || this.#snapshot.isBloated(this.#store.bytes)) {
      this.#giveUpWaiting()
      const replacing = this.#store.replace(this.#snapshot.lines())
      this.#isStale = false
      return replacing
    }
    const lines = this.#waiting
    this.#waiting = []
    this.#waitingCharacters = 0
    return this.#store.append(lines, { durable: this.#isDurable })
  }
}
