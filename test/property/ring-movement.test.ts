import { describe, expect, test } from 'vitest'
import { measureRollingRestart, measureSingles } from '../../bench/ring/movement.ts'
import { balanced, libring } from '../../bench/ring/schemes.ts'
import { TARGETS } from '../../bench/ring/targets.ts'

// The benchmark holds every size against its targets, with thirty sets of names; here are the
// small ones, with six.
const small = TARGETS.filter(({ partitions, members }) => partitions <= 2_056 && members <= 50)

describe('balance and movement are within their targets', () => {
  test.each(small)('P $partitions, N $members, R $redundancy', (target) => {
    const { maxLoad, maxPrimary, join, leave, held, stay } = measureSingles(balanced, target, 6, 4)
    expect(maxLoad.worst).toBeLessThanOrEqual(target.maxLoad)
    // A primary slack of 10 % and a permit can be a whole slot above a share of 170.
    expect(maxPrimary.worst).toBeLessThanOrEqual(target.maxPrimary + 0.002)
    expect(join.mean).toBeLessThanOrEqual(target.move)
    expect(join.worst).toBeLessThanOrEqual(target.worstMove)
    expect(leave?.mean ?? 0).toBeLessThanOrEqual(target.move)
    expect(leave?.worst ?? 0).toBeLessThanOrEqual(target.worstMove)
    expect(held ?? 1).toBeGreaterThanOrEqual(target.held)
    expect(stay ?? 1).toBeGreaterThanOrEqual(target.stay)
  })
})

test('a rolling restart fetches hardly more than everything twice', () => {
  const shape = { partitions: 512, members: 10, redundancy: 3 }
  expect(measureRollingRestart(balanced, shape, 3).ratio.worst).toBeLessThan(1.02)
})

test('with rendezvous a leave moves what the member held, and nothing else', () => {
  const rendezvous = libring('rendezvous', { assignment: 'rendezvous' })
  const shape = { partitions: 512, members: 10, redundancy: 3 }
  expect(measureSingles(rendezvous, shape, 3, 4).leave).toEqual({ mean: 1, worst: 1 })
})
