import { expect, test } from 'vitest'
import { BadAddresses } from '../../../packages/libring/src/routing/bad-addresses.ts'

test('an address is bad for its time, and no longer', () => {
  const bad = new BadAddresses(500)
  bad.note('http://bob', 1_000)
  expect([bad.has('http://bob', 1_499), bad.has('http://cat', 1_499)]).toEqual([true, false])
  expect([bad.has('http://bob', 1_500), bad.size]).toEqual([false, 0])
})

test('an address is good again once somebody has answered there', () => {
  const bad = new BadAddresses(500)
  bad.note('http://bob', 0)
  bad.clear('http://bob')
  expect(bad.has('http://bob', 1)).toBe(false)
})

test('nothing is remembered for no time', () => {
  const bad = new BadAddresses(0)
  bad.note('http://bob', 0)
  expect(bad.size).toBe(0)
})

test('no more than 1,024 addresses are remembered, and the latest of them', () => {
  const bad = new BadAddresses(500)
  for (let at = 0; at < 3_000; at++) bad.note(`http://${at}`, 0)
  expect([bad.size, bad.has('http://1975', 1), bad.has('http://1976', 1)]).toEqual([
    1_024,
    false,
    true,
  ])
})
