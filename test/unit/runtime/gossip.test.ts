import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { createGossipNode } from '../../../packages/libring/src/runtime/gossip.ts'
import { createSerf } from '../../../packages/libring/src/runtime/serf.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

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

test('a process rehearses once, before its first node that is to', async () => {
  vi.resetModules()
  const anew = await import('../../../packages/libring/src/runtime/gossip.ts')
  const lines: string[] = []
  const debug = (line: string): void => void lines.push(line)
  const logger = { debug, info: () => {}, warn: () => {}, error: () => {} }
  anew.createGossipNode({ rehearsal: false }, { logger })
  expect(lines).toEqual([])
  anew.createGossipNode({}, { logger })
  anew.createGossipNode({ rehearsal: true }, { logger })
  expect(lines).toEqual(['rehearsed'])
})

describe('a snapshot', () => {
  test('is in the file that was named once the node has stopped', async () => {
    const snapshotPath = join(temporaryFolder(), 'snapshot')
    const host = loopback.next()
    const node = createGossipNode({ hostName: 'ann', bind: `${host}:7946`, snapshotPath })
    await node.start()
    await node.stop()
    expect(readFileSync(snapshotPath, 'utf8')).toContain(`alive: ann ${host}:7946\n`)
  })

  test('that cannot be one is told by the start, and no port stays taken', async () => {
    const snapshotPath = temporaryFolder()
    const bind = `${loopback.next()}:7946`
    const node = createGossipNode({ hostName: 'ann', bind, snapshotPath })
    await expect(node.start()).rejects.toMatchObject({
      code: 'LIBRING_FILE_UNUSABLE',
      path: snapshotPath,
    })
    const other = createGossipNode({ hostName: 'bob', bind })
    await other.start()
    await other.stop()
    await node.stop()
  })
})

describe('a keyring file', () => {
  test('gives a node its keys', async () => {
    const keyringFile = join(temporaryFolder(), 'keyring.json')
    writeFileSync(keyringFile, '["AQEBAQEBAQEBAQEBAQEBAQ=="]')
    const [ann, bob] = ['ann', 'bob'].map((hostName) => {
      return createGossipNode({ hostName, bind: `${loopback.next()}:7946`, keyringFile })
    })
    const stranger = createGossipNode({ hostName: 'cat', bind: `${loopback.next()}:7946` })
    const all = [ann!, bob!, stranger]
    try {
      await Promise.all(all.map((node) => node.start()))
      expect(await bob!.join([ann!.bound.host])).toBe(1)
      await expect(stranger.join([ann!.bound.host])).rejects.toThrow('no seed answered')
    } finally {
      await Promise.all(all.map((node) => node.stop()))
    }
  })

  test('that cannot be one is told at once', () => {
    const keyringFile = join(temporaryFolder(), 'keyring.json')
    writeFileSync(keyringFile, '["short"]')
    expect(() => create({ keyringFile })).toThrow(
      `${keyringFile} must hold keys in Base64: [0] is none`,
    )
  })
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
