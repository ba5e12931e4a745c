import type { Address } from '../base/address.ts'

/** Our end of a stream that somebody opened, with word of how much of it is taken. */
export interface Visitor {
  readonly peer: Address

  /** Queue bytes. False when more should not come before {@link VisitorHandler.onDrained}. */
  write(bytes: Uint8Array): boolean

  /** Have no more bytes come, or have them come again. */
  pause(): void
  resume(): void

  /** Write what is queued, then close. */
  end(): void

  /** Close at once. */
  destroy(): void
}

/** What a visitor is heard by. */
export interface VisitorHandler {
  /** Bytes as they come, cut anywhere. They belong to the handler. */
  onBytes(bytes: Uint8Array): void

  /** What was queued has been taken. */
  onDrained(): void

  /** Exactly once, last: the visitor is gone, or will say no more. */
  onGone(): void
}

/** Takes streams at one address. */
export interface Listener {
  /**
   * @returns where it listens, with the real port.
   * @throws {BindError} when the address cannot be bound; nothing stays open then.
   */
  open(onVisitor: (visitor: Visitor) => VisitorHandler): Promise<Address>

  /** Take no more, and close all that are open. Resolves once the address is free. */
  close(): Promise<void>
}
