import type { Millis } from '../base/time.ts'

/** What rings on different members have to say to each other, over one membership. */
export interface RingChannel {
  /** All tags of the local member, before the start as well. */
  readonly tags: Readonly<Record<string, string>>

  /**
   * Have the tag `libring` say `text` from now on, beside the tags of the user; `undefined` takes
   * it away. Before the start it is only kept. Resolves once it has been spread, or could not be
   * in time.
   *
   * @throws {OptionError} when all tags together do not fit into 512 bytes; nothing has changed
   *   then.
   */
  announce(text: string | undefined): Promise<void>

  /**
   * Send `message` to a member that bears the tag `libring`.
   *
   * @param options.deadlineMs how long that may take, 1 to 3,600,000.
   * @param options.onOver called once, never from within this call. `false`: it may have arrived
   *   all the same.
   */
  send(
    member: string,
    topic: string,
    message: Uint8Array,
    options: { readonly deadlineMs: Millis; readonly onOver: (isDelivered: boolean) => void },
  ): void

  /**
   * Hear what others send. Returns how to stop, or `undefined` when somebody hears that topic
   * already.
   */
  receive(
    topic: string,
    listener: (from: string, message: Uint8Array) => void,
  ): (() => void) | undefined

  /**
   * Exchange members with `member`, both ways: once it is done, each has told the other whom it
   * sees.
   *
   * @param onOver called once, perhaps from within this call; whether a member other than the
   *   local one answered where the named one should be. False for a name that nobody present has.
   */
  exchange(member: string, onOver: (isDone: boolean) => void): void

  /**
   * The same with whoever answers first of a few other members; present ones, where there are any.
   *
   * @param onOver called once, perhaps from within this call.
   */
  exchangeWithAny(onOver: (isDone: boolean) => void): void
}
