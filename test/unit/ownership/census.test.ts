import { expect, test } from 'vitest'
import { Census } from '../../../packages/libring/src/ownership/census.ts'
import { OwnershipPeers } from '../../support/ownership-peers.ts'

test('whoever has come into view is told three times, 2 s apart', () => {
  const census = new Census()
  census.greet('bob', 1_000)
  const told: number[] = []
  for (let nowMs = census.deadlineMs(); nowMs !== undefined; nowMs = census.deadlineMs()) {
    expect(census.takeDue(nowMs - 1)).toEqual([])
    expect(census.takeDue(nowMs)).toEqual(['bob'])
    told.push(nowMs)
  }
  expect(told).toEqual([1_000, 3_000, 5_000])
})

test('whoever has gone is told nothing', () => {
  const census = new Census()
  census.greet('bob', 0)
  census.forget('bob')
  expect([census.takeDue(0), census.deadlineMs()]).toEqual([[], undefined])
})

test('two islands that meet find what both hold, though both plans give it to a third', () => {
  const peers = new OwnershipPeers({ partitions: 8, redundancy: 1, assignment: 'rendezvous' })
  peers.start('ann')
  peers.start('bob')
  const both = Array.from({ length: 8 }, (_, partition) => partition)
  for (const partition of both) expect(peers.primaries(partition)).toEqual(['ann', 'bob'])
  peers.start('cat', ['ann', 'bob'])
  peers.joins('ann', 'bob', 'cat')
  peers.joins('bob', 'ann', 'cat')
  peers.pass(10_000)
  for (const partition of both) expect(peers.primaries(partition)).toHaveLength(1)
  const told = ['ann', 'bob'].flatMap((name) => peers.of(name).reports)
  const found = new Set(
    told.flatMap((report) => (report.kind === 'double-holder' ? report.partitions : [])),
  )
  expect(found).toEqual(new Set(both))
})
