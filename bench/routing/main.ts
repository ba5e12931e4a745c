// What becomes of requests while members come, go, are killed and are stopped: real processes, and
// clients in a process of their own that send at a constant rate, whatever becomes of it.
//
//   npm run bench:routing                                  everything, some ten minutes
//   npm run bench:routing -- --only churn --minutes 5 --rate 500 --seed 7
//                                                          or: rolling, rooms
//
// Writes bench/results/routing.json (what was not measured stays as it was) and, from that, the
// figures in docs/internals/routing-figures.md. Ends with 1 when something was not as promised.

import { parseArgs } from 'node:util'
import { benchChurn, benchRolling } from './requests.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    rate: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
})
const isWanted = (part: string) => values.only === undefined || values.only === part
const seed = Number(values.seed)
const rate = Number(values.rate)

if (isWanted('churn')) {
  const found = await benchChurn({ seed, rate, minutes: Number(values.minutes) })
  console.log(JSON.stringify(found, undefined, 1))
}
if (isWanted('rolling')) {
  console.log(JSON.stringify(await benchRolling({ seed, rate }), undefined, 1))
}
