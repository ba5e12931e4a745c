import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BindError, JoinError, OptionError } from '../../../packages/libring/src/base/errors.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { Bench, LogBook, SlowTransport } from '../../support/simulated-node.ts'

const closed = { code: 'LIBRING_CLOSED' }
const statuses = (node: GossipNode) =>
  Object.fromEntries(node.members().map(({ name, status }) => [name, status]))

/** Two nodes that know each other. */
async function pair() {
  const bench = new Bench()
  const [left, right] = [bench.node(1), bench.node(2)] as const
  await left.start()
  await right.start()
  await bench.settled(left.join(['10.0.0.2']))
  bench.pass(1_000)
  return { bench, left, right }
}

describe('starting', () => {
  test('a node is a member, and knows itself, when start returns', () => {
    const node = new Bench().node(1, { tags: { ring: 'active' } })
    expect([node.status, node.members()]).toEqual(['idle', []])
    void node.start()
    expect(node.status).toBe('alive')
    expect(node.members()).toEqual([
      { name: 'node-1', host: '10.0.0.1', port: 7_946, tags: { ring: 'active' }, status: 'alive' },
    ])
  })

  test('it tells where it listens, and what it advertises', async () => {
    const node = new Bench().node(1, { advertise: '1.2.3.4' })
    await node.start()
    expect(node.bound).toEqual({ host: '10.0.0.1', port: 7_946 })
    expect(node.advertised).toEqual({ host: '1.2.3.4', port: 7_946 })
    const elsewhere = new Bench().node(2, { advertise: '1.2.3.4:80', bind: '10.0.0.2:0' })
    await elsewhere.start()
    expect(elsewhere.bound.port).toBeGreaterThan(0)
    expect(elsewhere.advertised).toEqual({ host: '1.2.3.4', port: 80 })
  })

  test('starting twice is starting once', async () => {
    const node = new Bench().node(1, {}, { wrap: (inner) => new SlowTransport(inner) })
    const first = node.start()
    expect(node.status).toBe('starting')
    await Promise.all([first, node.start()])
    await node.start()
    expect(node.status).toBe('alive')
  })

  test('an address that is taken is an error, and another try may succeed', async () => {
    const bench = new Bench()
    const first = bench.node(1)
    const second = bench.node(2, { bind: '10.0.0.1:7946' })
    await first.start()
    await expect(second.start()).rejects.toThrow(BindError)
    expect(second.status).toBe('idle')
    await first.stop()
    await second.start()
    expect(second.status).toBe('alive')
  })

  test('after a stop it is refused', async () => {
    const node = new Bench().node(1)
    await node.stop()
    await expect(node.start()).rejects.toMatchObject(closed)
    expect(node.status).toBe('stopped')
  })
})

describe('stopping', () => {
  test('frees the address and every timer', async () => {
    const { bench, left, right } = await pair()
    await Promise.all([left.stop(), right.stop()])
    bench.pass(10_000)
    expect(bench.clock.pending).toBe(0)
    await bench.node(1).start()
  })

  test('while it starts, closes what was opened', async () => {
    const bench = new Bench()
    const node = bench.node(1, {}, { wrap: (inner) => new SlowTransport(inner) })
    const starting = node.start()
    await node.stop()
    await expect(starting).rejects.toMatchObject(closed)
    expect([node.status, bench.clock.pending]).toEqual(['stopped', 0])
    await bench.node(1).start()
  })

  test('before the start, and again and again, does no harm', async () => {
    const node = new Bench().node(1)
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    await node[Symbol.asyncDispose]()
    expect(node.status).toBe('stopped')
  })

  test('ends everything that was waited for', async () => {
    const { bench, left, right } = await pair()
    const waiting = [
      left.join(['10.0.0.9']),
      left.join(['a.name.nobody.has']),
      left.setTags({ a: '1' }),
      left.forceLeave('node-7'),
    ]
    const leaving = right.leave()
    await left.stop()
    await right.stop()
    for (const promise of waiting) await expect(promise).rejects.toMatchObject(closed)
    await leaving
    bench.pass(60_000)
    expect(bench.clock.pending).toBe(0)
  })

  test('from within a listener is possible', async () => {
    const bench = new Bench()
    const node = bench.node(1)
    node.subscribe(() => void node.stop())
    await expect(node.start()).rejects.toMatchObject(closed)
    await node.stop()
    bench.pass(10_000)
    expect(bench.clock.pending).toBe(0)
  })
})

describe('leaving', () => {
  test('the others see a member that left, not one that failed', async () => {
    const { bench, left, right } = await pair()
    const leaving = right.leave()
    expect(right.status).toBe('leaving')
    await bench.settled(Promise.all([leaving, right.leave()]))
    expect(right.status).toBe('left')
    await right.stop()
    bench.pass(30_000)
    expect(statuses(left)).toEqual({ 'node-1': 'alive', 'node-2': 'left' })
  })

  test('before the start does nothing, and the node may still start', async () => {
    const { bench, left } = await pair()
    const third = bench.node(3)
    await third.leave()
    await third.start()
    await bench.settled(third.join(['10.0.0.1']))
    expect(statuses(left)).toMatchObject({ 'node-3': 'alive' })
  })

  test('while it starts, follows the start', async () => {
    const bench = new Bench()
    const node = bench.node(1, {}, { wrap: (inner) => new SlowTransport(inner) })
    const starting = node.start()
    await bench.settled(node.leave())
    await starting
    expect(node.status).toBe('left')
  })

  test('after the stop does nothing', async () => {
    const node = new Bench().node(1)
    await node.start()
    await node.stop()
    await node.leave()
    expect(node.status).toBe('stopped')
  })

  test('a farewell that cannot be spread in time is told as such', async () => {
    const bench = new Bench()
    const mute = { gossipIntervalMs: 600_000, probeIntervalMs: 600_000, broadcastTimeoutMs: 100 }
    const [left, right] = [bench.node(1), bench.node(2, mute)] as const
    await left.start()
    await right.start()
    await bench.settled(left.join(['10.0.0.2']))
    bench.network.split([['10.0.0.1']])
    await expect(bench.settled(right.leave())).rejects.toMatchObject({
      code: 'LIBRING_LEAVE_TIMEOUT',
    })
    expect(right.status).toBe('left')
    await right.stop()
  })

  test('ends joins that are waited for, whatever comes of them', async () => {
    const { bench, right } = await pair()
    const hosts = ['10.0.0.1', '10.0.0.9', 'a.name.nobody.has']
    const joins = Promise.allSettled(hosts.map((host) => right.join([host])))
    const leaving = right.leave()
    const failure = { status: 'rejected', reason: closed }
    expect(await bench.settled(joins)).toMatchObject([failure, failure, failure])
    await bench.settled(leaving)
  })

  test('whoever left can neither join nor change its tags', async () => {
    const { bench, right } = await pair()
    await bench.settled(right.leave())
    await expect(right.join(['10.0.0.1'])).rejects.toMatchObject(closed)
    await expect(right.setTags({ a: '1' })).rejects.toMatchObject(closed)
    await expect(right.forceLeave('node-1')).rejects.toMatchObject(closed)
  })
})

describe('joining', () => {
  test('counts the addresses that answered', async () => {
    const bench = new Bench()
    const [first, second, third] = [bench.node(1), bench.node(2), bench.node(3)] as const
    for (const node of [first, second, third]) await node.start()
    bench.names.set('others', ['10.0.0.2', '10.0.0.3', '10.0.0.99'])
    expect(await bench.settled(first.join(['others', '10.0.0.2:7946']))).toBe(2)
    expect(statuses(first)).toEqual({ 'node-1': 'alive', 'node-2': 'alive', 'node-3': 'alive' })
  })

  test('goes by the address, whatever name stands before it', async () => {
    const bench = new Bench()
    const [first, second] = [bench.node(1), bench.node(2)] as const
    for (const node of [first, second]) await node.start()
    expect(await bench.settled(first.join(['somebody/10.0.0.2:7946', 'node-2/10.0.0.2']))).toBe(1)
    expect(statuses(first)).toEqual({ 'node-1': 'alive', 'node-2': 'alive' })
  })

  test('this node alone does not count, though it answers', async () => {
    const bench = new Bench()
    const node = bench.node(1)
    await node.start()
    await expect(bench.settled(node.join(['10.0.0.1']))).rejects.toThrow(JoinError)
  })

  test('the error says what each address did', async () => {
    const bench = new Bench()
    const node = bench.node(1)
    await node.start()
    const error = await bench.settled(node.join(['10.0.0.9', 'nowhere']).catch((e: unknown) => e))
    expect(error).toMatchObject({
      code: 'LIBRING_JOIN_FAILED',
      attempts: [
        { address: 'nowhere', reason: 'nowhere is not known' },
        { address: '10.0.0.9:7946', reason: 'the connection was refused' },
      ],
    })
  })

  test('nobody to join is an error, as is what is no address', async () => {
    const node = new Bench().node(1)
    await node.start()
    await expect(node.join([])).rejects.toThrow(JoinError)
    await expect(node.join(['10.0.0.1', 'a b'])).rejects.toMatchObject({ option: 'hosts[1]' })
  })

  test('before the start it is refused', async () => {
    await expect(new Bench().node(1).join(['10.0.0.2'])).rejects.toMatchObject(closed)
  })

  test('whoever gave up hears his own reason', async () => {
    const { bench, left } = await pair()
    const reason = new Error('changed my mind')
    await expect(left.join(['10.0.0.2'], { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    )
    const controller = new AbortController()
    const joining = left.join(['10.0.0.2'], { signal: controller.signal })
    controller.abort(reason)
    await expect(joining).rejects.toBe(reason)
    bench.pass(1_000)
  })
})

describe('tags', () => {
  test('changed before the start are those it starts with', async () => {
    const node = new Bench().node(1, { tags: { a: '1' } })
    await node.setTags({ b: '2' })
    await node.start()
    expect(node.members()[0]!.tags).toEqual({ b: '2' })
  })

  test('changed while it starts count too', async () => {
    const bench = new Bench()
    const node = bench.node(1, {}, { wrap: (inner) => new SlowTransport(inner) })
    const starting = node.start()
    await Promise.all([starting, bench.settled(node.setTags({ b: '2' }))])
    expect(node.members()[0]!.tags).toEqual({ b: '2' })
  })

  test('changed later reach the others', async () => {
    const { bench, left, right } = await pair()
    await bench.settled(left.setTags({ ring: 'active' }))
    bench.pass(2_000)
    expect(right.members().find(({ name }) => name === 'node-1')?.tags).toEqual({ ring: 'active' })
  })

  test('too large are refused, and nothing has changed', async () => {
    const node = new Bench().node(1, { tags: { a: '1' } })
    await node.start()
    await expect(node.setTags({ b: 'x'.repeat(600) })).rejects.toThrow(OptionError)
    expect(node.members()[0]!.tags).toEqual({ a: '1' })
  })

  test('that cannot be spread in time are kept, with a warning', async () => {
    const bench = new Bench()
    const logger = new LogBook()
    const mute = { gossipIntervalMs: 600_000, probeIntervalMs: 600_000, broadcastTimeoutMs: 100 }
    const [left, right] = [bench.node(1, mute, { logger }), bench.node(2)] as const
    await left.start()
    await right.start()
    await bench.settled(left.join(['10.0.0.2']))
    bench.network.split([['10.0.0.1']])
    await bench.settled(left.setTags({ late: 'yes' }))
    expect(left.members().find(({ name }) => name === 'node-1')?.tags).toEqual({ late: 'yes' })
    expect(logger.messages('warn')).toEqual(['tags not spread in time'])
  })
})

test('a failed member can be made one that left', async () => {
  const { bench, left, right } = await pair()
  await right.stop()
  bench.pass(60_000)
  expect(statuses(left)).toEqual({ 'node-1': 'alive', 'node-2': 'failed' })
  await bench.settled(left.forceLeave('node-2'))
  expect(statuses(left)).toEqual({ 'node-1': 'alive', 'node-2': 'left' })
  await bench.settled(left.forceLeave('nobody'))
})

describe('listeners', () => {
  test('hear of every change in order, with the table already showing it', async () => {
    const bench = new Bench()
    const [left, right] = [bench.node(1), bench.node(2)] as const
    const heard: string[] = []
    left.subscribe(({ type, members }) => {
      for (const { name, status } of members) {
        heard.push(`${type} ${name} ${status} ${statuses(left)[name]}`)
      }
    })
    await left.start()
    await right.start()
    await bench.settled(right.join(['10.0.0.1']))
    await bench.settled(right.leave())
    bench.pass(5_000)
    expect(heard).toEqual([
      'member-join node-1 alive alive',
      'member-join node-2 alive alive',
      'member-leave node-2 left left',
    ])
  })

  test('that throw are told of, and harm neither the node nor other listeners', async () => {
    const bench = new Bench()
    const logger = new LogBook()
    const node = bench.node(1, {}, { logger })
    const heard: string[] = []
    node.subscribe(() => {
      throw new Error('bang')
    })
    const late = async (): Promise<void> => await Promise.reject(new Error('in its own time'))
    node.subscribe(late as () => void)
    node.subscribe(({ type }) => void heard.push(type))
    await node.start()
    const threw = 'a member listener threw'
    await expect.poll(() => logger.messages('error')).toEqual([threw, threw])
    expect(heard).toEqual(['member-join'])
    expect(node.status).toBe('alive')
  })

  test('that are taken off hear no more, not even of what is being told', async () => {
    const node = new Bench().node(1)
    const heard: string[] = []
    node.subscribe(() => {
      heard.push('first')
      second()
    })
    const second = node.subscribe(() => void heard.push('second'))
    const third = node.subscribe(() => void heard.push('third'))
    third()
    third()
    await node.start()
    expect(heard).toEqual(['first'])
  })
})

describe('the log', () => {
  test('tells the life of a node, and the search for others once', async () => {
    const bench = new Bench()
    const logger = new LogBook()
    const node = bench.node(1, { bootstrapHosts: ['10.0.0.2'] }, { logger })
    await node.start()
    bench.pass(120_000)
    expect(logger.messages('info')).toEqual(['listening', 'no bootstrap host answered'])
    const other = bench.node(2)
    await other.start()
    bench.pass(200_000)
    expect(logger.messages('info').slice(2)).toEqual(['joined'])
    await bench.settled(node.leave())
    await node.stop()
    expect(logger.messages('info').slice(3)).toEqual(['leaving', 'stopped'])
    expect([...logger.messages('warn'), ...logger.messages('error')]).toEqual([])
  })

  test('tells of a name that does not resolve once, not at every try', async () => {
    const bench = new Bench()
    const logger = new LogBook()
    await bench.node(1, { bootstrapHosts: ['nowhere'] }, { logger }).start()
    bench.pass(120_000)
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'bootstrap host not resolved',
        fields: { host: 'nowhere', error: 'nowhere is not known' },
      },
    ])
  })

  test('tells of two members with one name once a minute', async () => {
    const bench = new Bench()
    const logger = new LogBook()
    const watcher = bench.node(1, {}, { logger })
    const twins = [bench.node(2, { hostName: 'twin' }), bench.node(3, { hostName: 'twin' })]
    await watcher.start()
    for (const twin of twins) {
      await twin.start()
      await bench.settled(twin.join(['10.0.0.1'])).catch(() => {})
    }
    bench.pass(50_000)
    expect(watcher.stats.swim.conflicts).toBeGreaterThan(1)
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'another member claims a name that is taken',
        fields: { member: 'twin', address: '10.0.0.2:7946', claimed: '10.0.0.3:7946' },
      },
    ])
  })
})

test('rubbish over packets and streams is counted, and answered where one can', async () => {
  const bench = new Bench()
  const node = bench.node(1)
  await node.start()
  const stranger = bench.network.transport({ host: '10.0.0.66', port: 1 }, { uint32: () => 1 })
  stranger.open({
    onPacket: () => {},
    onStream: () => ({ onBytes() {}, onEnd() {}, onClosed() {} }),
  })
  const heard: string[] = []
  const stream = stranger.dial(node.bound, {
    onBytes: (bytes) => void heard.push(`type ${bytes[0]}`),
    onEnd: () => void heard.push('end'),
    onClosed: () => void heard.push('closed'),
  })
  stream.write(Uint8Array.of(99, 1, 2))
  stranger.sendPacket(node.bound, Uint8Array.of(99, 1, 2))
  bench.pass(1_000)
  stream.end()
  bench.pass(1_000)
  expect(heard[0]).toBe('type 9')
  expect(heard.slice(-2)).toEqual(['end', 'closed'])
  expect(node.stats.swim.faults['unknown-type']).toBe(2)
  expect(bench.clock.pending).toBeGreaterThan(0)
})

test('whatever is called in whatever order, every promise settles and nothing is left', async () => {
  const call = fc.constantFrom(
    'start',
    'stop',
    'leave',
    'setTags',
    'join',
    'dispose',
    'pass',
    'turn',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 12 }), fc.boolean(), async (calls, isSlow) => {
      const bench = new Bench()
      const other = bench.node(2)
      await other.start()
      const node = bench.node(
        1,
        { bootstrapHosts: ['10.0.0.2'] },
        isSlow ? { wrap: (inner) => new SlowTransport(inner) } : {},
      )
      const promises: Promise<unknown>[] = []
      for (const name of calls) {
        if (name === 'pass') bench.pass(700)
        else if (name === 'turn') await Promise.resolve()
        else if (name === 'dispose') promises.push(node[Symbol.asyncDispose]())
        else if (name === 'setTags') promises.push(node.setTags({ a: 'b' }))
        else if (name === 'join') promises.push(node.join(['10.0.0.2']))
        else promises.push(node[name]())
        promises.at(-1)?.catch(() => {})
      }
      await bench.settled(Promise.allSettled(promises))
      await node.stop()
      await other.stop()
      bench.pass(130_000)
      expect(node.status).toBe('stopped')
      expect(bench.clock.pending).toBe(0)
      for (const outcome of await Promise.allSettled(promises)) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(closed)
      }
    }),
    { seed: 2026, numRuns: 150 },
  )
})
