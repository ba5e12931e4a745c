import { LIBRING_TAG, type MemberEventType } from '../../packages/libring/src/base/member.ts'
import {
  encodePeerMessage,
  type PeerMessage,
} from '../../packages/libring/src/ownership/messages.ts'
import { decodeRingTags } from '../../packages/libring/src/ownership/ring-tag.ts'
import { OwnTags } from '../../packages/libring/src/gossip/own-tags.ts'
import type { RingChannel } from '../../packages/libring/src/ports/ring-channel.ts'
import { aMember, ScriptedMembership } from './cluster.ts'

/** A message on its way, until the test says what became of it. */
interface Sent {
  readonly to: string
  readonly topic: string
  readonly bytes: Uint8Array
  readonly over: (isDelivered: boolean) => void
}

/** A channel that notes what is asked of it; nothing arrives unless the test says so. */
export class ScriptedChannel implements RingChannel {
  readonly sent: Sent[] = []
  readonly exchanges: { readonly member: string; readonly over: (isDone: boolean) => void }[] = []
  /** Exchanges with anybody, until the test says what became of them. */
  readonly contacts: ((isDone: boolean) => void)[] = []
  /** What each announcement comes to. */
  onAnnounce: () => Promise<void> = () => Promise.resolve()
  readonly own: OwnTags
  readonly #onTags: () => void
  readonly #listeners = new Map<string, (from: string, message: Uint8Array) => void>()

  /** @param onTags the tags of the local member have changed. */
  constructor(tags: Readonly<Record<string, string>> = {}, onTags: () => void = () => {}) {
    this.own = new OwnTags(tags)
    this.#onTags = onTags
  }

  get tags(): Readonly<Record<string, string>> {
    return this.own.all
  }

  /** What the tag says by now: each ring with its standing. */
  get told(): readonly string[] {
    const text = this.tags[LIBRING_TAG]
    if (text === undefined) return []
    return decodeRingTags(text).map(({ name, standing }) => `${name} ${standing}`)
  }

  /** Topics that are listened to. */
  get topics(): readonly string[] {
    return [...this.#listeners.keys()]
  }

  announce(text: string | undefined): Promise<void> {
    this.own.announce(text)
    this.#onTags()
    return this.onAnnounce()
  }

  send(...[to, topic, bytes, { onOver }]: Parameters<RingChannel['send']>): void {
    this.sent.push({ to, topic, bytes, over: onOver })
  }

  receive(...[topic, listener]: Parameters<RingChannel['receive']>): (() => void) | undefined {
    if (this.#listeners.has(topic)) return undefined
    this.#listeners.set(topic, listener)
    return () => void this.#listeners.delete(topic)
  }

  exchange(member: string, over: (isDone: boolean) => void): void {
    this.exchanges.push({ member, over })
  }

  exchangeWithAny(over: (isDone: boolean) => void): void {
    this.contacts.push(over)
  }

  /** A message has come. */
  arrive(topic: string, from: string, message: PeerMessage | Uint8Array): void {
    const bytes = message instanceof Uint8Array ? message : encodePeerMessage(message)
    this.#listeners.get(topic)?.(from, bytes)
  }
}

/** A membership with a channel. Tags of the local member show at once, as a gossip node's do. */
export class ChannelledMembership extends ScriptedMembership {
  override readonly ringChannel: ScriptedChannel
  #isUp = false

  constructor(localName: string, tags: Readonly<Record<string, string>> = {}) {
    super(localName)
    this.ringChannel = new ScriptedChannel(tags, () => this.#show('member-update'))
  }

  override async start(): Promise<void> {
    this.calls.push('start')
    await this.onStart()
    if (this.#isUp) return
    this.#isUp = true
    this.#show('member-join')
  }

  override async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    this.ringChannel.own.give(tags)
    this.#show('member-update')
    await super.setTags(tags)
  }

  #show(type: MemberEventType): void {
    if (!this.#isUp) return
    this.tell(type, aMember(this.localName, { tags: this.ringChannel.tags }))
  }
}
