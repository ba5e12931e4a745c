const EMPTY = new Uint8Array(0)

/** Texts are made of pieces of so many characters: joined one by one, each would take 32 bytes. */
const PIECE_LENGTH = 4_096

/** No bytes. Shared, so never to be written to. */
export const NO_BYTES: Uint8Array = EMPTY

/** UTF-8 bytes of `text`. Lone surrogates become U+FFFD, as TextEncoder has it. */
export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const point = codePointAt(text, i)
    if (point > 0xffff) i++
    at = writePoint(bytes, at, point)
  }
  return bytes
}

/** How many bytes {@link utf8Encode} would give. */
export function utf8Length(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const point = codePointAt(text, i)
    if (point > 0xffff) i++
    length += pointBytes(point)
  }
  return length
}

/** Whether `text` has no lone surrogate, so that it comes back from UTF-8 as it was. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** The text of well-formed UTF-8, or `undefined` for anything else (overlong, surrogate, cut). */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  let text = ''
  let points: number[] = []
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i]!
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    const point = length === 1 ? first : readPoint(bytes, i, length)
    if (point === undefined) return undefined
    points.push(point)
    i += length
    if (points.length < PIECE_LENGTH) continue
    text += String.fromCodePoint(...points)
    points = []
  }
  return text + String.fromCodePoint(...points)
}

/** Order by unsigned bytes; where one is a prefix of the other, the shorter comes first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!
  }
  return left.length - right.length
}

/**
 * Order of two strings by their UTF-8 bytes, which is the order of their code points.
 * JavaScript's own order differs where surrogates meet U+E000 to U+FFFF.
 */
export function compareUtf8(left: string, right: string): number {
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    const a = left.charCodeAt(i)
    const b = right.charCodeAt(i)
    if (a !== b) return sortable(a) - sortable(b)
  }
  return left.length - right.length
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return true
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += PIECE_LENGTH) {
    const piece = bytes.subarray(i, i + PIECE_LENGTH)
    text += Array.from(piece, (byte) => HEX[byte]).join('')
  }
  return text
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Bytes of a string of hexadecimal digits, or `undefined` when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) return undefined
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}

/** Bytes of standard Base64 with its padding (RFC 4648 section 4), or `undefined` for other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const digits = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((digits.length * 6) / 8))
  let bits = 0
  let bitCount = 0
  let at = 0
  for (const digit of digits) {
    bits = ((bits << 6) | BASE64.indexOf(digit)) & 0xffff
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[at++] = (bits >> bitCount) & 0xff
  }
  return bytes
}

/** Standard Base64 with its padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let digit = 0; digit < 4; digit++) {
      const isPadding = i + digit > bytes.length
      text += isPadding ? '=' : BASE64[(group >> (18 - 6 * digit)) & 63]
    }
  }
  return text
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The code point at `index`; U+FFFD where a surrogate stands alone. */
export function codePointAt(text: string, index: number): number {
  const unit = text.charCodeAt(index)
  if (unit < 0xd800 || unit > 0xdfff) return unit
  const next = text.charCodeAt(index + 1)
  if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return 0xfffd
  return 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00)
}

function pointBytes(point: number): number {
  if (point < 0x80) return 1
  if (point < 0x800) return 2
  return point < 0x10000 ? 3 : 4
}

function writePoint(bytes: Uint8Array, at: number, point: number): number {
  const length = pointBytes(point)
  if (length === 1) {
    bytes[at] = point
    return at + 1
  }
  for (let i = length - 1; i > 0; i--) {
    bytes[at + i] = 0x80 | (point & 0x3f)
    point >>>= 6
  }
  bytes[at] = ((0xf00 >> length) & 0xff) | point
  return at + length
}

function readPoint(bytes: Uint8Array, at: number, length: number): number | undefined {
  const first = bytes[at]!
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return undefined
  let point = first & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i]!
    if ((next & 0xc0) !== 0x80) return undefined
    point = (point << 6) | (next & 0x3f)
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000
  if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
  return point
}

/** Moves surrogates above U+FFFF's other units, so that units compare as code points do. */
function sortable(unit: number): number {
  if (unit < 0xd800) return unit
  return unit > 0xdfff ? unit - 0x800 : unit + 0x2000
}
