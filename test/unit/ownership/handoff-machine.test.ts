import { describe, expect, test } from 'vitest'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import type { PeerMessage } from '../../../packages/libring/src/ownership/messages.ts'
import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { aClusterMember } from '../../support/ownership.ts'
import { OwnershipPeers } from '../../support/ownership-peers.ts'
import { aCandidacy, RingedMember } from '../../support/ringed-member.ts'

const ring = { partitions: 8, redundancy: 1, assignment: 'rendezvous' } as const
const HANDOFF_MS = 15_000

/** Partitions whose index 0 the members give to `name`. */
function planned(name: string, ...members: readonly string[]): readonly number[] {
  const view = new Ring(
    members.map((member) => aClusterMember(member)),
    ring,
  )
  return view.partitionsOf(name).map(({ partition }) => partition)
}

/** A partition that ann alone holds and that bob is to have. */
const MOVING = planned('bob', 'ann', 'bob')[0]!

/** Ann holds everything; bob has come, and each sees the other. */
function aJoin(prepare: (peers: OwnershipPeers) => void = () => {}): OwnershipPeers {
  const peers = new OwnershipPeers(ring)
  peers.start('ann')
  prepare(peers)
  peers.start('bob', ['ann'])
  peers.joins('ann', 'bob')
  return peers
}

function stepsOf(peers: OwnershipPeers, name: string, partition: number): readonly string[] {
  const events = peers.of(name).events.filter((event) => event.partition === partition)
  return events.map(({ type, replica }) => `${type} ${replica}`)
}

function tokenOf(event: OwnershipEvent | undefined): bigint | undefined {
  return event === undefined || event.type === 'release' ? undefined : event.token
}

describe('a member that joins', () => {
  test('gets what the plan gives it from whoever holds it', () => {
    const peers = aJoin()
    peers.pass(1_000)
    for (const partition of planned('bob', 'ann', 'bob')) {
      expect([partition, peers.primaries(partition)]).toEqual([partition, ['bob']])
    }
    const event = peers.of('bob').events.find(({ partition }) => partition === MOVING)
    expect(event).toMatchObject({ type: 'acquire', replica: 0, from: { name: 'ann' } })
    const released = peers.of('ann').events.findLast(({ partition }) => partition === MOVING)
    expect(released).toMatchObject({ type: 'release', replica: 0, to: { name: 'bob' } })
  })

  test('gets nothing before the plan of the holder names it', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.start('bob', ['ann'])
    peers.pass(10 * HANDOFF_MS)
    expect(peers.primaries(MOVING)).toEqual(['ann'])
    peers.joins('ann', 'bob')
    peers.pass(1_000)
    expect(peers.primaries(MOVING)).toEqual(['bob'])
  })

  test('waits for the handler of the holder', () => {
    const peers = aJoin((its) => its.busy.add('ann'))
    peers.pass(5_000)
    expect(peers.primaries(MOVING)).toEqual([])
    peers.settle('ann')
    expect(peers.primaries(MOVING)).toEqual(['bob'])
  })

  test('does not wait for it longer than it may take', () => {
    const peers = aJoin((its) => its.busy.add('ann'))
    peers.pass(9_999)
    expect(peers.primaries(MOVING)).toEqual([])
    peers.pass(1)
    expect(peers.primaries(MOVING)).toEqual(['bob'])
    expect(peers.of('ann').machine.stats.releasesOverdue).toBeGreaterThan(0)
  })

  test('gets what the handler left behind, and a higher token', () => {
    const state = Uint8Array.of(1, 2, 3)
    const peers = aJoin((its) => its.leaves.set('ann', state))
    peers.pass(1_000)
    const before = peers.of('ann').events.find(({ partition }) => partition === MOVING)
    const after = peers.of('bob').events.find(({ partition }) => partition === MOVING)
    expect(after).toMatchObject({ state })
    expect(tokenOf(after)).toBeGreaterThan(tokenOf(before)!)
  })

  test('takes at once what cannot be handed over, from a member that does not answer', () => {
    const peers = new OwnershipPeers(ring)
    peers.mute.add('ann').add('bob')
    peers.start('ann')
    peers.start('bob', ['ann'])
    expect(peers.primaries(MOVING)).toEqual(['ann', 'bob'])
    peers.joins('ann', 'bob')
    expect(peers.primaries(MOVING)).toEqual(['bob'])
    expect(peers.of('ann').machine.deadlineMs()).toBeUndefined()
  })
})

describe('a token', () => {
  test('is above that of a holder whose clock was ahead, though only a third one heard of it', () => {
    const peers = new OwnershipPeers({ ...ring, redundancy: 1 })
    peers.aheadMs.set('ann', 60_000)
    peers.start('ann')
    peers.start('cat', ['ann'])
    peers.joins('ann', 'cat')
    peers.pass(1_000)
    const partition = planned('ann', 'ann', 'cat').find((it) =>
      planned('bob', 'bob', 'cat').includes(it),
    )!
    const before = tokenOf(peers.of('ann').events.find((event) => event.partition === partition))
    peers.crash('ann')
    peers.start('bob', ['cat'])
    peers.fails('cat', 'ann')
    peers.joins('cat', 'bob')
    peers.pass(30_000)
    expect(peers.primaries(partition)).toEqual(['bob'])
    const event = peers.of('bob').events.findLast((it) => it.partition === partition)
    expect(tokenOf(event)).toBeGreaterThan(before!)
  })
})

describe('a stranger that asks', () => {
  test('is asked as well before what it was denied is taken', () => {
    const peers = new OwnershipPeers({ ...ring, assignment: 'go-uniform' })
    // Bob sees ann, who does not see bob: she has every partition, he has the odd ones.
    peers.start('ann', ['ghost'])
    peers.mute.add('ghost')
    peers.pass(20_000)
    peers.silent.add('ann')
    peers.start('bob', ['ann'])
    expect(peers.primaries(1)).toEqual([])
    peers.fails('ann', 'ghost')
    peers.pass(1_000)
    expect(peers.primaries(1)).toEqual([])
  })
})

describe('a backup that the plan does not have any more', () => {
  const backed = { ...ring, partitions: 64, redundancy: 2 } as const

  /** A partition that bob backs up among three, and not among four. */
  function leaving(): number {
    const view = (...names: readonly string[]): Ring =>
      new Ring(
        names.map((name) => aClusterMember(name)),
        backed,
      )
    const [three, four] = [view('ann', 'bob', 'cat'), view('ann', 'bob', 'cat', 'dan')]
    return [...Array(64).keys()].find((partition) => {
      const names = four.holdersForPartition(partition).map(({ name }) => name)
      return (
        three.holdersForPartition(partition)[1]?.name === 'bob' &&
        names.includes('dan') &&
        !names.includes('bob')
      )
    })!
  }

  function aFourth(): OwnershipPeers {
    const peers = new OwnershipPeers(backed)
    const three = ['ann', 'bob', 'cat']
    for (const name of three) {
      peers.start(
        name,
        three.filter((other) => other !== name),
      )
    }
    peers.pass(3_000)
    peers.busy.add('dan')
    peers.start('dan', three)
    for (const name of three) peers.joins(name, 'dan')
    peers.pass(5_000)
    return peers
  }

  test('stays until the newcomer has the partition', () => {
    const peers = aFourth()
    expect(stepsOf(peers, 'bob', leaving())).toEqual(['acquire 1'])
    peers.settle('dan')
    expect(stepsOf(peers, 'bob', leaving())).toEqual(['acquire 1', 'release 1'])
    expect(peers.of('bob').machine.stats.partingsOverdue).toBe(0)
  })

  test('does not stay for ever', () => {
    const peers = aFourth()
    peers.pass(HANDOFF_MS)
    expect(stepsOf(peers, 'bob', leaving())).toEqual(['acquire 1', 'release 1'])
    expect(peers.of('bob').machine.stats.partingsOverdue).toBeGreaterThan(0)
  })

  test('stays for good when it is called back', () => {
    const peers = aFourth()
    peers.crash('dan')
    peers.fails('bob', 'dan')
    peers.pass(2 * HANDOFF_MS)
    expect(stepsOf(peers, 'bob', leaving())).toEqual(['acquire 1'])
  })
})

describe('a holder', () => {
  test('that crashed is not waited for once it is known to be gone', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann', ['bob'])
    peers.start('bob', ['ann'])
    peers.pass(1_000)
    peers.crash('ann')
    peers.fails('bob', 'ann')
    expect([...peers.of('bob').book.roles.keys()]).toHaveLength(8)
    expect(peers.of('bob').reports).toEqual([])
  })

  test('that is silent is overridden in time, which is told', () => {
    const peers = aJoin((its) => its.silent.add('ann'))
    peers.pass(HANDOFF_MS - 1)
    expect(peers.primaries(MOVING)).toEqual(['ann'])
    peers.pass(1)
    const partitions = planned('bob', 'ann', 'bob')
    expect(peers.of('bob').reports).toEqual([{ kind: 'silent', member: 'ann', partitions }])
    expect(peers.of('bob').machine.stats.takenFromSilence).toBe(partitions.length)
  })

  test('that was overridden lets go when it hears of it, and says so', () => {
    const peers = aJoin((its) => {
      its.silent.add('ann').add('bob')
    })
    peers.pass(HANDOFF_MS)
    expect(peers.primaries(MOVING)).toEqual(['ann', 'bob'])
    peers.silent.clear()
    peers.pass(10_000)
    expect(peers.primaries(MOVING)).toEqual(['bob'])
    const kinds = [...peers.peers.values()].flatMap(({ reports }) =>
      reports.map(({ kind }) => kind),
    )
    expect(kinds).toContain('double-holder')
  })

  test('that heard questions to the last is told within 10 s, though that it was overridden is lost', () => {
    const peers = aJoin((its) => its.silent.add('ann'))
    peers.pass(HANDOFF_MS - 1)
    peers.silent.add('bob')
    peers.pass(1)
    expect(peers.primaries(MOVING)).toEqual(['ann', 'bob'])
    peers.silent.clear()
    peers.pass(10_000)
    expect(peers.primaries(MOVING)).toEqual(['bob'])
  })

  test('that was overridden is told once an answer of it arrives after all', () => {
    let late: PeerMessage | undefined
    const peers = aJoin((its) => {
      const deliver = its.deliver.bind(its)
      its.deliver = (from, to, message) => {
        if (from === 'ann' && message.type === 'answer') late = message
        else if (from !== 'ann' && message.type === 'ask') deliver(from, to, message)
      }
    })
    peers.pass(HANDOFF_MS)
    expect(peers.primaries(MOVING)).toEqual(['ann', 'bob'])
    Reflect.deleteProperty(peers, 'deliver')
    peers.deliver('ann', 'bob', late!)
    peers.settle('bob')
    expect(peers.primaries(MOVING)).toEqual(['bob'])
    expect(peers.of('ann').reports.map(({ kind }) => kind)).toEqual(['double-holder'])
  })

  test('that answers is never overridden', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.start('bob', ['ann'])
    peers.pass(100 * HANDOFF_MS)
    expect(peers.of('bob').book.roles.size).toBe(0)
    expect(peers.of('bob').reports).toEqual([])
  })

  test('that took after its answer, while it held the asker for gone, is asked anew', () => {
    const peers = new OwnershipPeers(ring)
    const all = ['ann', 'bob', 'cat']
    peers.silent.add('cat')
    peers.start('cat', all)
    peers.start('ann', all)
    peers.start('bob', all)
    const [partition] = planned('bob', ...all)
    // Ann has said that it does not hold it; now it is alone, as it believes.
    peers.fails('ann', 'bob', 'cat')
    expect(peers.primaries(partition!)).toEqual(['ann'])
    peers.joins('ann', 'bob', 'cat')
    peers.pass(4_000)
    peers.fails('bob', 'cat')
    expect(peers.primaries(partition!)).toHaveLength(1)
    peers.pass(4_000)
    expect(peers.primaries(partition!)).toEqual(['bob'])
  })

  test('hands over even what is asked for by a process that has started again', () => {
    const peers = aJoin((its) => its.busy.add('ann'))
    peers.start('bob', ['ann'])
    peers.settle('ann')
    peers.pass(2_000)
    expect(peers.primaries(MOVING)).toEqual(['bob'])
  })
})

describe('a reversal', () => {
  test('before the holder was asked changes nothing for it', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.joins('ann', 'bob')
    peers.fails('ann', 'bob')
    expect(stepsOf(peers, 'ann', MOVING)).toEqual(['acquire 0'])
  })

  test('while its handler is at work takes the partition back afterwards', () => {
    const peers = aJoin((its) => its.busy.add('ann'))
    peers.crash('bob')
    peers.fails('ann', 'bob')
    expect(stepsOf(peers, 'ann', MOVING)).toEqual(['acquire 0', 'release 0'])
    peers.settle('ann')
    expect(stepsOf(peers, 'ann', MOVING)).toEqual(['acquire 0', 'release 0', 'acquire 0'])
  })

  test('makes the taker give up, and say so', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.start('bob', ['ann'])
    peers.start('cat', ['ann', 'bob'])
    const partition = planned('bob', 'ann', 'bob').find((it) => {
      return planned('cat', 'ann', 'bob', 'cat').includes(it)
    })!
    peers.joins('bob', 'cat')
    peers.joins('ann', 'bob', 'cat')
    peers.pass(2_000)
    expect(peers.primaries(partition)).toEqual(['cat'])
  })
})

describe('at the stop', () => {
  test('others take over once the handlers are done', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann', ['bob'])
    peers.start('bob', ['ann'])
    peers.pass(2_000)
    peers.busy.add('ann')
    peers.stop('ann')
    expect(peers.of('ann').book.roles.size).toBe(0)
    const [partition] = planned('ann', 'ann', 'bob')
    // Its farewell comes before its handlers are done.
    peers.joins('bob', 'ann')
    expect(peers.primaries(partition!)).toEqual([])
    peers.settle('ann')
    peers.fails('bob', 'ann')
    peers.pass(2_000)
    expect(peers.primaries(partition!)).toEqual(['bob'])
  })

  test('whoever comes while the handlers of one that saw nobody are at work waits for them', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.busy.add('ann')
    peers.stop('ann')
    peers.start('bob', ['ann'])
    peers.pass(5_000)
    expect(peers.of('bob').events).toEqual([])
    peers.settle('ann')
    peers.pass(1_000)
    expect(peers.of('bob').book.roles.size).toBe(planned('bob', 'ann', 'bob').length)
  })

  test('what is asked afterwards is still answered', () => {
    const peers = new OwnershipPeers(ring)
    peers.start('ann')
    peers.stop('ann')
    peers.start('bob', ['ann'])
    peers.pass(1_000)
    expect(peers.of('bob').book.roles.size).toBe(planned('bob', 'ann', 'bob').length)
  })
})

describe('two that take the same partition in different views', () => {
  // Of three members the first has every third partition, of two the second every other one.
  const partition = 3

  function aDeadlock(): OwnershipPeers {
    const peers = new OwnershipPeers({ ...ring, assignment: 'go-uniform' })
    peers.mute.add('ghost')
    peers.start('ann', ['bob', 'ghost'])
    peers.start('bob', ['ann'])
    return peers
  }

  test('wait for each other, until the smaller name goes first, which is told', () => {
    const peers = aDeadlock()
    peers.pass(HANDOFF_MS)
    expect(peers.primaries(partition)).toEqual([])
    // The first question of each is lost, as the other is not there yet.
    peers.pass(3_000)
    expect(peers.primaries(partition)).toEqual(['ann'])
    const reports = [{ kind: 'deadlock', member: 'bob', partitions: [partition] }]
    expect([peers.of('ann').reports, peers.of('bob').reports]).toEqual([reports, []])
    expect(peers.of('ann').machine.stats.takenFromDeadlock).toBe(1)
  })

  test('need not wait once their views agree', () => {
    const peers = aDeadlock()
    peers.pass(3_000)
    peers.fails('ann', 'ghost')
    peers.pass(1_000)
    expect(peers.primaries(partition)).toEqual(['bob'])
  })
})

test('a holder names its successor by what that one said last, though the plan is older', () => {
  const ann = new RingedMember('ann', ring)
  ann.start()
  ann.settle()
  ann.hear(aCandidacy('bob', ring, 'forming'))
  ann.pass(0)
  ann.hear(aCandidacy('bob', ring, 'serving'))
  ann.pass(0)
  const groups = [{ attempt: 1, letGo: true, partitions: [MOVING] }]
  ann.receive('bob', ring, 'ask', { groups })
  const to = ann.events.flatMap((event) => (event.type === 'acquire' ? [] : [event.to]))
  expect(to.length).toBeGreaterThan(0)
  expect(to.every((member) => member?.tags['said']?.endsWith('serving'))).toBe(true)
})

describe('a holder of which nobody works for index 0 any more', () => {
  /** Ann has given index 0 of the partition up to bob, and its handlers are at work. */
  function aDemotion() {
    const peers = new OwnershipPeers({ ...ring, redundancy: 2 })
    peers.start('ann')
    peers.busy.add('ann')
    peers.start('bob', ['ann'])
    peers.joins('ann', 'bob')
    peers.pass(2_000)
    const { seq } = peers.of('ann').events.findLast(({ partition }) => partition === MOVING)!
    const letGo = (of: number): void => {
      const input = { type: 'let-go', partition: MOVING, seq: of } as const
      peers.of('ann').machine.handle(input, peers.nowMs)
      peers.pass(1_000)
    }
    return { peers, seq, letGo }
  }

  test('has let it go, whatever else its handlers do', () => {
    const { peers, seq, letGo } = aDemotion()
    expect(stepsOf(peers, 'ann', MOVING)).toEqual(['acquire 0', 'change 1'])
    letGo(seq - 1)
    expect(peers.of('bob').book.roles.get(MOVING)).not.toBe(0)
    letGo(seq)
    expect(peers.of('bob').book.roles.get(MOVING)).toBe(0)
  })

  test('has done so as well where that was told in doubt', () => {
    const { peers, seq, letGo } = aDemotion()
    peers.wakes('ann')
    letGo(seq)
    expect(peers.of('bob').book.roles.get(MOVING)).not.toBe(0)
    peers.reaches('ann')
    peers.pass(1_000)
    expect(peers.of('bob').book.roles.get(MOVING)).toBe(0)
  })
})
