/** The word that differs least from `given`, or `''` where none is at most two letters off. */
export function nearest(given: string, words: readonly string[]): string {
  let best = ''
  let least = 3
  for (const word of words) {
    const distance = lettersOff(given, word)
    if (distance < least) [best, least] = [word, distance]
  }
  return best
}

/** Letters to put in, leave out or change to come from one word to the other (Levenshtein). */
function lettersOff(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const change = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[right.length]!
}
