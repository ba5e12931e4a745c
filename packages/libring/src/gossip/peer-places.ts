/** Requests under way at once in one direction, those of libring's own topics included. */
export const PEER_STREAMS_MAX = 64

/** Of these, how many may be the application's: its slow requests do not hold up a hand-off. */
export const PEER_STREAMS_OF_APPLICATION_MAX = 48

/** How the topics begin that are libring's own. */
export const OWN_TOPIC_PREFIX = 'libring/'

export function isOwnTopic(topic: string): boolean {
  return topic.startsWith(OWN_TOPIC_PREFIX)
}

/** The places of one direction. */
export class Places {
  #taken = 0
  #takenByApplication = 0

  get taken(): number {
    return this.#taken
  }

  /** Take a place for a request, unless there is none. */
  take(topic: string): boolean {
    if (!this.hasRoom(topic)) return false
    this.#taken++
    if (!isOwnTopic(topic)) this.#takenByApplication++
    return true
  }

  free(topic: string): void {
    this.#taken--
    if (!isOwnTopic(topic)) this.#takenByApplication--
  }

  hasRoom(topic: string): boolean {
    if (this.#taken >= PEER_STREAMS_MAX) return false
    return isOwnTopic(topic) || this.#takenByApplication < PEER_STREAMS_OF_APPLICATION_MAX
  }
}
