import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import type { Dice } from './dice.ts'

/** Bytes that begin something: messages, MessagePack forms with great lengths, borders. */
const TELLING = [
  0, 1, 2, 6, 7, 8, 9, 10, 12, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6,
  0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd3, 0xd4, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
  0xe0, 0xf4, 0xf5, 0xff,
]

/** Numbers at the borders of what fields hold, and lengths that are not there. */
const NUMBERS = [
  'ccff',
  'cd0000',
  'cdffff',
  'ceffff0000',
  'cefffeffff',
  'ceffffffff',
  'ce80000000',
  'cf7fffffffffffffff',
  'cf8000000000000000',
  'cfffffffffffffffff',
  'd3ffffffffffffffff',
  'd38000000000000000',
  'cb7ff8000000000000',
  'cbfff0000000000000',
  'dfffffffff',
  'ddffffffff',
  'dbffffffff',
  'c6ffffffff',
  'ddffffffff'.repeat(3),
  '91'.repeat(64),
  '81'.repeat(64),
  '00',
  'c0',
].map((text) => Uint8Array.from(text.match(/../g)!.map((pair) => parseInt(pair, 16))))

/** One of the ways in which bytes go wrong, or several at once. */
export function mutate(dice: Dice, original: Uint8Array, lengthMax: number): Uint8Array {
  let bytes = new Uint8Array(original)
  for (let turns = 1 + dice.below(3); turns > 0; turns--) bytes = once(dice, bytes)
  return bytes.length > lengthMax ? bytes.slice(0, lengthMax) : bytes
}

function once(dice: Dice, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = dice.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + dice.below(16))
  switch (dice.below(8)) {
    case 0:
      return change(bytes, at, (was) => was ^ (1 << dice.below(8)))
    case 1:
      return change(bytes, at, () => dice.pick(TELLING))
    case 2:
      return change(bytes, at, () => dice.below(256))
    case 3:
      return bytes.slice(0, at)
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(to))
    case 5:
      return joined(bytes.subarray(0, to), bytes.subarray(at))
    case 6:
      return joined(bytes.subarray(0, at), dice.pick(NUMBERS), bytes.subarray(to))
    default:
      return putNumber(dice, bytes, at)
  }
}

/** A number, from `at` on the first that is there, becomes another one. */
function putNumber(dice: Dice, bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte < 0xcc || byte > 0xcf) continue
    return joined(
      bytes.subarray(0, i),
      dice.pick(NUMBERS),
      bytes.subarray(i + 1 + (1 << (byte - 0xcc))),
    )
  }
  return change(bytes, at, () => dice.pick(TELLING))
}

function change(
  bytes: Uint8Array,
  at: number,
  become: (was: number) => number,
): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes)
  if (changed.length > 0) changed[at % changed.length] = become(changed[at % changed.length]!)
  return changed
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(concatBytes(parts))
}
