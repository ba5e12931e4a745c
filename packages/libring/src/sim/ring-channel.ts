import type { Millis } from '../base/time.ts'
import type { OwnTags } from '../gossip/own-tags.ts'
import type { RingChannel } from '../ports/ring-channel.ts'
import type { Directory, Reader } from './directory.ts'

/** How long an exchange of members may take. */
const EXCHANGE_MS: Millis = 5_000

/** How rings talk where members are told of each other: over the same network as ever. */
export class SimRingChannel implements RingChannel {
  readonly announce: RingChannel['announce']
  readonly #directory: Directory
  readonly #tags: OwnTags
  readonly #owner: Reader
  readonly #listeners = new Map<string, (from: string, message: Uint8Array) => void>()

  /** @param owner the member whose channel it is. */
  constructor(
    directory: Directory,
    tags: OwnTags,
    owner: Reader,
    announce: RingChannel['announce'],
  ) {
    this.#directory = directory
    this.#tags = tags
    this.#owner = owner
    this.announce = announce
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#tags.all
  }

  send(...[to, topic, message, { deadlineMs, onOver }]: Parameters<RingChannel['send']>): void {
    const copy = message.slice()
    this.#directory.count(copy.length)
    const trip = { from: this.#owner, to, deadlineMs, onOver }
    this.#directory.visit(trip, (there) => there.receive(this.#owner.localName, topic, copy))
  }

  receive(...[topic, listener]: Parameters<RingChannel['receive']>): (() => void) | undefined {
    if (this.#listeners.has(topic)) return undefined
    this.#listeners.set(topic, listener)
    return () => {
      if (this.#listeners.get(topic) === listener) this.#listeners.delete(topic)
    }
  }

  exchange(...[to, onOver]: Parameters<RingChannel['exchange']>): void {
    const trip = { from: this.#owner, to, deadlineMs: EXCHANGE_MS, onOver }
    this.#directory.visit(trip, (there) => {
      const all = Math.max(there.position, this.#owner.position)
      there.hearUntil(all)
      this.#owner.hearUntil(all)
    })
  }

  exchangeWithAny(onOver: (isDone: boolean) => void): void {
    const to = this.#directory.anyBut(this.#owner.localName)
    if (to === undefined) onOver(false)
    else this.exchange(to, onOver)
  }

  /** Somebody sent this. */
  hear(from: string, topic: string, message: Uint8Array): void {
    this.#listeners.get(topic)?.(from, message)
  }
}
