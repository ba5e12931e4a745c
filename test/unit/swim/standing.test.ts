import { describe, expect, test } from 'vitest'
import { supersedes, type MemberState } from '../../../packages/libring/src/swim/standing.ts'

// Rows: what is claimed. Columns: what is known. Cells: least incarnation lead that wins,
// or `never`. Taken from memberlist state.go, so a change here is a change of protocol.
const never = Infinity
const leadToWin: Record<MemberState, Record<MemberState, number>> = {
  alive: { alive: 1, suspect: 1, dead: 1, left: 1 },
  suspect: { alive: 0, suspect: never, dead: never, left: never },
  dead: { alive: 0, suspect: 0, dead: never, left: never },
  left: { alive: 0, suspect: 0, dead: never, left: never },
}
const states = Object.keys(leadToWin) as MemberState[]

describe('which claim wins', () => {
  for (const claimed of states) {
    for (const known of states) {
      for (const lead of [-1, 0, 1]) {
        const wins = lead >= leadToWin[claimed][known]
        const verb = wins ? 'replaces' : 'leaves'
        test(`${claimed} ${verb} ${known} at incarnation lead ${lead}`, () => {
          const claim = { state: claimed, incarnation: 10 + lead }
          expect(supersedes(claim, { state: known, incarnation: 10 })).toBe(wins)
        })
      }
    }
  }
})
