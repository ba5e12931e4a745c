import type { Address } from '../base/address.ts'
import type { JoinAttempt } from '../base/errors.ts'
import type { Millis } from '../base/time.ts'
import type { NodeState, StreamMessage, Versions, WireFault } from '../wire/messages.ts'
import type { MemberState } from './standing.ts'

/** A row of the member table as it was when the effect was made. */
export interface SwimMember {
  readonly name: string
  /** As received: 4 or 16 bytes. */
  readonly addr: Uint8Array
  readonly port: number
  /** Where packets for it go. */
  readonly address: Address
  readonly meta: Uint8Array
  readonly incarnation: number
  readonly state: MemberState
  readonly versions: Versions
}

/** Take our place. */
export interface StartInput {
  readonly type: 'start'
  /** Where others are told to reach us. */
  readonly advertise: Address
  /** At which we begin. @defaultValue 1 */
  readonly incarnation?: number | undefined
  /** Whom we know as if for long: nothing of it is passed on. @defaultValue nobody */
  readonly known?: readonly NodeState[] | undefined
}

/** All that SWIM can be told. */
export type SwimInput =
  /** The transport is open: take our place at `advertise` and begin the loops. */
  | StartInput
  | { readonly type: 'packet'; readonly from: Address; readonly bytes: Uint8Array }
  /** A whole message came in over a stream that somebody dialled. */
  | { readonly type: 'request'; readonly connection: number; readonly message: StreamMessage }
  /** What came in over such a stream was no message. */
  | { readonly type: 'request-fault'; readonly connection: number; readonly fault: WireFault }
  /** The answer on a stream that we dialled. */
  | { readonly type: 'reply'; readonly dial: number; readonly message: StreamMessage }
  | { readonly type: 'dial-failed'; readonly dial: number; readonly reason: string }
  /**
   * Push/pull with every seed, as a newcomer or as a member like any other; answered by one
   * `joined`. `join` is the caller's number for it.
   */
  | { readonly type: 'join' | 'sync'; readonly join: number; readonly seeds: readonly Address[] }
  /** Ask over a stream whether a member of this name is there; answered by one `called`. */
  | { readonly type: 'call'; readonly to: Address; readonly node: string }
  /** New meta of ours, at most 512 bytes; answered by one `meta-spread`. */
  | { readonly type: 'meta'; readonly meta: Uint8Array }
  /** Send this message of the layer above at once, to everybody present or to 64 of them. */
  | { readonly type: 'announce'; readonly payload: Uint8Array }
  /** Send this message of the layer above to one address. */
  | { readonly type: 'direct'; readonly to: Address; readonly payload: Uint8Array }
  /** Say farewell; answered by one `left`. */
  | { readonly type: 'leave' }

/** All that SWIM can ask for or tell. */
export type SwimEffect =
  | { readonly type: 'send'; readonly to: Address; readonly bytes: Uint8Array }
  /** Dial, write `bytes`, read one message, hand it back as `reply`, or say `dial-failed`. */
  | {
      readonly type: 'dial'
      readonly dial: number
      readonly to: Address
      readonly bytes: Uint8Array
    }
  /** The answer to a dial is no longer wanted: drop its stream. */
  | { readonly type: 'abandon'; readonly dial: number }
  /** Answer a `request` and close, or just close when `bytes` is undefined. */
  | {
      readonly type: 'respond'
      readonly connection: number
      readonly bytes: Uint8Array | undefined
    }
  | {
      readonly type: 'member'
      /** `down` went silent, `left` said so itself. */
      readonly change: 'up' | 'down' | 'left' | 'update'
      readonly member: SwimMember
    }
  /** A user message from the layer above of another member. */
  | { readonly type: 'payload'; readonly payload: Uint8Array }
  /** A member answered our ping itself, and in time, with this payload of the layer above. */
  | {
      readonly type: 'pinged'
      readonly name: string
      readonly rttMs: Millis
      readonly payload: Uint8Array
    }
  /** User state that came with a push/pull, after its table was merged. */
  | { readonly type: 'user-state'; readonly join: boolean; readonly bytes: Uint8Array }
  | {
      readonly type: 'joined'
      readonly join: number
      /** Seeds that answered with a member other than ourselves. */
      readonly contacted: number
      /** What the other seeds did. */
      readonly failures: readonly JoinAttempt[]
    }
  | { readonly type: 'called'; readonly answered: boolean }
  /** Two members claim one name; the claim was dropped. */
  | {
      readonly type: 'conflict'
      readonly name: string
      readonly known: Address
      readonly claimed: Address
    }
  /** `spread` is false when the broadcast timeout came first. */
  | { readonly type: 'meta-spread'; readonly spread: boolean }
  | { readonly type: 'left'; readonly spread: boolean }

/** What the layer above lays into packets and push/pulls. Asked, never told; must be pure. */
export interface Passenger {
  /** Its own state, for a push/pull. */
  userState(join: boolean): Uint8Array

  /** What to answer pings with; none where there is nothing to say. */
  ackPayload(): Uint8Array

  /**
   * Payloads to send along, most urgent first, each counted as one transmission.
   *
   * @param bytesMax room left; each payload costs its length plus `overheadBytes`.
   * @param countMax most payloads to give.
   */
  takePayloads(
    bytesMax: number,
    overheadBytes: number,
    countMax: number,
    nowMs: Millis,
  ): readonly Uint8Array[]
}
