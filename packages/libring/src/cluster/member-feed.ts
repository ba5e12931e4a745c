import type { MemberEvent } from '../base/member.ts'
import { LatestItems } from './latest-items.ts'
import { Watch } from './watch.ts'

/** Most member events that wait for one reader. */
export const MEMBER_EVENTS_MAX = 1_024

/** What Serf tells of members, for any number of readers, each from when it began to read. */
export class MemberFeed implements AsyncIterable<MemberEvent> {
  readonly #watches = new Set<Watch<MemberEvent>>()
  #dropped = 0
  #ended = false

  /** Events that a reader was too slow for, over all readers. */
  get dropped(): number {
    return this.#dropped
  }

  publish(event: MemberEvent): void {
    for (const watch of this.#watches) watch.add(event)
  }

  /** No event will follow. */
  end(): void {
    this.#ended = true
    for (const watch of this.#watches) watch.end()
  }

  [Symbol.asyncIterator](): AsyncIterator<MemberEvent, undefined> {
    const inbox = new LatestItems<MemberEvent>(MEMBER_EVENTS_MAX, () => this.#dropped++)
    const watch = new Watch(inbox, () => this.#watches.delete(watch))
    if (this.#ended) watch.end()
    else this.#watches.add(watch)
    return watch
  }
}
