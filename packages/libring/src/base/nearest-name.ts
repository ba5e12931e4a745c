/** Longer names than this are not compared: the work grows with the square of the length. */
const LENGTH_MAX = 64

/**
 * The one of `names` that `name` was probably meant to be: equal but for the case of letters, or
 * at most two edits away, and fewer than a third of its length. The first of the nearest.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  if (name.length > LENGTH_MAX) return undefined
  let nearest: string | undefined
  let least = Math.min(3, name.length / 3)
  for (const candidate of names) {
    if (candidate.length > LENGTH_MAX) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance >= least) continue
    nearest = candidate
    least = distance
  }
  return nearest
}

/** How many letters have to be put in, taken out, replaced, or swapped with the next. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, j) => j)
  for (let i = 1; i <= left.length; i++) {
    const row = [i]
    for (let j = 1; j <= right.length; j++) {
      const replaced = last[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      const isSwap = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      const swapped = i > 1 && j > 1 && isSwap ? beforeLast[j - 2]! + 1 : replaced
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1))
    }
    beforeLast = last
    last = row
  }
  return last[right.length]!
}
