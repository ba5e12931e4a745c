import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import { wrapChecksum } from '../../packages/libring/src/wire/checksum.ts'
import { encodeCompound } from '../../packages/libring/src/wire/compound.ts'
import { wrapCompressed } from '../../packages/libring/src/wire/compress.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import { encodeStream, STREAM_BYTES_MAX } from '../../packages/libring/src/wire/stream.ts'
import { packetVectors, streamVectors } from '../support/wire-arbitraries.ts'
import { hex, serfVectors } from '../support/vectors.ts'
import type { Dice } from './dice.ts'
import type { Hostile } from './hostile.ts'
import { mutate } from './mutate.ts'

interface SerfVectors {
  readonly [group: string]: readonly { readonly hex?: string }[]
}

/** Every Serf message in the golden vectors. */
const serfMessages = Object.values(serfVectors<SerfVectors>('serf-messages.json'))
  .filter(Array.isArray)
  .flat()
  .flatMap((one: { readonly hex?: string }) => (one.hex === undefined ? [] : [hex(one.hex)]))

/** How often something comes that is as large as can be. */
const FLOOD_ONCE_IN = 2_000

const MUTANT_BYTES_MAX = 8_192

/** Repeated bytes inflate to this much more than they are: to less than a packet may, and to more. */
const BOMBS = [60_000, 70_000, 300_000].map((length) => wrapCompressed(new Uint8Array(length)))

/** And to more than a stream may. */
const STREAM_BOMBS = [...BOMBS, wrapCompressed(new Uint8Array(STREAM_BYTES_MAX + 1_000_000))]

export interface Forged {
  readonly bytes: Uint8Array
  readonly isCompressed: boolean
}

/** Makes what comes over the wire, from golden bytes and from messages that mean ill. */
export class Forger {
  readonly #dice: Dice
  readonly #hostile: Hostile

  constructor(dice: Dice, hostile: Hostile) {
    this.#dice = dice
    this.#hostile = hostile
  }

  broken(bytes: Uint8Array): Uint8Array {
    return mutate(this.#dice, bytes, MUTANT_BYTES_MAX)
  }

  packet(): Forged {
    const dice = this.#dice
    let isCompressed = false
    let bytes = dice.oneIn(FLOOD_ONCE_IN) ? this.#crowded() : this.#message()
    if (dice.oneIn(5)) bytes = compoundOf([bytes, ...dice.several(6, () => this.#message())])
    for (let layers = dice.oneIn(3) ? 1 + dice.below(3) : 0; layers > 0; layers--) {
      if (dice.oneIn(3)) {
        bytes = compoundOf(dice.oneIn(2) ? [bytes] : [bytes, bytes])
      } else {
        bytes = wrapCompressed(bytes)
        isCompressed = true
      }
      if (dice.oneIn(10)) bytes = this.broken(bytes)
    }
    if (dice.oneIn(5)) bytes = wrapChecksum(bytes)
    return { bytes, isCompressed }
  }

  /** An answer to the last ping. */
  ack(): Forged {
    return { bytes: encodeMessage(this.#hostile.ack()), isCompressed: false }
  }

  stream(): Forged {
    const dice = this.#dice
    if (dice.oneIn(3)) {
      const bytes = dice.oneIn(500)
        ? dice.pick(STREAM_BOMBS)
        : this.broken(dice.pick(streamVectors))
      return { bytes, isCompressed: bytes[0] === 9 }
    }
    const compression = dice.oneIn(3)
    const message = dice.oneIn(FLOOD_ONCE_IN) ? this.#hostile.crowd(3_000) : this.#hostile.stream()
    const whole = encodeStream(message, { compression: false })
    const bytes = dice.oneIn(3) ? this.broken(whole) : whole
    return { bytes: compression ? wrapCompressed(bytes) : bytes, isCompressed: compression }
  }

  /** One that stands in a packet, sound or not. */
  #message(): Uint8Array {
    const dice = this.#dice
    const turn = dice.below(12)
    if (turn < 2) return this.broken(dice.pick(packetVectors))
    if (turn === 2) return this.#user(this.broken(dice.pick(serfMessages)))
    if (turn === 3) return this.#user(this.broken(encodeSerf(this.#hostile.serf())))
    if (turn === 4) return dice.oneIn(200) ? dice.pick(BOMBS) : dice.bytes(60)
    const bytes = encodeMessage(this.#hostile.packet())
    return turn < 7 ? this.broken(bytes) : bytes
  }

  /** As much in one packet as there is room for: many messages, or many parts of parts. */
  #crowded(): Uint8Array {
    const dice = this.#dice
    if (dice.oneIn(2)) return compoundOf(Array.from({ length: 255 }, () => this.#message()))
    const parts = encodeCompound(Array.from({ length: 60 }, () => Uint8Array.of(dice.below(14))))
    return compoundOf(Array.from({ length: 200 }, () => parts))
  }

  #user(payload: Uint8Array): Uint8Array {
    return concatBytes([Uint8Array.of(8), payload])
  }
}

/** Parts that no compound can hold are left out. */
function compoundOf(parts: readonly Uint8Array[]): Uint8Array {
  const fitting = parts.filter(({ length }) => length > 0 && length < 30_000)
  return encodeCompound(fitting.length > 0 ? fitting : [Uint8Array.of(0)])
}
