import { describe, expect, test } from 'vitest'
import { BindError } from '../../../packages/libring/src/base/errors.ts'
import { Bench } from '../../support/simulated-node.ts'

describe('before the start', () => {
  test('nobody knows where it listens, and a try that failed changes nothing about it', async () => {
    const bench = new Bench()
    const [first, second] = [bench.node(1), bench.node(2, { bind: '10.0.0.1:7946' })]
    const notStarted = expect.objectContaining({ code: 'LIBRING_NOT_STARTED' })
    expect(() => first.bound).toThrow(notStarted)
    expect(() => first.advertised).toThrow(notStarted)
    await first.start()
    await expect(second.start()).rejects.toThrow(BindError)
    expect(() => second.bound).toThrow(notStarted)
    await second.stop()
    expect(() => second.advertised).toThrow(notStarted)
  })

  test('it is known afterwards where it listened', async () => {
    const node = new Bench().node(1)
    await node.start()
    await node.stop()
    expect([node.bound, node.advertised]).toEqual([
      { host: '10.0.0.1', port: 7_946 },
      { host: '10.0.0.1', port: 7_946 },
    ])
  })
})

describe('an argument that cannot be meant is refused by name:', () => {
  const refusal = (option: string) =>
    expect.objectContaining({ option, code: 'LIBRING_OPTION_INVALID' })

  test.each<[args: unknown[], option: string]>([
    [[], 'hosts'],
    [['host'], 'hosts'],
    [[null], 'hosts'],
    [[[5]], 'hosts[0]'],
    [[Object.assign([], { length: 1 })], 'hosts[0]'],
    [[['1.2.3']], 'hosts[0]'],
    [[[], null], 'options'],
    [[[], { signal: {} }], 'signal'],
    [[[], { replays: true }], 'options.replays'],
  ])('of join, %o', async (args, option) => {
    const node = new Bench().node(1)
    await node.start()
    const join = node.join.bind(node) as (...args: unknown[]) => Promise<number>
    await expect(join(...args)).rejects.toThrow(refusal(option))
  })

  test.each<[args: unknown[], option: string]>([
    [[], 'name'],
    [[5], 'name'],
    [['\ud800'], 'name'],
    [['bob', null], 'options'],
    [['bob', { purge: true }], 'options.purge'],
    [['bob', { prune: 'yes' }], 'prune'],
  ])('of forceLeave, %o', async (args, option) => {
    const node = new Bench().node(1)
    await node.start()
    const forceLeave = node.forceLeave.bind(node) as (...args: unknown[]) => Promise<void>
    await expect(forceLeave(...args)).rejects.toThrow(refusal(option))
  })

  test('of forceLeave, a name longer than any, but none that only an agent would take', async () => {
    const node = new Bench().node(1)
    await node.start()
    await expect(node.forceLeave('x'.repeat(1_025))).rejects.toThrow(refusal('name'))
    for (const name of ['', 'a b/\n', '\u{1f600}'.repeat(32), 'x'.repeat(1_024)]) {
      await node.forceLeave(name)
    }
  })

  test('of subscribe, a listener that is no function', () => {
    const node = new Bench().node(1)
    expect(() => node.subscribe(undefined as unknown as () => void)).toThrow(refusal('listener'))
  })
})
