import type { Member } from '../base/member.ts'
import type { Random } from '../base/random.ts'
import type { RingChannel } from '../ports/ring-channel.ts'
import type { Joins } from './joins.ts'
import type { OwnTags } from './own-tags.ts'
import type { PeerMessages } from './peer-messages.ts'
import { isPresent, someOf } from './routes.ts'

/** The channel of rings over a gossip node: its tag, its messages, its push/pull. */
export class GossipRingChannel implements RingChannel {
  readonly announce: RingChannel['announce']
  readonly #tags: OwnTags
  readonly #messages: PeerMessages
  readonly #joins: Joins
  readonly #random: Random
  readonly #others: () => readonly Member[]

  constructor(setup: {
    readonly tags: OwnTags
    readonly messages: PeerMessages
    readonly joins: Joins
    readonly random: Random
    readonly others: () => readonly Member[]
    readonly announce: RingChannel['announce']
  }) {
    this.#tags = setup.tags
    this.#messages = setup.messages
    this.#joins = setup.joins
    this.#random = setup.random
    this.#others = setup.others
    this.announce = setup.announce
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

  exchange(...[name, onOver]: Parameters<RingChannel['exchange']>): void {
    const isTheOne = (member: Member): boolean => member.name === name && isPresent(member)
    this.#joins.exchange(this.#others().filter(isTheOne), onOver)
  }

  exchangeWithAny(...[onOver]: Parameters<RingChannel['exchangeWithAny']>): void {
    this.#joins.exchange(someOf(this.#others(), this.#random), onOver)
  }
}
