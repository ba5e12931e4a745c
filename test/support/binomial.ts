/**
 * Between which counts the number of events stays that each come with this likelihood, apart from
 * each other, of so many chances: four standard deviations to either side. Of 10,000 such numbers
 * one is elsewhere, where tens of events are expected.
 */
export function binomialBounds(
  chances: number,
  likelihood: number,
): { readonly least: number; readonly most: number } {
  const mean = chances * likelihood
  const spread = 4 * Math.sqrt(chances * likelihood * (1 - likelihood))
  return { least: mean - spread, most: mean + spread }
}
