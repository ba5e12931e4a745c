import { expect, test } from 'vitest'
import { Entrance } from '../../../packages/libring/src/gossip/entrance.ts'
import type { Resolution } from '../../../packages/libring/src/ports/resolver.ts'
import type {
  Receiver,
  Stream,
  StreamHandler,
} from '../../../packages/libring/src/ports/transport.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'
import { Bench } from '../../support/simulated-node.ts'

const peer = { host: '10.0.0.2', port: 7_946 }
const bytes = Uint8Array.of(1)

/** An entrance to nowhere, whatever the world tells it, and what was told in which order. */
function anEntrance() {
  const told: string[] = []
  const clock = new SimClock()
  let receiver: Receiver | undefined
  let dialled: StreamHandler | undefined
  let onResult: ((resolution: Resolution) => void) | undefined
  const stream: Stream = { peer, write() {}, end() {}, destroy() {} }
  const entrance = new Entrance(
    clock,
    {
      address: peer,
      open: (given) => void (receiver = given),
      sendPacket: () => told.push('send'),
      dial(_to, handler) {
        dialled = handler
        return stream
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    { resolve: (_name, given) => void (onResult = given) },
  )
  const handler = (name: string): StreamHandler => ({
    onConnected: () => told.push(`${name} connected`),
    onBytes: () => told.push(`${name} bytes`),
    onEnd: () => told.push(`${name} end`),
    onClosed: () => told.push(`${name} closed`),
  })
  void entrance.transport.open({
    onPacket: () => told.push('packet'),
    onStream() {
      told.push('stream')
      return handler('inbound')
    },
  })
  entrance.transport.dial(peer, handler('outbound'))
  entrance.resolver.resolve('name', () => told.push('resolved'))
  entrance.clock.at(10, () => told.push('timer'))
  const happen = (): void => {
    clock.runUntil(10)
    receiver!.onPacket(peer, bytes)
    for (const end of [receiver!.onStream(stream), dialled!]) {
      end.onConnected!()
      end.onBytes(bytes)
      end.onEnd()
      end.onClosed(undefined)
    }
    onResult!({ addresses: [] })
  }
  return { entrance, told, happen }
}

const ALL = [
  'timer',
  'packet',
  'stream',
  ...['connected', 'bytes', 'end', 'closed'].map((what) => `inbound ${what}`),
  ...['connected', 'bytes', 'end', 'closed'].map((what) => `outbound ${what}`),
  'resolved',
]

test('whoever watches is told before whatever comes or is due, each time', () => {
  const { entrance, told, happen } = anEntrance()
  entrance.watch(() => told.push('entry'))
  happen()
  expect(told).toEqual(ALL.flatMap((what) => ['entry', what]))
})

test('what is sent is no entry, and nobody has to watch', () => {
  const { entrance, told, happen } = anEntrance()
  const unwatch = entrance.watch(() => told.push('entry'))
  entrance.transport.sendPacket(peer, bytes)
  expect(told.splice(0)).toEqual(['send'])
  unwatch()
  happen()
  expect(told).toEqual(ALL)
})

test('a node has no other way in: without an entry nothing of it changes', async () => {
  const bench = new Bench()
  const [watched, other] = [bench.node(1), bench.node(2)] as const
  await watched.start()
  await other.start()
  let entries = 0
  watched.watchEntries(() => entries++)
  const joining = watched.join(['10.0.0.2'])
  const seen = () => JSON.stringify([watched.stats, watched.members()])
  const unseen: string[] = []
  for (let ms = 0; ms < 3_000; ms++) {
    const [before, last] = [seen(), entries]
    bench.pass(1)
    if (entries === last && seen() !== before) unseen.push(`${ms}: ${before} ${seen()}`)
  }
  expect(await bench.settled(joining)).toBe(1)
  expect(unseen).toEqual([])
  expect(entries).toBeGreaterThan(20)
})
