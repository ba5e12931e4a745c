import type { Address } from '../base/address.ts'

/** Both ends of a reliable byte stream see this. */
export interface Stream {
  /** The other end, as the network shows it. */
  readonly peer: Address

  /** Queue bytes. May be called before the stream is connected; ignored once closed. */
  write(bytes: Uint8Array): void

  /** Write what is queued, then say that no more will come. */
  end(): void

  /** Drop the stream at once. `onClosed` follows, never from within this call. */
  destroy(): void
}

/** What the owner of one end of a stream wants to hear. */
export interface StreamHandler {
  /** The stream that this end dialled is connected. Told at most once, before anything else. */
  onConnected?(): void

  /** Bytes as they come, cut anywhere. They belong to the handler. */
  onBytes(bytes: Uint8Array): void

  /** The other end will send no more; this end may still write. */
  onEnd(): void

  /** Exactly once, last: `error` is set unless both ends had ended. */
  onClosed(error: Error | undefined): void
}

/** What a transport tells whoever opened it. */
export interface Receiver {
  /** One datagram, whole. The bytes belong to the receiver. */
  onPacket(from: Address, bytes: Uint8Array): void

  /** Somebody dialled us. Returns who listens to the new stream. */
  onStream(stream: Stream): StreamHandler
}

/** Opens streams to others. */
export interface Dialer {
  /** Start a stream. Failure to connect is told by `handler.onClosed`. */
  dial(to: Address, handler: StreamHandler): Stream
}

/**
 * Datagrams and streams on one port. Datagrams may be lost, doubled or reordered; streams may
 * break. No method throws for anything the network does.
 */
export interface Transport extends Dialer, AsyncDisposable {
  /** Where it is bound, with the real port; known once open. */
  readonly address: Address

  /**
   * Bind. Returns nothing when it is open at once, as in a simulation, so that a caller there
   * need not wait.
   *
   * @throws {BindError} when the address cannot be bound; nothing stays open then.
   */
  open(receiver: Receiver): Promise<void> | void

  /** Send one datagram of at most 65,507 bytes, or lose it. Ignored unless open. */
  sendPacket(to: Address, bytes: Uint8Array): void
}
