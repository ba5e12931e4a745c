import { expect, test } from 'vitest'
import { Conflicts } from '../../../packages/libring/src/gossip/conflicts.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { LogBook } from '../../support/simulated-node.ts'

const place = (index: number) => ({ host: `10.0.${index >> 8}.${index & 255}`, port: 7_946 })

test('however many claims to a name are made up, a bounded number of them is told in a minute', () => {
  const clock = new SimClock()
  const log = new LogBook()
  const told: string[] = []
  const conflicts = new Conflicts(clock, log, (type) => told.push(type))
  const claim = (index: number) => {
    conflicts.note({ name: 'ann', known: place(1), claimed: place(index) })
  }
  for (let index = 2; index < 2_002; index++) claim(index)
  expect(told).toHaveLength(64)
  expect(log.messages('warn')).toHaveLength(64)

  clock.runUntil(60_000)
  claim(9_999)
  claim(9_999)
  expect(told).toHaveLength(65)
  expect(log.messages('warn')).toHaveLength(65)
})
