import { concatBytes, NO_BYTES } from '../base/bytes.ts'
import { OptionError } from '../base/errors.ts'
import type { Millis } from '../base/time.ts'
import type { OpenCall, PeerCalls } from './peer-calls.ts'
import type { PeerServer } from './peer-server.ts'
import type { PeerEnding, PeerOwner, PeerStream } from './peer-stream.ts'

/** How long a message, or the answer to one, may be: 1 MiB and what stands around it. */
export const PEER_MESSAGE_BYTES_MAX = 1_114_112

/** What became of a message. */
export type MessageOutcome =
  /** It was taken in. Unless the listener answered, there are no bytes in `answer`. */
  | { readonly type: 'delivered'; readonly answer: Uint8Array }
  | { readonly type: 'failed'; readonly ending: PeerEnding }

/** Hears of every message of a topic, whole. What it returns is the answer. Must not throw. */
export type MessageListener = (from: string, message: Uint8Array) => Uint8Array | undefined

/**
 * Short messages over the peer channel, for machines: whole or not at all, by callback, with no
 * promise anywhere. Two messages to the same member may arrive in either order; one whose outcome
 * is `failed` may have arrived all the same.
 */
export class PeerMessages {
  readonly #calls: PeerCalls
  readonly #server: PeerServer

  constructor(calls: PeerCalls, server: PeerServer) {
    this.#calls = calls
    this.#server = server
  }

  /**
   * Send `message`, which must not change until the outcome is told: exactly once, and never from
   * within this call.
   *
   * @param message at most 1,114,112 bytes.
   * @param options.deadlineMs 1 to 3,600,000, waiting for a place included.
   */
  send(
    member: string,
    topic: string,
    message: Uint8Array,
    options: {
      readonly deadlineMs: Millis
      readonly onOutcome?: (outcome: MessageOutcome) => void
    },
  ): OpenCall {
    requireLength('message', message)
    const { deadlineMs, onOutcome = () => {} } = options
    const sender = new Sender(message, onOutcome)
    return this.#calls.open({ member, topic, deadlineMs }, sender)
  }

  /** Listen to a topic. Returns how to stop, or `undefined` when somebody does already. */
  receive(topic: string, listener: MessageListener): (() => void) | undefined {
    return this.#server.serve(topic, ({ from, stream }) => {
      return new Receiver(stream, (message) => {
        const answer = listener(from, message) ?? NO_BYTES
        requireLength('answer', answer)
        stream.finish(answer)
      })
    })
  }
}

class Sender implements PeerOwner {
  readonly #message: Uint8Array
  readonly #onOutcome: (outcome: MessageOutcome) => void
  readonly #answer = new Assembly()
  #stream: PeerStream | undefined

  constructor(message: Uint8Array, onOutcome: (outcome: MessageOutcome) => void) {
    this.#message = message
    this.#onOutcome = onOutcome
  }

  onOpen(stream: PeerStream): void {
    this.#stream = stream
    stream.finish(this.#message)
  }

  onReadable(): void {
    const { status } = this.#answer.fill(this.#stream)
    if (status === 'too-large') this.#stream?.destroy({ type: 'fault', fault: 'too-large' })
  }

  onDrained(): void {}

  onOver(ending: PeerEnding): void {
    this.#onOutcome(
      ending.type === 'done'
        ? { type: 'delivered', answer: this.#answer.bytes() }
        : { type: 'failed', ending },
    )
  }
}

class Receiver implements PeerOwner {
  readonly #stream: PeerStream
  readonly #onWhole: (message: Uint8Array) => void
  readonly #message = new Assembly()

  constructor(stream: PeerStream, onWhole: (message: Uint8Array) => void) {
    this.#stream = stream
    this.#onWhole = onWhole
  }

  onReadable(): void {
    const { status } = this.#message.fill(this.#stream)
    if (status === 'too-large') this.#stream.destroy({ type: 'fault', fault: 'too-large' })
    if (status === 'whole') this.#onWhole(this.#message.bytes())
  }

  onDrained(): void {}

  onOver(): void {}
}

/** A message in the making. */
class Assembly {
  readonly #chunks: Uint8Array[] = []
  #length = 0

  /** Take in all there is to read. */
  fill(stream: PeerStream | undefined): { readonly status: 'more' | 'whole' | 'too-large' } {
    for (;;) {
      const chunk = stream?.read() ?? 'wait'
      if (chunk === 'wait') return { status: 'more' }
      if (chunk === 'end') return { status: 'whole' }
      this.#length += chunk.length
      if (this.#length > PEER_MESSAGE_BYTES_MAX) return { status: 'too-large' }
      this.#chunks.push(chunk)
    }
  }

  bytes(): Uint8Array {
    return concatBytes(this.#chunks)
  }
}

function requireLength(option: string, { length }: Uint8Array): void {
  if (length <= PEER_MESSAGE_BYTES_MAX) return
  throw new OptionError(option, `at most ${PEER_MESSAGE_BYTES_MAX} bytes`, length)
}
