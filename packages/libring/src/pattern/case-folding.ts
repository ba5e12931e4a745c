/** Most characters that are the same but for case. */
export const CASES_MAX = 4

/** The dotless i: its capital is that of i, yet the two are not the same but for case. */
const DOTLESS_I = 0x131

/**
 * What is the same as another but for case, and neither its capital nor its small letter: the signs
 * for micro, kelvin, ångström and ohm, the long s, title case, other forms of Greek and old Cyrillic
 * letters. By code point, as some look like the letter itself.
 */
const FURTHER_CASES: readonly number[] = [
  ...[0xb5, 0x17f, 0x1c5, 0x1c8, 0x1cb, 0x1f2, 0x345, 0x3c2, 0x3d0, 0x3d1, 0x3d5, 0x3d6, 0x3f0],
  ...[0x3f1, 0x3f4, 0x3f5, 0x1c80, 0x1c81, 0x1c82, 0x1c83, 0x1c84, 0x1c85, 0x1c86, 0x1c87, 0x1c88],
  ...[0x1e9b, 0x1e9e, 0x1f88, 0x1f89, 0x1f8a, 0x1f8b, 0x1f8c, 0x1f8d, 0x1f8e, 0x1f8f, 0x1f98],
  ...[0x1f99, 0x1f9a, 0x1f9b, 0x1f9c, 0x1f9d, 0x1f9e, 0x1f9f, 0x1fa8, 0x1fa9, 0x1faa, 0x1fab],
  ...[0x1fac, 0x1fad, 0x1fae, 0x1faf, 0x1fbc, 0x1fbe, 0x1fcc, 0x1ffc, 0x2126, 0x212a, 0x212b],
]

const furtherByFolded = new Map<number, readonly number[]>()
for (const point of FURTHER_CASES) {
  const small = folded(point)
  furtherByFolded.set(small, [...(furtherByFolded.get(small) ?? []), point])
}

/**
 * Every character that is the same as this one but for case, itself included.
 *
 * @see Unicode 15.0, CaseFolding.txt, the simple foldings (C and S), which is what Go has.
 */
export function casesOf(point: number): readonly number[] {
  if (point === DOTLESS_I) return [point]
  const small = folded(point)
  const capital = mapped(small, 'toUpperCase')
  return [...new Set([small, capital, ...(furtherByFolded.get(small) ?? [])])]
}

/** The one small letter for all of its cases. */
function folded(point: number): number {
  return mapped(mapped(point, 'toUpperCase'), 'toLowerCase')
}

/** As it was where one character would become several. */
function mapped(point: number, how: 'toUpperCase' | 'toLowerCase'): number {
  const character = String.fromCodePoint(point)
  const result = character[how]()
  const first = result.codePointAt(0)!
  return result.length === String.fromCodePoint(first).length ? first : point
}
