import { beforeEach, expect, test } from 'vitest'
import { parseHostAndPort } from '../../../packages/libring/src/base/address.ts'
import type { HostOutcome } from '../../../packages/libring/src/gossip/bootstrap.ts'
import { lookUpAll } from '../../../packages/libring/src/gossip/lookup.ts'
import type { Resolution, Resolver } from '../../../packages/libring/src/ports/resolver.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { Bench } from '../../support/simulated-node.ts'

/** A resolver that answers when it is told to. */
class Slow implements Resolver {
  readonly answer = new Map<string, (resolution: Resolution) => void>()

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    this.answer.set(name, onResult)
  }
}

const HOSTS = ['a', 'b:9000'].map((text) => parseHostAndPort(text)!)
const found = (host: string): Resolution => ({ addresses: [{ host, port: undefined }] })

let clock: SimClock
let resolver: Slow
let told: (readonly HostOutcome[])[]

beforeEach(() => {
  clock = new SimClock()
  resolver = new Slow()
  told = []
  lookUpAll(HOSTS, { resolver, clock }, (outcomes) => told.push([...outcomes]))
})

test('all is told at once when the last answer is there, and never again', () => {
  resolver.answer.get('b')!({ error: new Error('unknown') })
  expect(told).toEqual([])
  resolver.answer.get('a')!(found('10.0.0.7'))
  clock.runUntil(60_000)
  expect(told).toEqual([
    [
      { host: HOSTS[0], addresses: [{ host: '10.0.0.7', port: undefined }], reason: undefined },
      { host: HOSTS[1], addresses: [], reason: 'unknown' },
    ],
  ])
})

test('after five seconds nobody waits any more, and what comes later is lost', () => {
  clock.runUntil(1_000)
  resolver.answer.get('b')!(found('10.0.0.8'))
  clock.runUntil(4_999)
  expect(told).toEqual([])
  clock.runUntil(5_000)
  expect(told[0]!.map(({ reason }) => reason)).toEqual(['no answer within 5 s', undefined])
  resolver.answer.get('a')!(found('10.0.0.7'))
  clock.runUntil(60_000)
  expect(told).toHaveLength(1)
})

test('a host that is never resolved keeps nobody from the others, at the start or by name', async () => {
  const bench = new Bench()
  const seed = bench.node(1)
  await bench.settled(seed.start())
  const options = { bootstrapHosts: ['silent.example', '10.0.0.1'] }
  const silent = (inner: Resolver): Resolver => ({
    resolve: (name, onResult) => {
      if (name !== 'silent.example') inner.resolve(name, onResult)
    },
  })
  const node = bench.node(2, options, { resolver: silent })
  await bench.settled(node.start())
  bench.pass(6_000)
  expect(node.members()).toHaveLength(2)
  expect(await bench.settled(node.join(options.bootstrapHosts))).toBe(1)
})
