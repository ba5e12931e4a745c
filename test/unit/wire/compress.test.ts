import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { lzwCompress } from '../../../packages/libring/src/codec/lzw.ts'
import { decode, encode } from '../../../packages/libring/src/codec/msgpack.ts'
import { COMPRESSED, inflate, wrapCompressed } from '../../../packages/libring/src/wire/compress.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface LzwVector {
  readonly name: string
  readonly inputHex?: string
  readonly inputSha256: string
  readonly compressMessageHex?: string
}

const { vectors } = serfVectors<{ vectors: LzwVector[] }>('lzw.json')
const limit = 1 << 20

/** The body of a compressed message, its type byte first. */
function bodyOf(message: Uint8Array): { readonly Algo: number; readonly Buf: Uint8Array } {
  const decoded = decode(COMPRESSED, message, 1)
  if (decoded.fault !== undefined) throw new Error(decoded.fault)
  return decoded.value
}

const whole = vectors.filter((vector) => vector.compressMessageHex !== undefined)
test.each(whole.filter(({ name }) => name !== 'empty'))(
  'memberlist’s message of $name is inflated',
  ({ compressMessageHex, inputSha256 }) => {
    const inflated = inflate(bodyOf(hex(compressMessageHex!)), limit) as Uint8Array
    expect(createHash('sha256').update(inflated).digest('hex')).toBe(inputSha256)
  },
)

test.each(whole.filter(({ inputHex }) => inputHex !== undefined))(
  'memberlist’s message of $name is written the same to the byte',
  ({ compressMessageHex, inputHex }) => {
    expect(toHex(wrapCompressed(hex(inputHex!)))).toBe(compressMessageHex)
  },
)

test('an algorithm other than LZW is not guessed at', () => {
  const { Buf } = bodyOf(wrapCompressed(hex('0801')))
  expect(inflate({ Algo: 0, Buf }, limit)).toEqual(hex('0801'))
  expect(inflate({ Algo: 1, Buf }, limit)).toBe('compression')
})

test('what is not LZW, or ends early, is a fault of compression', () => {
  const Buf = lzwCompress(hex('0801020304'))
  expect(inflate({ Algo: 0, Buf: Buf.subarray(0, -1) }, limit)).toBe('compression')
  expect(inflate({ Algo: 0, Buf: hex('ffff') }, limit)).toBe('compression')
  expect(inflate({ Algo: 0, Buf: new Uint8Array(0) }, limit)).toBe('compression')
})

test('a message that inflates to nothing is empty', () => {
  expect(inflate({ Algo: 0, Buf: hex('000302') }, limit)).toBe('empty')
})

test('the limit is on what comes out', () => {
  const { Buf } = bodyOf(wrapCompressed(new Uint8Array(1_000)))
  expect(inflate({ Algo: 0, Buf }, 1_000)).toHaveLength(1_000)
  expect(inflate({ Algo: 0, Buf }, 999)).toBe('too-large')
})

test('the wrapper is a map, whatever the length of what it holds', () => {
  const encoded = encode(COMPRESSED, { Algo: 0, Buf: new Uint8Array(70_000) }, 9)
  expect(toHex(encoded.subarray(0, 17))).toBe('0982a4416c676f00a3427566db00011170')
})
