/** Ascending whole numbers in few words: `0-3, 7, 9-12`; past `most` runs the rest is counted. */
export function ranges(numbers: readonly number[], most = 6): string {
  const runs: { from: number; to: number }[] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && number === last.to + 1) last.to = number
    else runs.push({ from: number, to: number })
  }
  const shown = runs.slice(0, most)
  const text = shown.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
  const hidden = runs.slice(most).reduce((sum, { from, to }) => sum + to - from + 1, 0)
  return hidden === 0 ? text : `${text} and ${hidden} more`
}
