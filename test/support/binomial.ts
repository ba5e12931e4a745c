/** How seldom a count is beyond either bound: once in a hundred million. */
const TAIL = 1e-8

/**
 * The least and the most events that happen of so many chances, where each happens with this
 * likelihood, apart from the others: fewer do once in a hundred million times, and so do more.
 *
 * @param likelihood between 0 and 1, neither included.
 */
export function binomialBounds(
  chances: number,
  likelihood: number,
): { readonly least: number; readonly most: number } {
  const least = leastOf(chances, likelihood)
  return { least, most: chances - leastOf(chances, 1 - likelihood) }
}

/** The first count such that there are so many or fewer more often than {@link TAIL}. */
function leastOf(chances: number, likelihood: number): number {
  // In logarithms: with thousands of chances the likelihood of none is below any number.
  let exactly = chances * Math.log1p(-likelihood)
  let upTo = Math.exp(exactly)
  let count = 0
  while (upTo <= TAIL) {
    exactly += Math.log(((chances - count) / (count + 1)) * (likelihood / (1 - likelihood)))
    count++
    upTo += Math.exp(exactly)
  }
  return count
}
