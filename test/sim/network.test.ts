import { describe, expect, test } from 'vitest'
import type { Address } from '../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import type { StreamHandler } from '../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import {
  SimNetwork,
  type NetworkOptions,
  type SimTransport,
} from '../../packages/libring/src/sim/network.ts'
import { Trace } from '../../packages/libring/src/sim/trace.ts'

// What the simulated network does on purpose, beyond what every transport promises.

/** Two open ends and all they hear. */
function setUp(options: Partial<NetworkOptions> = {}, seed = 1) {
  const clock = new SimClock()
  const network = new SimNetwork(clock, new Trace(0), {
    latencyMs: [5, 20],
    lossRate: 0,
    duplicateRate: 0,
    ...options,
  })
  const heard: { readonly atMs: number; readonly first: number; readonly bytes: Uint8Array }[] = []
  const ends: string[] = []
  const open = (last: number): SimTransport => {
    const bind = { host: `10.0.0.${last}`, port: 7_946 }
    const transport = network.transport(bind, seededRandom(seed, bind.host))
    transport.open({
      onPacket: (_from: Address, bytes) =>
        void heard.push({ atMs: clock.nowMs(), first: bytes[0]!, bytes }),
      onStream: () => ear('far'),
    })
    return transport
  }
  const ear = (name: string): StreamHandler => ({
    onBytes: (bytes) => void ends.push(`${name} ${bytes.length}`),
    onEnd: () => void ends.push(`${name} end`),
    onClosed: (error) => void ends.push(`${name} ${error?.message ?? 'closed'}`),
  })
  const pass = (durationMs: number) => clock.runUntil(clock.nowMs() + durationMs)
  return { clock, network, heard, ends, open, ear, pass }
}

describe('datagrams', () => {
  test('take as long as they are said to, and overtake each other', () => {
    const { heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    for (let i = 0; i < 100; i++) left.sendPacket(right.address, Uint8Array.of(i))
    pass(100)
    expect(heard).toHaveLength(100)
    for (const { atMs } of heard) {
      expect(atMs).toBeGreaterThanOrEqual(5)
      expect(atMs).toBeLessThanOrEqual(20)
    }
    const order = heard.map(({ first }) => first)
    expect(order).not.toEqual([...order].sort((a, b) => a - b))
  })

  test('are lost and doubled as often as they are said to be', () => {
    const { heard, open, pass } = setUp({ lossRate: 0.2, duplicateRate: 0.1 })
    const [left, right] = [open(1), open(2)]
    for (let i = 0; i < 5_000; i++) left.sendPacket(right.address, Uint8Array.of(1))
    pass(100)
    const expected = 5_000 * 0.8 * 1.1
    expect(heard.length).toBeGreaterThan(expected * 0.95)
    expect(heard.length).toBeLessThan(expected * 1.05)
  })

  test('are copies: neither the sender nor another receiver can change what arrives', () => {
    const { heard, open, pass } = setUp({ duplicateRate: 1 })
    const [left, right] = [open(1), open(2)]
    const sent = Uint8Array.of(7)
    left.sendPacket(right.address, sent)
    sent[0] = 8
    pass(100)
    expect(heard.map(({ bytes }) => bytes[0])).toEqual([7, 7])
    heard[0]!.bytes[0] = 9
    expect(heard[1]!.bytes[0]).toBe(7)
  })

  test('do not cross a cut, not even those already under way', () => {
    const { network, heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    left.sendPacket(right.address, Uint8Array.of(1))
    network.split([['10.0.0.1']])
    left.sendPacket(right.address, Uint8Array.of(2))
    pass(100)
    expect(heard).toEqual([])
    network.heal()
    left.sendPacket(right.address, Uint8Array.of(3))
    pass(100)
    expect(heard.map(({ first }) => first)).toEqual([3])
  })

  test('within one side of a cut arrive', () => {
    const { network, heard, open, pass } = setUp()
    const [left, right, third] = [open(1), open(2), open(3)]
    network.split([['10.0.0.1'], ['10.0.0.2', '10.0.0.3']])
    right.sendPacket(third.address, Uint8Array.of(1))
    left.sendPacket(third.address, Uint8Array.of(2))
    pass(100)
    expect(heard.map(({ first }) => first)).toEqual([1])
  })

  test('meet a cut that is one way only one way', () => {
    const { network, heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    network.change('10.0.0.1', '10.0.0.2', { isCut: true })
    left.sendPacket(right.address, Uint8Array.of(1))
    right.sendPacket(left.address, Uint8Array.of(2))
    left.sendPacket(left.address, Uint8Array.of(3))
    pass(100)
    expect(new Set(heard.map(({ first }) => first))).toEqual(new Set([2, 3]))
    network.mend('10.0.0.1', '10.0.0.2')
    left.sendPacket(right.address, Uint8Array.of(4))
    pass(100)
    expect(heard.at(-1)!.first).toBe(4)
  })

  test('fare on each way as was said for it, until it is mended', () => {
    const { network, heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    network.change('10.0.0.1', '10.0.0.2', { lossRate: 0.5 })
    network.change('10.0.0.1', '10.0.0.2', { latencyMs: [200, 300], duplicateRate: 0.5 })
    for (let i = 0; i < 1_000; i++) {
      left.sendPacket(right.address, Uint8Array.of(1))
      right.sendPacket(left.address, Uint8Array.of(2))
    }
    pass(199)
    expect(heard.filter(({ first }) => first === 2)).toHaveLength(1_000)
    expect(heard.filter(({ first }) => first === 1)).toEqual([])
    pass(200)
    const { length } = heard.filter(({ first }) => first === 1)
    expect(length).toBeGreaterThan(700)
    expect(length).toBeLessThan(800)
    network.mend('10.0.0.1', '10.0.0.2')
    for (let i = 0; i < 1_000; i++) left.sendPacket(right.address, Uint8Array.of(3))
    pass(20)
    expect(heard.filter(({ first }) => first === 3)).toHaveLength(1_000)
  })

  test('between two groups stay cut when the way is mended, until all is healed', () => {
    const { network, heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    network.split([['10.0.0.1']])
    network.change('10.0.0.1', '10.0.0.2', { lossRate: 0 })
    network.mend('10.0.0.1', '10.0.0.2')
    left.sendPacket(right.address, Uint8Array.of(1))
    pass(100)
    expect([heard, network.conditions('10.0.0.1', '10.0.0.2').isCut]).toEqual([[], true])
    network.heal()
    expect(network.conditions('10.0.0.1', '10.0.0.2').isCut).toBe(false)
  })

  test('of a machine that has died meanwhile still arrive', () => {
    const { heard, open, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    left.sendPacket(right.address, Uint8Array.of(1))
    left.vanish()
    left.sendPacket(right.address, Uint8Array.of(2))
    pass(100)
    expect(heard.map(({ first }) => first)).toEqual([1])
  })
})

describe('streams', () => {
  test('break at both ends when a cut goes through them', () => {
    const { network, ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    const stream = left.dial(right.address, ear('near'))
    pass(100)
    network.split([['10.0.0.1']])
    expect(ends).toEqual([])
    stream.write(Uint8Array.of(1))
    pass(100)
    expect(ends.sort()).toEqual(['far the connection was lost', 'near the connection was lost'])
  })

  test('break at both ends when a cut goes through them one way', () => {
    const { network, ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    left.dial(right.address, ear('near'))
    pass(100)
    network.change('10.0.0.2', '10.0.0.1', { isCut: true })
    pass(0)
    expect(ends.sort()).toEqual(['far the connection was lost', 'near the connection was lost'])
  })

  test('carry what a slow way lets through, each for itself', () => {
    const { network, ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    network.change('10.0.0.1', '10.0.0.2', { streamBytesPerSecond: 10_000 })
    left.dial(right.address, ear('near')).write(new Uint8Array(50_000))
    left.dial(right.address, ear('near')).write(new Uint8Array(50_000))
    const received = () => ends.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
    pass(2_500)
    expect(received()).toBeGreaterThan(20_000)
    expect(received()).toBeLessThan(51_000)
    pass(2_600)
    expect(received()).toBe(100_000)
  })

  test('are late where datagrams are lost, and lose nothing', () => {
    const { clock, network, ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    network.change('10.0.0.1', '10.0.0.2', { lossRate: 0.5 })
    const stream = left.dial(right.address, ear('near'))
    const delaysMs: number[] = []
    for (let i = 0; i < 200; i++) {
      const startMs = clock.nowMs()
      stream.write(Uint8Array.of(1))
      while (ends.length <= i) pass(1)
      delaysMs.push(clock.nowMs() - startMs)
    }
    const late = delaysMs.filter((delayMs) => delayMs >= 200)
    expect(late.length).toBeGreaterThan(70)
    expect(late.length).toBeLessThan(130)
    expect(Math.max(...delaysMs)).toBeGreaterThan(1_000)
  })

  test('to a machine that dies break, and nothing is told at its end', () => {
    const { ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    left.dial(right.address, ear('near'))
    pass(100)
    right.vanish()
    pass(100)
    expect(ends).toEqual(['near the connection was lost'])
  })

  test.each<[string, (network: SimNetwork, right: SimTransport) => void]>([
    ['a machine that has died', (_network, right) => right.vanish()],
    ['the other side of a cut', (network) => network.split([['10.0.0.1']])],
  ])('to %s hang for two minutes', (_what, happen) => {
    const { network, ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    happen(network, right)
    left.dial(right.address, ear('near')).write(Uint8Array.of(1))
    pass(119_000)
    expect(ends).toEqual([])
    pass(2_000)
    expect(ends).toEqual(['near the connection timed out'])
  })

  test('to an address whose new owner has come to life work again', () => {
    const { ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    right.vanish()
    open(2)
    left.dial(right.address, ear('near')).write(Uint8Array.of(1))
    pass(100)
    expect(ends).toEqual(['far 1'])
  })

  test('deliver in pieces of many sizes', () => {
    const { ends, open, ear, pass } = setUp()
    const [left, right] = [open(1), open(2)]
    left.dial(right.address, ear('near')).write(new Uint8Array(300_000))
    pass(1_000)
    const sizes = ends.map((line) => Number(line.split(' ')[1]))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300_000)
    expect(Math.min(...sizes)).toBeLessThan(16)
    expect(Math.max(...sizes)).toBeGreaterThan(4_096)
  })
})

test('what one node draws does not depend on how many others there are', () => {
  const arrivals = (others: number) => {
    const { heard, open, pass } = setUp({ lossRate: 0.3 })
    const [left, right] = [open(1), open(2)]
    for (let i = 0; i < others; i++) {
      open(10 + i).sendPacket({ host: '10.0.0.99', port: 1 }, Uint8Array.of(0))
    }
    for (let i = 0; i < 50; i++) left.sendPacket(right.address, Uint8Array.of(i))
    pass(100)
    return heard.map(({ atMs, first }) => `${first} at ${atMs}`)
  }
  expect(arrivals(5)).toEqual(arrivals(0))
})
