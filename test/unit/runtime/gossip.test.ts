import { describe, expect, test } from 'vitest'
import { createGossipNode } from '../../../packages/libring/src/runtime/gossip.ts'
import { loopbackAddresses } from '../../support/loopback.ts'

const create = createGossipNode as (...args: unknown[]) => ReturnType<typeof createGossipNode>
const loopback = loopbackAddresses()

describe('what cannot be meant is refused by name:', () => {
  test.each<[args: unknown[], option: string]>([
    [[null], 'options'],
    [[5], 'options'],
    [[''], 'options'],
    [[[]], 'options'],
    [[new Map()], 'options'],
    [[{ tags: new Map([['ring', 'active']]) }], 'tags'],
    [[{}, null], 'environment'],
    [[{}, 'x'], 'environment'],
    [[{}, { logger: 5 }], 'environment.logger'],
    [[{}, { logger: null }], 'environment.logger'],
    [[{}, { log: console }], 'environment.log'],
  ])('%o', (args, option) => {
    expect(() => create(...args)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })
})

test('a logger that throws does not keep a node from starting and stopping', async () => {
  let lines = 0
  const fail = (): never => {
    lines++
    throw new Error('disk full')
  }
  const logger = { debug: fail, info: fail, warn: fail, error: fail }
  const node = createGossipNode({ hostName: 'ann', bind: `${loopback.next()}:0` }, { logger })
  await node.start()
  expect(node.status).toBe('alive')
  await node.stop()
  expect(lines).toBeGreaterThan(0)
})
