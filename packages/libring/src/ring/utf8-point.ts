/** How many bytes UTF-8 takes for `point`. */
export function utf8PointBytes(point: number): number {
  if (point < 0x80) return 1
  if (point < 0x800) return 2
  return point < 0x10000 ? 3 : 4
}

/** The UTF-8 bytes of `point` in one signed 32-bit word, the first byte lowest. */
export function utf8PointWord(point: number): number {
  if (point < 0x80) return point
  const last = 0x80 | (point & 0x3f)
  if (point < 0x800) return 0xc0 | (point >> 6) | (last << 8)
  const third = 0x80 | ((point >> 6) & 0x3f)
  if (point < 0x10000) return 0xe0 | (point >> 12) | (third << 8) | (last << 16)
  const second = 0x80 | ((point >> 12) & 0x3f)
  return 0xf0 | (point >> 18) | (second << 8) | (third << 16) | (last << 24)
}
