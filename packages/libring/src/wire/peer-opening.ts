import { concatBytes } from '../base/bytes.ts'
import { labelHeader } from './label.ts'
import { MessageType } from './message-type.ts'
import type { Security } from './security.ts'

/** What the dialling end says before its first frame. */
export function peerOpening({ label }: Security): Uint8Array {
  return concatBytes([labelHeader(label), Uint8Array.of(MessageType.peer)])
}

/** What came of the first bytes of a stream that somebody dialled. */
export type Opening =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other' }
  /** `rest` came behind the opening. */
  | { readonly kind: 'peer'; readonly rest: Uint8Array }

/** Tells a stream between peers from memberlist's own, by its first bytes. Keeps none of them. */
export class OpeningReader {
  readonly #expected: Uint8Array
  #matched = 0
  #isOther = false

  constructor(security: Security) {
    this.#expected = peerOpening(security)
  }

  /** Not to be asked again once it is known. */
  push(bytes: Uint8Array): Opening {
    let at = 0
    while (!this.#isOther && this.#matched < this.#expected.length && at < bytes.length) {
      if (bytes[at++] === this.#expected[this.#matched]) this.#matched++
      else this.#isOther = true
    }
    if (this.#isOther) return { kind: 'other' }
    if (this.#matched < this.#expected.length) return { kind: 'unknown' }
    return { kind: 'peer', rest: bytes.subarray(at) }
  }
}
