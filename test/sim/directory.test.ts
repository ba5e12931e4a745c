import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { Directory } from '../../packages/libring/src/sim/directory.ts'
import { SimMembership } from '../../packages/libring/src/sim/membership.ts'
import { SimNetwork } from '../../packages/libring/src/sim/network.ts'
import { SimProcess } from '../../packages/libring/src/sim/process.ts'
import { Trace } from '../../packages/libring/src/sim/trace.ts'

// Membership without gossip: one truth, told to each member late, but in one order.

function setUp() {
  const clock = new SimClock()
  const network = new SimNetwork(clock, new Trace(0), {
    latencyMs: [1, 10],
    lossRate: 0,
    duplicateRate: 0,
  })
  const directory = new Directory({
    clock,
    network,
    random: seededRandom(1),
    options: {
      newsMs: [10, 300],
      detectionMs: [3_000, 6_000],
    },
  })
  const heard: string[] = []
  let hosts = 0
  const member = (name: string): { membership: SimMembership; owner: SimProcess } => {
    const owner = new SimProcess(clock)
    const local = { name, host: `10.0.0.${++hosts}`, port: 7_946, tags: {} }
    const membership = new SimMembership(directory, owner, local)
    membership.subscribe(({ type, members }) => {
      heard.push(`${name}: ${type} ${members.map((it) => it.name).join(' ')}`)
    })
    void membership.start()
    return { membership, owner }
  }
  const pass = (durationMs: number) => clock.runUntil(clock.nowMs() + durationMs)
  /** All that one hears of, without what it hears of itself. */
  const heardBy = (name: string) =>
    heard.filter((line) => line.startsWith(`${name}:`) && !line.endsWith(` ${name}`))
  return { clock, network, member, pass, heard, heardBy }
}

const statuses = ({ membership }: { membership: SimMembership }) =>
  Object.fromEntries(membership.members().map(({ name, status }) => [name, status]))

test('everybody hears of everybody, and of every change, at its own time', () => {
  const { member, pass, heard } = setUp()
  const all = ['ann', 'bob', 'cat'].map(member)
  pass(1_000)
  for (const one of all) {
    expect(statuses(one)).toEqual({ ann: 'alive', bob: 'alive', cat: 'alive' })
  }
  heard.length = 0
  void all[0]!.membership.setTags({ a: '1' })
  expect(heard).toEqual(['ann: member-update ann'])
  pass(9)
  expect(heard).toHaveLength(1)
  pass(291)
  expect(heard).toHaveLength(3)
})

test('a member that stops without a word is held for failed, one that leaves has left', () => {
  const { member, pass } = setUp()
  const [ann, bob, cat] = ['ann', 'bob', 'cat'].map(member) as [
    ReturnType<typeof member>,
    ReturnType<typeof member>,
    ReturnType<typeof member>,
  ]
  pass(1_000)
  void bob.membership.stop()
  void cat.membership.leave()
  void cat.membership.stop()
  pass(2_999)
  expect(statuses(ann)).toEqual({ ann: 'alive', bob: 'alive', cat: 'left' })
  pass(3_400)
  expect(statuses(ann)).toEqual({ ann: 'alive', bob: 'failed', cat: 'left' })
})

describe('a member that is back', () => {
  test('before it was missed is told of as changed', () => {
    const { member, pass, heardBy, heard } = setUp()
    member('ann')
    const bob = member('bob')
    pass(1_000)
    void bob.membership.stop()
    heard.length = 0
    member('bob')
    pass(20_000)
    expect(heardBy('ann')).toEqual(['ann: member-update bob'])
  })

  test('later is told of as joining', () => {
    const { member, pass, heardBy, heard } = setUp()
    member('ann')
    const bob = member('bob')
    pass(1_000)
    heard.length = 0
    void bob.membership.stop()
    pass(10_000)
    member('bob')
    pass(1_000)
    expect(heardBy('ann')).toEqual(['ann: member-failed bob', 'ann: member-join bob'])
  })
})

test('nobody hears of a change before one that came earlier', () => {
  const { member, pass, heardBy, heard } = setUp()
  const ann = member('ann')
  member('bob')
  pass(1_000)
  heard.length = 0
  for (let i = 0; i < 3_000; i++) {
    void ann.membership.setTags({ i: String(i) })
    pass(5)
  }
  pass(300)
  expect(heardBy('bob')).toHaveLength(3_000)
  const { tags } = ann.membership.members()[0]!
  expect(tags).toEqual({ i: '2999' })
})

test('a paused member hears of all that it missed once it goes on', () => {
  const { member, pass, heardBy, heard } = setUp()
  member('ann')
  const bob = member('bob')
  pass(1_000)
  heard.length = 0
  bob.owner.pause()
  member('cat')
  pass(10_000)
  expect(heardBy('bob')).toEqual([])
  bob.owner.resume()
  pass(0)
  expect(heardBy('bob')).toEqual(['bob: member-join cat'])
})

describe('what rings send each other', () => {
  function pair() {
    const world = setUp()
    const [ann, bob] = [world.member('ann'), world.member('bob')]
    world.pass(1_000)
    const outcomes: boolean[] = []
    const texts: string[] = []
    bob.membership.ringChannel.receive('topic', (from, message) => {
      texts.push(`${from} ${message.join()}`)
    })
    const send = (to = 'bob') => {
      const options = { deadlineMs: 500, onOver: (isDone: boolean) => void outcomes.push(isDone) }
      ann.membership.ringChannel.send(to, 'topic', Uint8Array.of(1, 2), options)
    }
    return { ...world, ann, bob, outcomes, texts, send }
  }

  test('arrives, and is confirmed, later', () => {
    const { send, outcomes, texts, pass } = pair()
    send()
    expect([texts, outcomes]).toEqual([[], []])
    pass(50)
    expect([texts, outcomes]).toEqual([['ann 1,2'], [true]])
    pass(1_000)
    expect(outcomes).toEqual([true])
  })

  test('fails in time where nobody is, the way is cut, or the other is paused', () => {
    const { send, outcomes, texts, pass, network, bob } = pair()
    send('cat')
    network.split([['10.0.0.1']])
    send()
    network.heal()
    bob.owner.pause()
    send()
    pass(499)
    expect(outcomes).toEqual([])
    pass(1)
    expect(outcomes).toEqual([false, false, false])
    bob.owner.resume()
    pass(100)
    expect([texts, outcomes]).toEqual([['ann 1,2'], [false, false, false]])
  })

  test('is heard by one listener of a topic, until it stops', () => {
    const { send, texts, pass, bob } = pair()
    const { ringChannel } = bob.membership
    expect(ringChannel.receive('topic', () => {})).toBeUndefined()
    const stop = ringChannel.receive('other', () => {})
    stop?.()
    expect(ringChannel.receive('other', () => {})).toBeDefined()
    send()
    pass(100)
    expect(texts).toHaveLength(1)
  })

  test('includes members: after an exchange both know what either knew', () => {
    const { ann, bob, pass, member, heardBy, heard } = pair()
    heard.length = 0
    const outcomes: boolean[] = []
    ann.owner.pause()
    member('cat')
    pass(1_000)
    expect([heardBy('ann'), heardBy('bob')]).toEqual([[], ['bob: member-join cat']])
    ann.owner.resume()
    bob.membership.ringChannel.exchange('ann', (isDone) => void outcomes.push(isDone))
    pass(100)
    expect([outcomes, heardBy('ann')]).toEqual([[true], ['ann: member-join cat']])
  })

  test('includes members: who knew a change before the news came hears of the next one too', () => {
    const { ann, bob, pass, member } = pair()
    const seen: unknown[] = []
    for (let i = 0; i < 20; i++) {
      const { membership } = member(`guest-${i}`)
      // Whoever has heard of it by then tells the other.
      pass(100)
      bob.membership.ringChannel.exchange('ann', () => {})
      pass(1_000)
      void membership.leave()
      pass(1_000)
      seen.push([ann, bob].map((one) => statuses(one)[`guest-${i}`]))
    }
    expect(seen).toEqual(seen.map(() => ['left', 'left']))
  })

  test('reaches a member that has yet to hear of others', () => {
    const { bob, pass, member } = pair()
    const cat = member('cat')
    const heard: string[] = []
    cat.membership.ringChannel.receive('topic', (from) => heard.push(from))
    const told = (isDone: boolean): void => void heard.push(String(isDone))
    const options = { deadlineMs: 500, onOver: told }
    bob.membership.ringChannel.send('cat', 'topic', Uint8Array.of(1), options)
    pass(50)
    expect([heard, statuses(cat)]).toEqual([['bob', 'true'], { cat: 'alive' }])
    bob.membership.ringChannel.exchange('cat', told)
    pass(50)
    expect(statuses(cat)).toEqual({ ann: 'alive', bob: 'alive', cat: 'alive' })
  })
})
