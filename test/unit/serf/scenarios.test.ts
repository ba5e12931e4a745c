import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import type { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeTags } from '../../../packages/libring/src/serf/tags.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { newMachine, serfMessages, World } from './world.ts'

let world: World

beforeEach(() => {
  world = new World()
})

/** Start nodes of these names, the later ones joined to the first, and let them settle. */
function cluster(...names: readonly string[]): SerfMachine[] {
  const machines: SerfMachine[] = []
  for (const name of names) {
    machines.push(world.start(name))
    if (name !== names[0]) world.join(name, names[0]!)
    world.run(2_000)
  }
  for (const name of names) {
    world.news(name)
    world.sent(name)
  }
  return machines
}

/** Intents as `join 1 ann`, without repetitions. */
function intents(messages: readonly SerfMessage[]): string[] {
  const texts = messages.flatMap((message) => {
    const isIntent = message.type === 'join' || message.type === 'leave'
    return isIntent ? [`${message.type} ${message.ltime} ${message.node}`] : []
  })
  return [...new Set(texts)]
}

describe('joining', () => {
  test('a node is a member of its own from the start', () => {
    const machine = world.start('ann', { tags: { zone: 'a' } })
    expect(world.news('ann')).toEqual(['member-join ann'])
    expect(machine.members()).toEqual([
      { name: 'ann', host: '127.0.0.1', port: 7946, tags: { zone: 'a' }, status: 'alive' },
    ])
  })

  test('both learn of each other, and the one that joined says so once it is in', () => {
    world.start('bob')
    world.start('ann')
    world.join('ann', 'bob')
    expect(world.news('ann')).toEqual(['member-join ann', 'member-join bob', 'joined 1: 1'])
    expect(world.news('bob')).toEqual(['member-join bob', 'member-join ann'])
    world.run(2_000)
    expect(intents(world.sent('ann'))).toEqual(['join 1 ann'])
    expect(intents(world.sent('bob'))).toEqual(['join 1 ann'])
  })

  test('a join that reached nobody says nothing to anybody', () => {
    world.start('ann')
    world.feed('ann', { type: 'join', join: 7, seeds: [{ host: '127.0.0.9', port: 7946 }] })
    world.run(2_000)
    expect(world.news('ann')).toEqual(['member-join ann', 'joined 7: 0'])
    expect(world.sent('ann')).toEqual([])
  })

  test('everybody learns of everybody, however they joined', () => {
    cluster('ann', 'bob', 'cat')
    for (const name of ['ann', 'bob', 'cat']) {
      expect(world.view(name)).toBe('ann:alive bob:alive cat:alive')
    }
  })
})

describe('failing', () => {
  test('a member that falls silent has failed', () => {
    cluster('ann', 'bob', 'cat')
    world.kill('cat')
    world.run(30_000)
    for (const name of ['ann', 'bob']) {
      expect(world.news(name)).toEqual(['member-failed cat'])
      expect(world.view(name)).toBe('ann:alive bob:alive cat:failed')
    }
  })

  test('it is welcome back under its name and address', () => {
    const [ann, bob] = cluster('ann', 'bob', 'cat')
    world.kill('cat')
    world.run(10_000)
    world.news('ann')
    world.start('cat', { tags: { born: 'again' } }, 3)
    world.join('cat', 'ann')
    world.run(5_000)
    expect(world.news('ann')).toEqual(['member-join cat'])
    for (const machine of [ann!, bob!]) {
      const back = machine.members().find(({ name }) => name === 'cat')
      expect(back).toMatchObject({ status: 'alive', tags: { born: 'again' } })
    }
  })

  test('failed members are tried again, without anybody being told of a join', () => {
    cluster('ann', 'bob')
    world.kill('bob')
    world.run(20_000)
    expect(world.news('ann')).toEqual(['member-failed bob'])
    world.start('bob', {}, 2)
    world.run(120_000)
    expect(world.news('ann')).toEqual(['member-join bob'])
    expect(world.news('bob')).toEqual(['member-join bob', 'member-join ann'])
    expect(intents(world.sent('ann'))).not.toContainEqual(expect.stringMatching('ann'))
  })

  test('who is gone for too long is forgotten', () => {
    world.start('ann', { serf: { reconnectTimeoutMs: 60_000, reapIntervalMs: 1_000 } })
    world.start('bob')
    world.join('bob', 'ann')
    world.run(2_000)
    world.news('ann')
    world.kill('bob')
    world.run(60_000)
    expect(world.news('ann')).toEqual(['member-failed bob'])
    world.run(30_000)
    expect(world.news('ann')).toEqual(['member-reap bob'])
    expect(world.view('ann')).toBe('ann:alive')
  })
})

describe('leaving', () => {
  test('the intent is spread before the farewell, and nobody calls it a failure', () => {
    cluster('ann', 'bob', 'cat')
    world.feed('cat', { type: 'leave' })
    expect(world.news('cat')).toEqual([])
    world.run(5_000)
    expect(world.news('cat')).toEqual(['member-leave cat', 'left true'])
    for (const name of ['ann', 'bob']) {
      expect(world.news(name)).toEqual(['member-leave cat'])
      expect(world.view(name)).toBe('ann:alive bob:alive cat:left')
    }
    world.kill('cat')
    world.run(60_000)
    expect([...world.news('ann'), ...world.news('bob')]).toEqual([])
  })

  test('a small cluster hears of it before gossip begins to', () => {
    const slow = {
      swim: { gossipIntervalMs: 600_000, probeIntervalMs: 600_000, broadcastTimeoutMs: 1_000 },
    }
    for (const name of ['ann', 'bob', 'cat', 'dan']) {
      world.start(name, slow)
      if (name !== 'ann') world.join(name, 'ann')
    }
    for (const name of ['bob', 'cat']) world.join(name, 'dan')
    world.feed('dan', { type: 'leave' })
    for (const name of ['ann', 'bob', 'cat']) {
      expect(world.view(name)).toBe('ann:alive bob:alive cat:alive dan:leaving')
    }
    world.run(slow.swim.broadcastTimeoutMs)
    for (const name of ['ann', 'bob', 'cat']) {
      expect(world.view(name)).toBe('ann:alive bob:alive cat:alive dan:left')
    }
  })

  test('whoever has not heard the intent gets it with the farewell', () => {
    const machine = newMachine('ann')
    const to = { host: '127.0.0.2', port: 7946 }
    machine.handle({ type: 'start', advertise: { host: '127.0.0.1', port: 7946 } }, 0)
    const bob = { node: 'bob', incarnation: 1, addr: ipToBytes(to.host)!, port: 7946 }
    const claim = { type: 'alive', ...bob, meta: encodeTags({}), versions: serfVersions } as const
    machine.handle({ type: 'packet', from: to, bytes: encodeMessage(claim) }, 0)
    machine.handle({ type: 'leave' }, 0)
    while (machine.poll() !== undefined);
    const packets: string[][] = []
    for (let nowMs = 0; nowMs < 5_000 && machine.member('ann')!.status === 'leaving'; nowMs++) {
      machine.tick(nowMs)
      for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
        if (effect.type !== 'send') continue
        const { messages } = openPacket(effect.bytes)
        packets.push([
          ...messages.map(({ type }) => type),
          ...serfMessages(effect.bytes).map(({ type }) => type),
        ])
      }
    }
    expect(packets.at(-1)).toEqual(['dead', 'user', 'leave'])
  })

  test('members see it leaving in between', () => {
    cluster('ann', 'bob', 'cat')
    world.feed('cat', { type: 'leave' })
    expect(world.view('cat')).toBe('ann:alive bob:alive cat:leaving')
    for (let i = 0; i < 100 && world.view('ann').endsWith('cat:alive'); i++) world.run(5)
    expect(world.view('ann')).toBe('ann:alive bob:alive cat:leaving')
  })

  test('a node alone leaves without waiting for anybody', () => {
    const machine = world.start('ann')
    world.feed('ann', { type: 'leave' })
    expect(machine.status).toBe('leaving')
    world.run(1_000)
    expect(world.news('ann')).toEqual(['member-join ann', 'member-leave ann', 'left true'])
    expect(machine.status).toBe('left')
  })

  test('a second leave on the way changes nothing; one afterwards is answered again', () => {
    world.start('ann')
    world.feed('ann', { type: 'leave' })
    world.feed('ann', { type: 'leave' })
    world.run(1_000)
    world.feed('ann', { type: 'leave' })
    world.run(1_000)
    expect(world.news('ann').filter((text) => text.startsWith('left'))).toEqual([
      'left true',
      'left true',
    ])
  })

  test('a farewell that could not be spread is told as that', () => {
    world.start('ann', { swim: { gossipIntervalMs: 600_000, probeIntervalMs: 600_000 } })
    world.start('bob')
    world.join('bob', 'ann')
    world.kill('bob')
    world.feed('ann', { type: 'leave' })
    world.run(20_000)
    expect(world.news('ann').at(-1)).toBe('left false')
  })

  test('who left can come back, since it outbids what was said of it', () => {
    cluster('ann', 'bob')
    world.feed('bob', { type: 'leave' })
    world.run(5_000)
    world.kill('bob')
    world.start('bob', {}, 2)
    world.join('bob', 'ann')
    world.run(5_000)
    expect(world.news('ann')).toEqual(['member-leave bob', 'member-join bob'])
    world.run(60_000)
    expect(world.view('ann')).toBe('ann:alive bob:alive')
    expect(world.view('bob')).toBe('ann:alive bob:alive')
  })

  test('who has left joins nobody and presents itself to nobody', () => {
    cluster('ann', 'bob')
    world.feed('bob', { type: 'leave' })
    world.run(5_000)
    world.news('bob')
    world.join('bob', 'ann')
    world.feed('bob', { type: 'tags', tags: { a: 'b' } })
    world.run(5_000)
    expect(world.news('bob')).toEqual(['joined 1: 0', 'tags-spread false'])
    expect(world.view('ann')).toBe('ann:alive bob:left')
  })
})

describe('force-leave', () => {
  test('turns a failure into a leave, everywhere', () => {
    cluster('ann', 'bob', 'cat')
    world.kill('cat')
    world.run(20_000)
    world.feed('ann', { type: 'force-leave', name: 'cat', prune: false })
    world.run(5_000)
    expect(world.news('ann')).toEqual([
      'member-failed cat',
      'member-leave cat',
      'force-left cat true',
    ])
    expect(world.news('bob')).toEqual(['member-failed cat', 'member-leave cat'])
    expect(world.view('bob')).toBe('ann:alive bob:alive cat:left')
  })

  test('with prune forgets the member as well', () => {
    cluster('ann', 'bob', 'cat')
    world.kill('cat')
    world.run(20_000)
    world.feed('ann', { type: 'force-leave', name: 'cat', prune: true })
    world.run(60_000)
    for (const name of ['ann', 'bob']) {
      expect(world.view(name)).toBe('ann:alive bob:alive')
      expect(world.news(name).filter((text) => text.endsWith('cat'))).toEqual([
        'member-failed cat',
        'member-leave cat',
        'member-reap cat',
      ])
    }
  })

  test('of a member that is alive is refuted', () => {
    cluster('ann', 'bob', 'cat')
    world.feed('ann', { type: 'force-leave', name: 'cat', prune: false })
    world.run(5_000)
    expect(intents(world.sent('cat')).filter((text) => text.startsWith('join'))).toEqual([
      'join 4 cat',
    ])
    for (const name of ['ann', 'bob', 'cat']) {
      expect(world.view(name)).toBe('ann:alive bob:alive cat:alive')
    }
  })

  test('with prune of a member that is alive does not lose it', () => {
    cluster('ann', 'bob', 'cat')
    world.feed('ann', { type: 'force-leave', name: 'cat', prune: true })
    world.run(60_000)
    for (const name of ['ann', 'bob', 'cat']) {
      expect(world.view(name)).toBe('ann:alive bob:alive cat:alive')
    }
  })

  test('of oneself does nothing', () => {
    cluster('ann', 'bob')
    world.feed('ann', { type: 'force-leave', name: 'ann', prune: false })
    world.run(5_000)
    expect(world.news('ann')).toEqual(['force-left ann true'])
    expect(world.sent('ann')).toEqual([])
    expect(world.view('bob')).toBe('ann:alive bob:alive')
  })

  test('of a name that nobody knows is spread all the same', () => {
    cluster('ann', 'bob')
    world.feed('ann', { type: 'force-leave', name: 'ghost', prune: false })
    world.run(5_000)
    expect(world.news('ann')).toEqual(['force-left ghost true'])
    expect(intents(world.sent('bob'))).toEqual(['leave 2 ghost'])
  })
})

describe('tags', () => {
  test('new tags are told everywhere, to the node itself as well', () => {
    cluster('ann', 'bob')
    world.feed('ann', { type: 'tags', tags: { zone: 'b' } })
    world.run(5_000)
    expect(world.news('ann')).toEqual(['member-update ann', 'tags-spread true'])
    expect(world.news('bob')).toEqual(['member-update ann'])
  })

  test('given before the start they are those that the node starts with', () => {
    const machine = newMachine('ann', { tags: { zone: 'a' } })
    machine.handle({ type: 'tags', tags: { zone: 'b' } }, 0)
    expect(machine.poll()).toEqual({ type: 'tags-spread', spread: true })
    expect(machine.members()).toEqual([])
    machine.handle({ type: 'start', advertise: { host: '127.0.0.1', port: 1 } }, 0)
    expect(machine.members()).toMatchObject([{ name: 'ann', tags: { zone: 'b' } }])
  })
})
