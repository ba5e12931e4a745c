import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import type { StreamHandler } from '../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { SimNetwork, type SimTransport } from '../../packages/libring/src/sim/network.ts'
import { SimProcess } from '../../packages/libring/src/sim/process.ts'
import { Trace } from '../../packages/libring/src/sim/trace.ts'

// A process that is paused, as by SIGSTOP: nothing of it runs, and the system keeps for it what
// systems keep.

const EPOCH_MS = 1_767_225_600_000

/** Two processes that can reach each other, and what the second one does, in order. */
function setUp() {
  const clock = new SimClock()
  const trace = new Trace(10_000)
  const network = new SimNetwork(clock, trace, {
    latencyMs: [1, 1],
    lossRate: 0,
    duplicateRate: 0,
  })
  const done: string[] = []
  const open = (last: number, owner: SimProcess): SimTransport => {
    const bind = { host: `10.0.0.${last}`, port: 7_946 }
    const transport = network.transport(bind, seededRandom(1, bind.host), owner)
    transport.open({
      onPacket: (_from, bytes) => void done.push(`datagram ${bytes[0]}`),
      onStream: () => {
        done.push('stream')
        return ear
      },
    })
    return transport
  }
  const ear: StreamHandler = {
    onBytes: (bytes) => void done.push(`bytes ${bytes.join()}`),
    onEnd: () => void done.push('end'),
    onClosed: (error) => void done.push(error?.message ?? 'closed'),
  }
  const [near, far] = [new SimProcess(clock), new SimProcess(clock)]
  const pass = (durationMs: number) => clock.runUntil(clock.nowMs() + durationMs)
  return { clock, trace, near, far, left: open(1, near), right: open(2, far), ear, done, pass }
}

test('its timers and what comes for it wait, and come in order, timers first', () => {
  const { far, left, right, done, pass } = setUp()
  far.at(30, () => done.push('late timer'))
  far.at(20, () => {
    done.push('early timer')
    far.at(0, () => done.push('timer of a timer'))
  })
  far.pause()
  left.sendPacket(right.address, Uint8Array.of(1))
  pass(5)
  left.sendPacket(right.address, Uint8Array.of(2))
  pass(100)
  expect(done).toEqual([])
  far.resume()
  expect(done).toEqual([])
  pass(0)
  expect(done).toEqual([
    'early timer',
    'late timer',
    'timer of a timer',
    'datagram 1',
    'datagram 2',
  ])
})

test('what comes while it catches up waits behind what came before', () => {
  const { far, left, right, done, pass } = setUp()
  far.pause()
  left.sendPacket(right.address, Uint8Array.of(1))
  pass(5)
  far.at(0, () => far.arrive(() => done.push('news')))
  far.resume()
  pass(0)
  expect(done).toEqual(['datagram 1', 'news'])
})

test('a timer that another one calls off after the pause does not come', () => {
  const { far, done, pass } = setUp()
  far.at(10, () => {
    done.push('first')
    second.cancel()
  })
  const second = far.at(20, () => done.push('second'))
  far.pause()
  pass(100)
  far.resume()
  pass(100)
  expect(done).toEqual(['first'])
})

test('a second pause stops it in the midst of catching up', () => {
  const { far, done, pass } = setUp()
  far.at(10, () => {
    done.push('first')
    far.pause()
  })
  far.at(20, () => done.push('second'))
  far.pause()
  pass(100)
  far.resume()
  pass(100)
  expect(done).toEqual(['first'])
  far.resume()
  pass(0)
  expect(done).toEqual(['first', 'second'])
})

test('of datagrams so many are kept as a socket holds; the rest is lost, and said so', () => {
  const { far, left, right, trace, done, pass } = setUp()
  far.pause()
  for (let i = 0; i < 1_000; i++) left.sendPacket(right.address, new Uint8Array(100))
  pass(10)
  far.resume()
  pass(10)
  const kept = Math.floor(212_992 / 868)
  expect(done).toHaveLength(kept)
  expect(trace.lines.filter((line) => line.includes(' full '))).toHaveLength(1_000 - kept)
  far.pause()
  left.sendPacket(right.address, new Uint8Array(100))
  pass(10)
  far.resume()
  pass(10)
  expect(done).toHaveLength(kept + 1)
})

describe('streams to it', () => {
  test('are accepted by its system, carry bytes, and are heard of afterwards', () => {
    const { far, left, right, ear, done, pass } = setUp()
    far.pause()
    let isConnected = false
    const stream = left.dial(right.address, { ...ear, onConnected: () => (isConnected = true) })
    stream.write(Uint8Array.of(7))
    stream.end()
    pass(100)
    expect([isConnected, done]).toEqual([true, []])
    far.resume()
    pass(10)
    expect(done).toEqual(['stream', 'bytes 7', 'end'])
  })

  test('that were given up before it looked are heard of as broken', () => {
    const { far, left, right, ear, done, pass } = setUp()
    far.pause()
    const stream = left.dial(right.address, ear)
    pass(10)
    stream.destroy()
    pass(10)
    expect(done).toEqual(['the stream was broken off'])
    far.resume()
    pass(10)
    expect(done).toEqual([
      'the stream was broken off',
      'stream',
      'the other end broke the stream off',
    ])
  })

  test('are not accepted beyond 511', () => {
    const { far, left, right, ear, done, pass } = setUp()
    far.pause()
    let connected = 0
    for (let i = 0; i < 600; i++) {
      left.dial(right.address, { ...ear, onConnected: () => void connected++ })
    }
    pass(100)
    expect(connected).toBe(511)
    far.resume()
    pass(10)
    expect(done.filter((what) => what === 'stream')).toHaveLength(511)
  })

  test('that it wrote to before are read by the other end all the same', () => {
    const { near, left, right, ear, done, pass } = setUp()
    const stream = left.dial(right.address, ear)
    pass(10)
    stream.write(Uint8Array.of(1))
    near.pause()
    pass(10)
    expect(done).toEqual(['stream', 'bytes 1'])
  })
})

test('killed while it is paused, it never does any of it', () => {
  const { far, left, right, done, pass } = setUp()
  far.at(10, () => done.push('timer'))
  far.pause()
  left.sendPacket(right.address, Uint8Array.of(1))
  pass(100)
  far.end()
  far.resume()
  pass(100)
  expect(done).toEqual([])
})

test('its wall clock can be set, forth and back; the other one goes on evenly', () => {
  const { clock, far, pass } = setUp()
  pass(1_000)
  far.skew(60_000)
  expect([far.nowMs(), far.wallMs()]).toEqual([1_000, EPOCH_MS + 61_000])
  far.skew(-5_000)
  expect([far.nowMs(), far.wallMs()]).toEqual([1_000, EPOCH_MS - 4_000])
  expect(clock.wallMs()).toBe(EPOCH_MS + 1_000)
})
