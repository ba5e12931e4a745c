import type { RingChannel } from '../ports/ring-channel.ts'
import type { OwnTags } from './own-tags.ts'
import type { PeerMessages } from './peer-messages.ts'

/** The channel of rings over a gossip node: its tag, its messages, its push/pull. */
export class GossipRingChannel implements RingChannel {
  readonly announce: RingChannel['announce']
  readonly exchange: RingChannel['exchange']
  readonly exchangeWithAny: RingChannel['exchangeWithAny']
  readonly #tags: OwnTags
  readonly #messages: PeerMessages

  constructor(
    tags: OwnTags,
    messages: PeerMessages,
    node: Pick<RingChannel, 'announce' | 'exchange' | 'exchangeWithAny'>,
  ) {
    this.#tags = tags
    this.#messages = messages
    this.announce = node.announce
    this.exchange = node.exchange
    this.exchangeWithAny = node.exchangeWithAny
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#tags.all
  }

  send(...[member, topic, message, { deadlineMs, onOver }]: Parameters<RingChannel['send']>): void {
    this.#messages.send(member, topic, message, {
      deadlineMs,
      onOutcome: ({ type }) => onOver(type === 'delivered'),
    })
  }

  receive(...[topic, listener]: Parameters<RingChannel['receive']>): (() => void) | undefined {
    return this.#messages.receive(topic, (from, message) => {
      listener(from, message)
      return undefined
    })
  }
}
