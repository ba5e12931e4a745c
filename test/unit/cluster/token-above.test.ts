import { beforeEach, expect, test } from 'vitest'
import { Cluster } from '../../../packages/libring/src/cluster/cluster.ts'
import type { Handled } from '../../../packages/libring/src/cluster/handlers.ts'
import type { AcquireEvent } from '../../../packages/libring/src/ownership/event.ts'
import {
  calm,
  ScriptedMembership,
  scriptedPorts,
  type ScriptedPorts,
} from '../../support/cluster.ts'

let ports: ScriptedPorts
let membership: ScriptedMembership

beforeEach(() => {
  ports = scriptedPorts()
  membership = new ScriptedMembership('ann')
})

/** A cluster that holds one partition, whose handler is `onAcquire`. */
async function aHolder(onAcquire: (event: Handled<AcquireEvent>) => unknown): Promise<Cluster> {
  const cluster = new Cluster({ membership, partitions: 1, redundancy: 1, onAcquire }, ports)
  await cluster.start()
  await calm()
  return cluster
}

test('a handler can draw a token above one that a store knows, before the partition is served', async () => {
  const seen = 1n << 61n
  const drawn: bigint[] = []
  await using cluster = await aHolder(({ token, held, tokenAbove }) => {
    expect(held?.token).toBe(token)
    drawn.push(token!, tokenAbove!(seen), held!.token)
  })
  expect(drawn[0]).toBeLessThan(seen)
  expect(drawn[1]).toBeGreaterThan(seen)
  expect(drawn[2]).toBe(drawn[1])
  expect(cluster.held(0)?.token).toBe(drawn[1])
})

test('a token is final once the partition is served, and once it is not held any more', async () => {
  let draw: ((seen: bigint) => bigint) | undefined
  const cluster = await aHolder(({ tokenAbove }) => {
    draw = tokenAbove
  })
  const before = cluster.held(0)!.token
  expect(() => draw!(1n)).toThrow('its token is final')
  expect(cluster.held(0)!.token).toBe(before)
  await cluster.stop()
  expect(() => draw!(1n)).toThrow('its token is final')
})

test('what cannot be a token is refused', async () => {
  const errors: unknown[] = []
  await using _ = await aHolder(({ tokenAbove }) => {
    for (const seen of [-1n, 1n << 62n, 5 as unknown as bigint]) {
      try {
        tokenAbove!(seen)
      } catch (error) {
        errors.push(String(error))
      }
    }
  })
  expect(errors).toEqual(
    ['-1n', '4611686018427387904n', '5'].map((given) => {
      return `OptionError: seen must be a bigint from 0 to 2^62 less one, got ${given}`
    }),
  )
})

test('only a step that takes index 0 comes with a holding', async () => {
  const given: unknown[] = []
  membership.join('bob')
  const options = { membership, partitions: 8, redundancy: 2 }
  await using cluster = new Cluster(
    {
      ...options,
      onAcquire: ({ replica, held, tokenAbove }) => {
        given.push([replica === 0, held !== undefined, tokenAbove !== undefined])
      },
    },
    ports,
  )
  await cluster.start()
  await calm()
  expect(new Set(given.map(String))).toEqual(new Set(['true,true,true', 'false,false,false']))
})
