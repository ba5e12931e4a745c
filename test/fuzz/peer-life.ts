import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { PeerServer } from '../../packages/libring/src/gossip/peer-server.ts'
import { newPeerStats } from '../../packages/libring/src/gossip/peer-stats.ts'
import type { PeerOwner, PeerStream } from '../../packages/libring/src/gossip/peer-stream.ts'
import type { StreamHandler } from '../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import type { PeerFrame } from '../../packages/libring/src/wire/peer.ts'
import { PEER_WINDOW_BYTES } from '../../packages/libring/src/wire/peer-window.ts'
import { IN_CLEAR, type Security } from '../../packages/libring/src/wire/security.ts'
import { FakeStream } from '../support/fake-stream.ts'
import { head, keyedAlike, Talk } from '../support/peer-talk.ts'
import type { Dice } from './dice.ts'
import { demand, type Kind, type Life } from './life.ts'
import { mutate } from './mutate.ts'
import { meter, noWork } from './work.ts'

const OPEN_MAX = 40

/** A member that serves one topic, and streams of others that say what they should and should not. */
export class PeerLife implements Life {
  readonly #dice: Dice
  readonly #clock = new SimClock()
  readonly #stats = newPeerStats()
  readonly #security: Security
  readonly #server: PeerServer
  #streams: { readonly talk: Talk; readonly handler: StreamHandler }[] = []

  constructor(dice: Dice) {
    this.#dice = dice
    this.#security = dice.oneIn(2) ? IN_CLEAR : keyedAlike(dice.below(1_000))
    this.#server = new PeerServer({
      clock: this.#clock,
      stats: this.#stats,
      security: this.#security,
      localName: 'bob',
      timeoutMs: 1_000,
    })
    this.#server.serve('jobs', ({ stream }) => this.#owner(stream))
  }

  step(): Kind {
    const dice = this.#dice
    if (dice.oneIn(4)) this.#clock.runUntil(this.#clock.nowMs() + dice.below(3_000))
    const isFresh = this.#streams.length < 3 || dice.oneIn(3)
    if (isFresh) this.#open()
    const { talk, handler } = isFresh ? this.#streams.at(-1)! : dice.pick(this.#streams)
    const hello: PeerFrame = { type: 'head', head: this.#head() }
    const frames = [...(isFresh ? [hello] : []), ...dice.several(5, () => this.#frame())]
    const said = concatBytes(talk.say('dialling', frames))
    const bytes = dice.oneIn(2) ? said : mutate(dice, said, 70_000)
    meter.work = noWork()
    for (let at = 0; at < bytes.length;) {
      const size = 1 + dice.below(bytes.length)
      handler.onBytes(bytes.slice(at, at + size))
      at += size
    }
    if (dice.oneIn(6)) handler.onEnd()
    if (dice.oneIn(12)) handler.onClosed(undefined)
    const { bufferedBytes } = this.#server
    demand(
      bufferedBytes <= this.#streams.length * (PEER_WINDOW_BYTES + 70_000),
      `${bufferedBytes} bytes buffered`,
    )
    return 'peer stream'
  }

  faults(): ReadonlyMap<string, number> {
    const { faults, refused, timedOut } = this.#stats
    const all = { ...faults, refused, timedOut }
    return new Map(Object.entries(all).map(([fault, count]) => [`peer ${fault}`, count]))
  }

  held(): Readonly<Record<string, number>> {
    return { peerRequests: this.#server.size, peerBytes: this.#server.bufferedBytes }
  }

  #open(): void {
    const stream = new FakeStream()
    const handler = this.#server.accept(stream)
    this.#streams = [...this.#streams.slice(-OPEN_MAX), { talk: new Talk(this.#security), handler }]
  }

  #head(): typeof head {
    const dice = this.#dice
    if (!dice.oneIn(3)) return head
    return {
      version: dice.pick([1, 1, 0, 255]),
      topic: dice.pick(['jobs', 'x', 'n'.repeat(128)]),
      from: dice.pick(['ann', '__proto__', 'n'.repeat(128)]),
      to: dice.pick(['bob', 'bob', 'ann']),
      deadlineMs: dice.pick([1, 1_000, 3_600_000]),
    }
  }

  #frame(): PeerFrame {
    const dice = this.#dice
    switch (dice.below(8)) {
      case 0:
        return { type: 'end' }
      case 1:
        return { type: 'error', code: 'busy', reason: 'x'.repeat(dice.below(300)) }
      case 2:
        return { type: 'credit', bytes: dice.pick([0, 1, 65_536, 0x7fff_ffff, 0xffff_ffff]) }
      case 3:
        return { type: 'head', head }
      default: {
        const length = dice.oneIn(30) ? 65_536 : 1 + dice.below(200)
        return { type: 'chunk', bytes: new Uint8Array(length) }
      }
    }
  }

  /** Reads now and then, and answers in the end. */
  #owner(stream: PeerStream): PeerOwner {
    const dice = this.#dice
    const look = (): void => {
      meter.work.messages++
      if (dice.oneIn(3)) return
      for (let chunk = stream.read(); chunk !== 'wait'; chunk = stream.read()) {
        if (chunk === 'end') return stream.finish(dice.bytes(40))
        meter.work.reads++
      }
    }
    return { onReadable: look, onDrained: () => {}, onOver: () => {} }
  }
}
