// The second opinion on packages/libring/src/codec/lzw.ts: the same format by the shortest road,
// with arrays of zeros and ones for bits and an array of arrays for the dictionary.

const CLEAR = 256
const END = 257

/** The lowest `width` bits of a number, the least significant first. */
export function bitsOf(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, bit) => (value >> bit) & 1)
}

/** Bits as bytes, each filled from its least significant bit, the last with zeros behind. */
export function packBits(bits: readonly number[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8))
  for (const [index, bit] of bits.entries()) packed[index >> 3]! |= bit << (index & 7)
  return packed
}

/** What the codes stand for, or `undefined` when they stand for nothing. */
export function naiveDecompress(bytes: Uint8Array): number[] | undefined {
  const bits = Array.from(bytes).flatMap((byte) => bitsOf(byte, 8))
  let at = 0
  const takeCode = (width: number): number | undefined => {
    if (bits.length - at < width) return undefined
    at += width
    return bits.slice(at - width, at).reduceRight((code, bit) => 2 * code + bit, 0)
  }

  const output: number[] = []
  let dictionary = freshDictionary()
  let previous: number[] | undefined
  // The code that the next string will get, once the string after the next code is known.
  let next = END
  let width = 9
  for (;;) {
    const code = takeCode(width)
    if (code === undefined) return undefined
    if (code === END) return output
    if (code === CLEAR) {
      dictionary = freshDictionary()
      previous = undefined
      next = END
      width = 9
      continue
    }
    if (code > next) return undefined
    if (previous !== undefined) {
      const seen = code === next ? previous : dictionary[code]!
      dictionary[next] = [...previous, seen[0]!]
    }
    const string = dictionary[code]
    if (string === undefined) return undefined
    for (const byte of string) output.push(byte)
    previous = string
    next++
    if (next === 2 ** width) {
      if (width < 12) {
        width++
      } else {
        previous = undefined
        next--
      }
    }
  }
}

/** The codes a greedy encoder gives for `bytes`, packed. */
export function naiveCompress(bytes: Uint8Array): Uint8Array {
  const bits: number[] = []
  const dictionary = new Map<string, number>()
  let last = END
  let width = 9
  const put = (code: number) => void bits.push(...bitsOf(code, width))
  const restart = () => {
    put(CLEAR)
    dictionary.clear()
    last = END
    width = 9
  }
  const count = (): boolean => {
    last++
    if (last === 2 ** width) width++
    if (last !== 4_095) return true
    restart()
    return false
  }

  const codeOf = (text: string) => {
    return text.length === 1 ? text.charCodeAt(0) : dictionary.get(text)
  }
  restart()
  let text = ''
  for (const byte of bytes) {
    const longer = text + String.fromCharCode(byte)
    if (codeOf(longer) !== undefined) {
      text = longer
      continue
    }
    put(codeOf(text)!)
    if (count()) dictionary.set(longer, last)
    text = String.fromCharCode(byte)
  }
  if (text !== '') {
    put(codeOf(text)!)
    count()
  }
  put(END)
  return packBits(bits)
}

function freshDictionary(): number[][] {
  return Array.from({ length: CLEAR }, (_, byte) => [byte])
}
