import { below, seededRandom } from '../../packages/libring/src/base/random.ts'
import type { Scenario } from './member.ts'

/** What kind of trouble the run of that seed sees. */
export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed, 'scenario')
  const kind = below(random, 6)
  const stubborn = kind === 0
  const calm = kind === 1
  return {
    members: 3 + below(random, 4),
    partitions: stubborn ? 2 : 3 + below(random, 3),
    assignment: below(random, 2) === 0 ? 'moves little' : 'moves much',
    stubborn,
    calm,
    faults: stubborn ? 0 : calm ? 2 : 3 + below(random, 10),
    lossPercent: calm ? 0 : [0, 5, 20][below(random, 3)]!,
    slow: !calm && below(random, 3) === 0,
    skewMs: [0, 0, 5_000][below(random, 3)]!,
    mute: !stubborn && !calm && below(random, 8) === 0,
  }
}
