import { beforeEach, describe, expect, test } from 'vitest'
import { NO_BYTES, utf8Decode, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { UserEvent } from '../../../packages/libring/src/serf/messages.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { annsState, LoneNode, newsIn, place, sentIn, userState } from './lone-node.ts'
import { World } from './world.ts'

const event = (ltime: bigint, name: string, payload = '', coalesce = false): UserEvent => {
  return { type: 'user-event', ltime, name, payload: utf8Encode(payload), coalesce }
}

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

function send(name: string, payload: Uint8Array = NO_BYTES, coalesce = false): string[] {
  const effects = node.feed({ type: 'user-event', name, payload, coalesce })
  const answers = effects.flatMap((effect) => {
    return effect.type === 'user-event-sent' ? [effect.refusal ?? 'sent'] : []
  })
  return [...newsIn(effects), ...answers]
}

describe('an event of ours', () => {
  test('is told here as well, once, and spread with the time of the clock', () => {
    expect(send('deploy', utf8Encode('v2'))).toEqual(['user-event deploy v2', 'sent'])
    expect(node.gossiped()).toEqual([event(1n, 'deploy', 'v2')])
    expect(newsIn(node.hear(event(1n, 'deploy', 'v2')))).toEqual([])
    expect(send('deploy', utf8Encode('v3'))).toContain('sent')
    expect(node.gossiped()).toContainEqual(event(2n, 'deploy', 'v3'))
  })

  test('carries whether it may be coalesced', () => {
    send('deploy', NO_BYTES, true)
    expect(node.gossiped()).toEqual([event(1n, 'deploy', '', true)])
  })

  test('of 512 bytes before encoding is too large once encoded, as Serf has it', () => {
    const refusals = [
      'user event exceeds configured limit of 512 bytes before encoding',
      'encoded user event exceeds configured limit of 512 bytes after encoding',
    ]
    expect(send('e', new Uint8Array(512))).toEqual([refusals[0]])
    expect(send('é', new Uint8Array(511))).toEqual([refusals[0]])
    expect(send('e', new Uint8Array(511))).toEqual([refusals[1]])
    const overhead = encodeSerf(event(1n, 'e', 'x'.repeat(300))).length - 300
    expect(send('e', new Uint8Array(512 - overhead + 1))).toEqual([refusals[1]])
    expect(send('e', new Uint8Array(512 - overhead))).toContain('sent')
  })

  test('over the limit is neither told nor spread, and takes no time', () => {
    send('e', new Uint8Array(600))
    expect(node.gossiped()).toEqual([])
    send('f')
    expect(node.gossiped()).toEqual([event(1n, 'f')])
  })

  test('within the limit that a small packet has no room for is refused', () => {
    node = new LoneNode({ serf: { userEventBytesMax: 1_024 }, swim: { packetBytesMax: 600 } })
    expect(send('e', new Uint8Array(500))).toContain('sent')
    expect(send('f', new Uint8Array(600))).toEqual(['user event does not fit into a packet'])
    expect(node.gossiped()).toHaveLength(1)
  })
})

describe('an event of another member', () => {
  test('is told once and passed along once, exactly as it came', () => {
    expect(newsIn(node.hear(event(5n, 'a', '1', true)))).toEqual(['user-event a 1'])
    expect(newsIn(node.hear(event(5n, 'a', '1', true)))).toEqual([])
    expect(node.gossiped()).toEqual([event(5n, 'a', '1', true)])
    expect(node.machine.stats.seenBefore).toBe(1)
  })

  test('of the same time with another payload, or another name, is another event', () => {
    const heard = node.hear(event(5n, 'a', '1'), event(5n, 'a', '2'), event(5n, 'b', '1'))
    expect(newsIn(heard)).toEqual(['user-event a 1', 'user-event a 2', 'user-event b 1'])
  })

  test('from more than 512 times ago is dropped, the one just within is not', () => {
    node.hear(event(600n, 'now'))
    expect(newsIn(node.hear(event(88n, 'old'), event(89n, 'within')))).toEqual([
      'user-event within ',
    ])
    expect(node.machine.stats.tooOld).toBe(1)
  })

  test('is told in bytes of its own, which neither the packet nor the listener shares', () => {
    const said = event(5n, 'a', 'text')
    const bytes = encodeMessage({ type: 'user', payload: encodeSerf(said) })
    node.packet(bytes)
    bytes.fill(0)
    const [told] = node.effects().filter((effect) => effect.type === 'user-event')
    expect(told!.payload).toEqual(said.payload)
    told!.payload.fill(0)
    expect(node.pushPull().events[0]!.events[0]!.payload).toEqual(said.payload)
  })
})

describe('a push/pull', () => {
  test('brings the events that were missed, told once and not passed along', () => {
    node.hear(event(3n, 'known', '1'))
    node.gossiped()
    node.pushPull({
      eventLTime: 8n,
      events: [
        { ltime: 3n, events: [{ name: 'known', payload: utf8Encode('1') }] },
        { ltime: 7n, events: [{ name: 'missed', payload: utf8Encode('2') }] },
      ],
    })
    expect(node.told).toEqual(['user-event missed 2'])
    expect(node.gossiped().filter(({ type }) => type === 'user-event')).toEqual([])
  })

  test('shows ours, those of the last 512 times', () => {
    node.hear(event(3n, 'old'), event(4n, 'a', '1'), event(4n, 'b'), event(515n, 'c'))
    const { eventLTime, events } = node.pushPull()
    expect(eventLTime).toBe(516n)
    const texts = events.map(({ ltime, events }) => {
      return `${ltime} ${events.map(({ name, payload }) => `${name}${utf8Decode(payload)}`).join(' ')}`
    })
    expect(texts.toSorted()).toEqual(['4 a1 b', '515 c'])
  })
})

describe('events from before a join of ours', () => {
  function joined(replay: boolean): string[] {
    const [dial] = node
      .feed({ type: 'join', join: 1, seeds: [place(2)], replay })
      .flatMap((effect) => (effect.type === 'dial' ? [effect.dial] : []))
    const events = [{ ltime: 7n, events: [{ name: 'old', payload: NO_BYTES }] }]
    const state = userState({ eventLTime: 8n, events })
    const message = {
      type: 'push-pull',
      join: true,
      nodes: [annsState()],
      userState: state,
    } as const
    return newsIn(node.feed({ type: 'reply', dial: dial!, message }))
  }

  test('are not told, nor are those that gossip brings later', () => {
    expect(joined(false)).toEqual(['joined 1: 1'])
    expect(newsIn(node.hear(event(6n, 'late'), event(8n, 'new')))).toEqual(['user-event new '])
    expect(node.machine.stats.beforeJoin).toBe(2)
  })

  test('are told where the caller wants them', () => {
    expect(joined(true)).toEqual(['user-event old ', 'joined 1: 1'])
  })

  test('are told when it was another that joined', () => {
    node.pushPull(
      { eventLTime: 8n, events: [{ ltime: 7n, events: [{ name: 'old', payload: NO_BYTES }] }] },
      { join: true },
    )
    expect(node.told).toEqual(['user-event old '])
  })
})

describe('forged events', () => {
  test('near the end of time stop nobody: what is new is told all the same', () => {
    node.hear(event(LTIME_LIMIT - 1n, 'forged'))
    expect(newsIn(node.hear(event(LTIME_LIMIT - 1n, 'honest', '1')))).toEqual([
      'user-event honest 1',
    ])
    expect(send('ours', utf8Encode('1'))).toEqual(['user-event ours 1', 'sent'])
    expect(sentIn(node.wait(1_000)).some(({ message }) => 'name' in message)).toBe(true)
  })

  test('beyond the end of time are told once, as of the last one', () => {
    const last = (1n << 64n) - 1n
    const heard = node.hear(event(LTIME_LIMIT, 'a'), event(last, 'a'), event(last, 'b'))
    expect(newsIn(heard)).toEqual(['user-event a ', 'user-event b '])
    expect(node.pushPull().eventLTime).toBe(LTIME_LIMIT - 1n)
  })

  test('in any number take a bounded amount of memory, and of room in a push/pull', () => {
    const payload = 'x'.repeat(500)
    for (let i = 0; i < 6_000; i++) node.hear(event(5n, `e${i}`, payload))
    expect(node.machine.stats.broadcastsDropped).toBeGreaterThan(1_000)
    const [slot] = node.pushPull().events
    expect(slot!.events.length * 500).toBeLessThan(2 ** 21)
  })
})

test('a push/pull full of forged events keeps nobody from hearing of later ones', () => {
  const events = Array.from({ length: 60_000 }, (_, i) => ({ name: `${i}`, payload: NO_BYTES }))
  node.pushPull({ eventLTime: 6n, events: [{ ltime: 5n, events }] })
  expect(node.told.length).toBeGreaterThan(50_000)
  expect(newsIn(node.hear(event(6n, 'honest')))).toEqual(['user-event honest '])
  expect(send('ours')).toEqual(['user-event ours ', 'sent'])
  expect(node.pushPull().events.map(({ ltime }) => ltime)).toEqual([6n, 7n])
  expect(newsIn(node.hear(event(5n, '0'), event(6n, 'honest')))).toEqual([])
})

test('a small cluster hears of an event before gossip begins to', () => {
  const world = new World()
  const names = ['ann', 'bob', 'cat']
  for (const name of names) world.start(name)
  for (const name of names.slice(1)) world.join(name, 'ann')
  world.run(5_000)
  for (const name of names) world.news(name)
  world.feed('cat', { type: 'user-event', name: 'now', payload: NO_BYTES, coalesce: false })
  for (const name of names) expect(world.news(name)).toEqual(['user-event now '])
})

test('of many events at once only some are sent to everybody besides by gossip', () => {
  let direct = 0
  for (let i = 0; i < 100; i++) {
    const name = `e${i}`
    const effects = node.feed({ type: 'user-event', name, payload: NO_BYTES, coalesce: false })
    direct += sentIn(effects).length
  }
  expect(direct).toBe(16)
})

test('an event reaches every member of a cluster once', () => {
  const world = new World()
  const names = ['ann', 'bob', 'cat', 'dan', 'eve']
  for (const name of names) world.start(name)
  for (const name of names.slice(1)) world.join(name, 'ann')
  world.run(5_000)
  for (const name of names) world.news(name)
  world.feed('cat', {
    type: 'user-event',
    name: 'deploy',
    payload: utf8Encode('v2'),
    coalesce: false,
  })
  world.run(20_000)
  for (const name of names) expect(world.news(name)).toEqual(['user-event deploy v2'])
})
