import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseHostAndPort, type Address } from '../../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import {
  Bootstrap,
  type BootstrapEffect,
  type BootstrapInput,
} from '../../../packages/libring/src/gossip/bootstrap.ts'
import { machineContract } from '../../contract/machine.ts'

const own: Address = { host: '10.0.0.1', port: 7_946 }
const other = (last: number): Address => ({ host: `10.0.0.${last}`, port: 7_946 })
const hostsOf = (names: readonly string[]) => names.map((name) => parseHostAndPort(name)!)

/** A bootstrap on a clock of its own, that tells what it asks for. */
class Story {
  readonly #machine: Bootstrap
  readonly #hosts
  nowMs = 0

  constructor(names: readonly string[] = ['cluster'], seed = 1, retryMs?: number) {
    this.#hosts = hostsOf(names)
    this.#machine = new Bootstrap({
      hosts: this.#hosts,
      refreshMs: 60_000,
      retryMs,
      random: seededRandom(seed),
    })
  }

  feed(input: BootstrapInput): BootstrapEffect[] {
    this.#machine.handle(input, this.nowMs)
    return this.#drain()
  }

  start(remembered: readonly Address[] = [], isBack = false): BootstrapEffect[] {
    return this.feed({ type: 'start', own, port: 7_946, remembered, isBack })
  }

  /** Answer the latest `resolve`, one list of addresses a host; text is why there is none. */
  resolved(
    round: number,
    answers: readonly (readonly string[] | string)[],
    present: readonly Address[] = [own],
  ): BootstrapEffect[] {
    const outcomes = answers.map((answer, index) => {
      const host = this.#hosts[index]!
      return typeof answer === 'string'
        ? { host, addresses: [], reason: answer }
        : { host, addresses: answer.map((found) => parseHostAndPort(found)!), reason: undefined }
    })
    return this.feed({ type: 'resolved', round, outcomes, present })
  }

  get isAtRest(): boolean {
    return this.#machine.deadlineMs() === undefined
  }

  /** Let time pass until the machine wants a tick; returns how long that was. */
  sleep(): { waitedMs: number; effects: BootstrapEffect[] } {
    const dueMs = this.#machine.deadlineMs()!
    const waitedMs = dueMs - this.nowMs
    this.nowMs = dueMs
    this.#machine.tick(this.nowMs)
    return { waitedMs, effects: this.#drain() }
  }

  #drain(): BootstrapEffect[] {
    const effects: BootstrapEffect[] = []
    for (let next = this.#machine.poll(); next !== undefined; next = this.#machine.poll()) {
      effects.push(next)
    }
    return effects
  }
}

describe('alone', () => {
  test('it resolves at once, and joins every address but its own', () => {
    const story = new Story(['cluster', '10.0.0.9:8000'])
    expect(story.start()).toEqual([
      { type: 'resolve', round: 1, hosts: hostsOf(['cluster', '10.0.0.9:8000']) },
    ])
    const [join] = story.resolved(1, [['10.0.0.1', '10.0.0.2', '10.0.0.2'], ['10.0.0.9']])
    expect(join).toMatchObject({ type: 'join', round: 1 })
    const seeds = join?.type === 'join' ? join.seeds : []
    expect(new Set(seeds)).toEqual(new Set([other(2), { host: '10.0.0.9', port: 8_000 }]))
    expect(seeds).toHaveLength(2)
  })

  test('without hosts it never does anything', () => {
    const story = new Story([])
    expect(story.start()).toEqual([])
  })

  test('it tries again for ever, waiting twice as long each time up to 15 s', () => {
    const story = new Story()
    story.start()
    const waits: number[] = []
    for (let round = 1; round <= 9; round++) {
      story.resolved(round, [['10.0.0.2']])
      story.feed({ type: 'joined', round, contacted: 0 })
      waits.push(story.sleep().waitedMs)
    }
    const limits = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]
    for (const [index, limitMs] of limits.entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(limitMs / 2)
      expect(waits[index]).toBeLessThanOrEqual(limitMs)
    }
  })

  test('names are resolved anew at every try', () => {
    const story = new Story()
    story.start()
    story.resolved(1, [['10.0.0.2']])
    story.feed({ type: 'joined', round: 1, contacted: 0 })
    expect(story.sleep().effects).toMatchObject([{ type: 'resolve', round: 2 }])
    expect(story.resolved(2, [['10.0.0.3']])).toMatchObject([{ type: 'join', seeds: [other(3)] }])
  })

  test('a name that stands for nobody but this node is no reason to dial', () => {
    const story = new Story()
    story.start()
    expect(story.resolved(1, [['10.0.0.1']])).toEqual([{ type: 'failed', tries: 1 }])
    expect(story.sleep().effects).toMatchObject([{ type: 'resolve', round: 2 }])
  })

  test('it waits as long as it is told to, and counts tries that find nobody', () => {
    const story = new Story(['cluster'], 1, 700)
    story.start()
    const fail = (round: number): BootstrapEffect[] => {
      story.resolved(round, [['10.0.0.2']])
      return story.feed({ type: 'joined', round, contacted: 0 })
    }
    expect(fail(1)).toEqual([{ type: 'failed', tries: 1 }])
    expect(story.sleep().waitedMs).toBe(700)
    expect(fail(2)).toEqual([{ type: 'failed', tries: 2 }])
    expect(story.sleep().waitedMs).toBe(700)
    story.feed({ type: 'company', others: 1 })
    expect(fail(3)).toEqual([])
    story.feed({ type: 'company', others: 0 })
    story.sleep()
    expect(fail(4)).toEqual([{ type: 'failed', tries: 1 }])
  })

  test('of very many addresses a random 64 are tried at a time', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `10.1.${i >>> 8}.${i & 255}`)
    const seedsOf = (seed: number) => {
      const story = new Story(['cluster'], seed)
      story.start()
      const [join] = story.resolved(1, [many])
      return join?.type === 'join' ? join.seeds : []
    }
    expect(seedsOf(1)).toHaveLength(64)
    expect(seedsOf(1)).not.toEqual(seedsOf(2))
    const story = new Story(['cluster'])
    story.start()
    story.resolved(1, [many])
    const [second] = story.feed({ type: 'joined', round: 1, contacted: 0 })
    expect(second).toMatchObject({ type: 'join', round: 2 })
  })

  test('a resolver or a join that never answers is given up after a minute', () => {
    const story = new Story()
    story.start()
    expect(story.sleep()).toEqual({ waitedMs: 60_000, effects: [{ type: 'failed', tries: 1 }] })
    expect(story.sleep().effects).toMatchObject([{ type: 'resolve', round: 2 }])
    story.resolved(2, [['10.0.0.2']])
    expect(story.sleep()).toEqual({ waitedMs: 60_000, effects: [{ type: 'failed', tries: 2 }] })
    expect(story.feed({ type: 'joined', round: 2, contacted: 0 })).toEqual([])
    expect(story.sleep().effects).toMatchObject([{ type: 'resolve', round: 3 }])
  })

  test('an answer to an older round is ignored', () => {
    const story = new Story()
    story.start()
    story.sleep()
    story.sleep()
    expect(story.resolved(1, [['10.0.0.2']])).toEqual([])
    expect(story.resolved(2, [['10.0.0.2']])).toHaveLength(1)
  })
})

describe('in company', () => {
  function joined(seed = 1): Story {
    const story = new Story(['cluster'], seed)
    story.start()
    story.resolved(1, [['10.0.0.2', '10.0.0.3']])
    story.feed({ type: 'company', others: 2 })
    story.feed({ type: 'joined', round: 1, contacted: 2 })
    return story
  }

  test('it looks again after a minute, give or take a fifth', () => {
    const waits = Array.from({ length: 50 }, (_, seed) => joined(seed).sleep().waitedMs)
    for (const waitMs of waits) {
      expect(waitMs).toBeGreaterThanOrEqual(48_000)
      expect(waitMs).toBeLessThanOrEqual(72_000)
    }
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(10_000)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'it then asks one address, one that no present member has, seed %i',
    (seed) => {
      const story = joined(seed)
      story.sleep()
      const present = [own, other(2), other(3)]
      const answer = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
      expect(story.resolved(2, [answer], present)).toEqual([
        { type: 'join', round: 2, seeds: [other(4)], as: 'member' },
      ])
    },
  )

  test('when all are known it asks one of them, not itself', () => {
    const story = joined()
    story.sleep()
    const present = [own, other(2), other(3)]
    const [join] = story.resolved(2, [['10.0.0.1', '10.0.0.2', '10.0.0.3']], present)
    expect(join).toMatchObject({ type: 'join' })
    const seeds = join?.type === 'join' ? join.seeds : []
    expect(seeds).toHaveLength(1)
    expect([other(2), other(3)]).toContainEqual(seeds[0])
  })

  test('a look that reaches nobody does not make it hurry', () => {
    const story = joined()
    story.sleep()
    story.resolved(2, [['10.0.0.4']])
    story.feed({ type: 'joined', round: 2, contacted: 0 })
    expect(story.sleep().waitedMs).toBeGreaterThanOrEqual(48_000)
  })

  test('left alone while it looks, it hurries again, whoever answered', () => {
    const story = joined()
    story.sleep()
    story.resolved(2, [['10.0.0.2']])
    story.feed({ type: 'company', others: 0 })
    story.feed({ type: 'joined', round: 2, contacted: 1 })
    expect(story.sleep().waitedMs).toBeLessThanOrEqual(500)
  })

  test('left alone, it hurries again', () => {
    const story = joined()
    story.feed({ type: 'company', others: 0 })
    expect(story.sleep().waitedMs).toBeLessThanOrEqual(500)
  })

  test('found by others while it waits, it stops hurrying', () => {
    const story = new Story()
    story.start()
    story.resolved(1, ['no such name'])
    story.feed({ type: 'company', others: 1 })
    expect(story.sleep().waitedMs).toBeGreaterThanOrEqual(48_000)
  })
})

describe('it joins as what it was when it began to look', () => {
  const as = (effects: readonly BootstrapEffect[]) => {
    return effects.map((effect) => (effect.type === 'join' ? effect.as : effect.type))
  }

  test('as a newcomer, though somebody has come by meanwhile', () => {
    const story = new Story()
    story.start()
    story.feed({ type: 'company', others: 1 })
    expect(as(story.resolved(1, [['10.0.0.2']]))).toEqual(['newcomer'])
  })

  test('as one who is back from an earlier process, though somebody has come by meanwhile', () => {
    const story = new Story()
    story.start([], true)
    story.feed({ type: 'company', others: 1 })
    expect(as(story.resolved(1, [['10.0.0.2']]))).toEqual(['returner'])
  })

  test('as a member, though it has lost everybody meanwhile', () => {
    const story = new Story()
    story.start()
    story.resolved(1, ['no such name'])
    story.feed({ type: 'company', others: 1 })
    story.sleep()
    story.feed({ type: 'company', others: 0 })
    expect(as(story.resolved(2, [['10.0.0.2']]))).toEqual(['member'])
  })

  test('as one who is back, once it has lost everybody', () => {
    const story = new Story()
    story.start()
    story.resolved(1, ['no such name'])
    story.feed({ type: 'company', others: 1 })
    story.feed({ type: 'company', others: 0 })
    story.sleep()
    expect(as(story.resolved(2, [['10.0.0.2']]))).toEqual(['returner'])
  })
})

describe('a host that cannot be resolved', () => {
  test('is told when the reason changes, not at every try', () => {
    const story = new Story(['cluster', 'spare'])
    const host = hostsOf(['cluster'])[0]
    story.start()
    const told = (round: number, answer: readonly string[] | string) => {
      const effects = story.resolved(round, [answer, ['10.0.0.2']])
      story.feed({ type: 'joined', round, contacted: 0 })
      story.sleep()
      return effects.filter(({ type }) => type === 'unresolved')
    }
    expect(told(1, 'unknown')).toEqual([{ type: 'unresolved', host, reason: 'unknown' }])
    expect(told(2, 'unknown')).toEqual([])
    expect(told(3, 'silent')).toEqual([{ type: 'unresolved', host, reason: 'silent' }])
    expect(told(4, ['10.0.0.7'])).toEqual([])
    expect(told(5, 'silent')).toHaveLength(1)
  })

  test('does not keep the others from being joined', () => {
    const story = new Story(['cluster', 'spare'])
    story.start()
    expect(story.resolved(1, ['unknown', ['10.0.0.2']])).toContainEqual({
      type: 'join',
      round: 1,
      seeds: [other(2)],
      as: 'newcomer',
    })
  })
})

test('the ports of a service come before that of its host, and that before our own', () => {
  const story = new Story(['_serf._udp.test', 'cluster:9000'])
  story.start()
  const [join] = story.resolved(1, [
    ['10.0.0.2:8000', '10.0.0.3'],
    ['10.0.0.4:8000', '10.0.0.5'],
  ])
  const seeds = join?.type === 'join' ? join.seeds.map(({ host, port }) => `${host}:${port}`) : []
  expect(seeds.sort()).toEqual(['10.0.0.2:8000', '10.0.0.3:7946', '10.0.0.4:8000', '10.0.0.5:9000'])
})

describe('addresses remembered from before', () => {
  const many = Array.from({ length: 40 }, (_, index) => other(2 + index))

  /** Joins that find nobody, one after the other without a wait. */
  function walk(story: Story, effects: readonly BootstrapEffect[]): (readonly Address[])[] {
    const batches: (readonly Address[])[] = []
    for (let [effect] = effects; effect?.type === 'join';) {
      batches.push(effect.seeds)
      ;[effect] = story.feed({ type: 'joined', round: effect.round, contacted: 0 })
    }
    return batches
  }

  test('are all tried without a wait, a few at first, each once', () => {
    const story = new Story([])
    const batches = walk(story, story.start([own, ...many]))
    expect(batches.map(({ length }) => length)).toEqual([4, 8, 16, 12])
    expect(batches.flat()).not.toEqual(many)
    expect(new Set(batches.flat())).toEqual(new Set(many))
  })

  test('are tried again from the beginning once the list is through, after a wait', () => {
    const story = new Story([])
    walk(story, story.start(many))
    const { waitedMs, effects } = story.sleep()
    expect(waitedMs).toBeGreaterThanOrEqual(250)
    expect(walk(story, effects).map(({ length }) => length)).toEqual([4, 8, 16, 12])
  })

  test('count as one try', () => {
    const story = new Story([])
    const [first] = story.start(many.slice(0, 5))
    expect(first).toMatchObject({ type: 'join', round: 1 })
    expect(story.feed({ type: 'joined', round: 1, contacted: 0 })).toMatchObject([
      { type: 'join', round: 2 },
    ])
    expect(story.feed({ type: 'joined', round: 2, contacted: 0 })).toEqual([
      { type: 'failed', tries: 1 },
    ])
  })

  test('are tried no further once one has answered, or somebody has come by', () => {
    const answered = new Story([])
    answered.start(many)
    expect(answered.feed({ type: 'joined', round: 1, contacted: 1 })).toEqual([])
    const joined = new Story([])
    joined.start(many)
    joined.feed({ type: 'company', others: 1 })
    expect(joined.feed({ type: 'joined', round: 1, contacted: 0 })).toEqual([])
  })

  test('are gone on with when a few of them never answer', () => {
    const story = new Story([])
    story.start(many)
    const { waitedMs, effects } = story.sleep()
    expect(waitedMs).toBe(60_000)
    expect(effects).toMatchObject([{ type: 'join', round: 2 }])
  })

  test('are tried by 64 at a time at most', () => {
    const hundreds = Array.from({ length: 300 }, (_, i) => ({
      host: `10.1.${i >>> 8}.${i & 255}`,
      port: 1,
    }))
    const story = new Story([])
    const batches = walk(story, story.start(hundreds))
    expect(batches.map(({ length }) => length)).toEqual([4, 8, 16, 32, 64, 64, 64, 48])
  })

  test('are tried beside those of hosts, and not twice', () => {
    const story = new Story(['cluster'])
    story.start([other(2), other(3)])
    const [join] = story.resolved(1, [['10.0.0.3', '10.0.0.4']])
    const seeds = join?.type === 'join' ? join.seeds.map(({ host }) => host).sort() : []
    expect(seeds).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4'])
  })

  test('are forgotten once there is company', () => {
    const story = new Story([])
    story.start(many)
    story.feed({ type: 'company', others: 1 })
    story.feed({ type: 'joined', round: 1, contacted: 1 })
    expect(story.feed({ type: 'company', others: 0 })).toEqual([])
    expect(story.isAtRest).toBe(true)
  })

  test('are not looked for when there are none, nor any hosts', () => {
    const story = new Story([])
    expect(story.start([own])).toEqual([])
    expect(story.isAtRest).toBe(true)
  })
})

const round = fc.integer({ min: 0, max: 12 })
const address = fc.record({
  host: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '::1'),
  port: fc.constantFrom(7_946, 8_000),
})
const [cluster, ip] = hostsOf(['cluster', '10.0.0.9:8000'])
machineContract('bootstrap', {
  create: () =>
    new Bootstrap({ hosts: [cluster!, ip!], refreshMs: 5_000, random: seededRandom(3) }),
  input: fc.oneof(
    fc.record({
      type: fc.constant('start' as const),
      own: address,
      port: fc.constant(7_946),
      remembered: fc.array(address),
      isBack: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('resolved' as const),
      round,
      outcomes: fc.array(
        fc.record({
          host: fc.constantFrom(cluster!, ip!),
          addresses: fc.array(
            fc.constantFrom('10.0.0.1', '10.0.0.2:5', '::1').map((text) => parseHostAndPort(text)!),
          ),
          reason: fc.option(fc.constantFrom('unknown', 'silent'), { nil: undefined }),
        }),
      ),
      present: fc.array(address),
    }),
    fc.record({
      type: fc.constant('joined' as const),
      round,
      contacted: fc.nat(3),
    }),
    fc.record({ type: fc.constant('company' as const), others: fc.nat(3) }),
  ),
})
