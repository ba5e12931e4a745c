import { describe, expect, test } from 'vitest'
import { createGossipNode } from '../../../packages/libring/src/runtime/gossip.ts'
import { createSerf } from '../../../packages/libring/src/runtime/serf.ts'
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

describe('createSerf', () => {
  test.each<[options: unknown, option: string]>([
    [null, 'options'],
    [{ log: console }, 'log'],
    [{ logger: 5 }, 'logger'],
    [{ userEventBytesMax: 9_217 }, 'userEventBytesMax'],
    [{ queryBytesMax: 0 }, 'queryBytesMax'],
    [{ queryResponseBytesMax: 70_000 }, 'queryResponseBytesMax'],
    [{ queryTimeoutMult: 0 }, 'queryTimeoutMult'],
    [{ nameConflictResolution: 1 }, 'nameConflictResolution'],
  ])('%o is refused by name', (options, option) => {
    expect(() => createSerf(options as object)).toThrow(
      expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' }),
    )
  })

  test('makes a node that stops at the end of its block', async () => {
    const host = loopback.next()
    const lines: string[] = []
    const info = (line: string): void => void lines.push(line)
    const logger = { debug: () => {}, info, warn: () => {}, error: () => {} }
    let kept: ReturnType<typeof createSerf>
    {
      await using serf = createSerf({ hostName: 'ann', bind: `${host}:0`, logger })
      kept = serf
      await serf.start()
      expect(serf.gauges).toMatchObject({ eventTime: 1n, queryTime: 1n, queriesQueued: 0 })
      await serf.userEvent('a')
      expect(serf.gauges).toMatchObject({ eventTime: 2n, eventsQueued: 1, awareness: 0 })
    }
    expect(kept.status).toBe('stopped')
    expect(lines).toEqual(['listening', 'stopped'])
  })
})
