import { runScenario } from './run.ts'
import type { Dated, Scenario } from './scenario.ts'

/**
 * The scenario with what is not needed left out, so that the same check still fails: first halves
 * of what happens, then quarters, down to single happenings.
 *
 * @param onProgress told how many happenings are left.
 * @throws {Error} when no promise is broken by it as it is.
 */
export async function shrink(
  scenario: Scenario,
  onProgress: (left: number) => void,
): Promise<Scenario> {
  const check = await brokenBy(scenario)
  if (check === undefined) throw new Error('no promise is broken')
  let happenings: readonly Dated[] = scenario.happenings
  for (let size = Math.ceil(happenings.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < happenings.length;) {
      const fewer = [...happenings.slice(0, at), ...happenings.slice(at + size)]
      if ((await brokenBy({ ...scenario, happenings: fewer })) !== check) at += size
      else {
        happenings = fewer
        onProgress(happenings.length)
      }
    }
  }
  return { ...scenario, happenings }
}

/** The name of the check that fails first. What cannot be done at all breaks nothing. */
async function brokenBy(scenario: Scenario): Promise<string | undefined> {
  try {
    return (await runScenario(scenario)).breach?.check
  } catch {
    return undefined
  }
}
