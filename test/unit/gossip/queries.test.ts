import { beforeEach, describe, expect, test } from 'vitest'
import { utf8Decode } from '../../../packages/libring/src/base/bytes.ts'
import type { AskedQuery, QueryAnswer } from '../../../packages/libring/src/gossip/asked-query.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../../packages/libring/src/gossip/options.ts'
import { Bench } from '../../support/simulated-node.ts'

let bench: Bench
let ann: GossipNode
let bob: GossipNode
let cat: GossipNode

async function joined(last: number, options: GossipOptions = {}): Promise<GossipNode> {
  const node = bench.node(last, options)
  await bench.settled(node.start())
  if (last > 1) await bench.settled(node.join(['10.0.0.1']))
  return node
}

beforeEach(async () => {
  bench = new Bench()
  ann = await joined(1, { tags: { role: 'web' } })
  bob = await joined(2, { tags: { role: 'web' } })
  cat = await joined(3, { tags: { role: 'db' } })
  bench.pass(5_000)
})

type Reader = ReturnType<AskedQuery[typeof Symbol.asyncIterator]>

async function read(query: AskedQuery): Promise<string[]> {
  const texts: string[] = []
  for await (const answer of query) texts.push(textOf(answer))
  return texts
}

function textOf({ type, from, payload }: QueryAnswer): string {
  return `${type} ${from} ${utf8Decode(payload)}`.trim()
}

function answering(...nodes: readonly GossipNode[]): void {
  for (const node of nodes) {
    node.on('query', (query) => query.respond(`${utf8Decode(query.payload)} ${query.from}`))
  }
}

test('acknowledgements and responses of all who are meant come as they are given', async () => {
  answering(ann, bob)
  const query = ann.query('load', 'now', { requestAck: true, timeoutMs: 2_000 })
  expect(query.timeoutMs).toBe(2_000)
  const answers = await bench.settled(read(query))
  expect(answers.toSorted()).toEqual([
    'ack node-1',
    'ack node-2',
    'ack node-3',
    'response node-1 now node-1',
    'response node-2 now node-1',
  ])
})

test('how long it waits is known at once, also to a listener who asks', () => {
  const known: number[] = []
  ann.on('user-event', () => {
    known.push(ann.query('load').timeoutMs, ann.query('load', '', { timeoutMs: 2_500 }).timeoutMs)
  })
  void ann.userEvent('now')
  expect(known).toEqual([ann.query('load').timeoutMs, 2_500])
  expect(known[0]).toBeGreaterThan(0)
})

test('filters by name and by tag, and relays', async () => {
  answering(ann, bob, cat)
  const options = { filterTags: { role: '^w' }, relayFactor: 2 }
  const byTag = await bench.settled(read(cat.query('load', 'x', options)))
  expect(byTag.toSorted()).toEqual(['response node-1 x node-3', 'response node-2 x node-3'])
  const byName = ann.query('load', 'y', { filterNodes: ['node-3', 'nobody'] })
  expect(await bench.settled(read(byName))).toEqual(['response node-3 y node-1'])
})

test('what a listener is told of a query', async () => {
  const told: unknown[] = []
  bob.on('query', ({ name, payload, from, ltime, timeoutMs }) => {
    told.push({ name, payload: utf8Decode(payload), from, ltime, timeoutMs })
  })
  ann.query('load', 'now', { timeoutMs: 2_500 })
  bench.pass(2_000)
  expect(told).toEqual([
    { name: 'load', payload: 'now', from: 'node-1', ltime: 1n, timeoutMs: 2_500 },
  ])
})

test('each listener has a payload of its own', async () => {
  const told: string[] = []
  for (const name of ['first', 'second']) {
    bob.on('query', (query) => {
      told.push(utf8Decode(query.payload)!)
      query.payload.fill(0)
      if (name === 'first') query.respond('once')
    })
  }
  expect(await bench.settled(read(ann.query('load', 'now')))).toEqual(['response node-2 once'])
  expect(told).toEqual(['now', 'now'])
})

describe('a response', () => {
  test('may come any time until the deadline, once', async () => {
    let respond: (text: string) => void = () => {}
    bob.on('query', (query) => (respond = (text) => query.respond(text)))
    const query = ann.query('load', '', { timeoutMs: 3_000 })
    bench.pass(1_500)
    respond('late enough')
    expect(() => respond('again')).toThrow(
      expect.objectContaining({ code: 'LIBRING_QUERY_CLOSED', message: 'response already sent' }),
    )
    expect(await bench.settled(read(query))).toEqual(['response node-2 late enough'])
    ann.query('load', '', { timeoutMs: 3_000 })
    bench.pass(5_000)
    expect(() => respond('too late')).toThrow('response is past the deadline')
  })

  test('that is too long is said so, and a shorter one may follow', async () => {
    bob.on('query', (query) => {
      expect(() => query.respond(new Uint8Array(1_024))).toThrow(
        expect.objectContaining({ code: 'LIBRING_TOO_LARGE' }),
      )
      expect(() => query.respond(7 as never)).toThrow('payload must be bytes')
      query.respond('short')
    })
    expect(await bench.settled(read(ann.query('load')))).toEqual(['response node-2 short'])
  })

  test('of a node that was stopped is said so', async () => {
    let respond = (): void => {}
    bob.on('query', (query) => (respond = () => query.respond()))
    ann.query('load')
    bench.pass(1_000)
    await bench.settled(bob.stop())
    expect(respond).toThrow(expect.objectContaining({ code: 'LIBRING_CLOSED' }))
  })
})

describe('a query ends', () => {
  test('at its deadline, whoever has not answered', async () => {
    const query = ann.query('load', '', { timeoutMs: 1_000 })
    const reading = read(query)
    const before = bench.clock.nowMs()
    expect(await bench.settled(reading)).toEqual([])
    expect(bench.clock.nowMs() - before).toBeGreaterThanOrEqual(1_000)
  })

  test('when its reader has heard enough: later answers count as late', async () => {
    answering(bob, cat)
    const query = ann.query('load', 'x', { timeoutMs: 60_000 })
    bench.pass(5_000)
    const late = ann.stats.answersLate
    for await (const { type } of query) {
      expect(type).toBe('response')
      break
    }
    ann.query('load', 'x').close()
    bench.pass(5_000)
    expect(ann.stats.answersLate).toBe(late + 2)
  })

  test('at once when its reader goes away, whether it waits or has not begun', async () => {
    const done = { done: true, value: undefined }
    const error = new Error('enough')
    const [waiting, unread, thrown] = Array.from({ length: 3 }, () =>
      ann.query('load', '', { timeoutMs: 60_000 })[Symbol.asyncIterator](),
    ) as [Reader, Reader, Reader]
    const first = waiting.next()
    const gone = [waiting.return(), unread.return(), thrown.throw(error)]
    const ends = Promise.allSettled([first, ...gone])
    const late = ann.stats.answersLate
    answering(bob)
    bench.pass(5_000)
    expect(ann.stats.answersLate).toBe(late + 3)
    expect(await ends).toEqual([
      ...Array<unknown>(3).fill({ status: 'fulfilled', value: done }),
      { status: 'rejected', reason: error },
    ])
    expect(await Promise.all([waiting.next(), thrown.next()])).toEqual([done, done])
  })

  test('at the end of the block of its reader', async () => {
    {
      await using reader = ann.query('load', '', { timeoutMs: 60_000 })[Symbol.asyncIterator]()
      expect(reader).toBeDefined()
    }
    answering(bob)
    const late = ann.stats.answersLate
    bench.pass(5_000)
    expect(ann.stats.answersLate).toBe(late + 1)
  })

  test('for one that waits for several answers with the reason, once', async () => {
    const controller = new AbortController()
    const options = { signal: controller.signal, timeoutMs: 60_000 }
    const reading = ann.query('load', 'x', options)[Symbol.asyncIterator]()
    const heard = Promise.allSettled([reading.next(), reading.next(), reading.next()])
    bob.on('query', (query) => query.respond('first'))
    bench.pass(5_000)
    const error = new Error('enough')
    controller.abort(error)
    const done = { done: true, value: undefined }
    expect(await heard).toEqual([
      { status: 'fulfilled', value: expect.objectContaining({ done: false }) },
      { status: 'rejected', reason: error },
      { status: 'fulfilled', value: done },
    ])
    expect(await reading.next()).toEqual(done)
  })

  test('when its signal says so: reading throws the reason, after what is there', async () => {
    answering(bob, cat)
    const controller = new AbortController()
    const query = ann.query('load', 'x', { signal: controller.signal, timeoutMs: 60_000 })
    bench.pass(5_000)
    controller.abort(new Error('enough'))
    const heard: string[] = []
    await expect(
      (async () => {
        for await (const { from } of query) heard.push(from)
      })(),
    ).rejects.toThrow('enough')
    expect(heard.toSorted()).toEqual(['node-2', 'node-3'])
    expect(() => ann.query('load', 'x', { signal: controller.signal })).toThrow('enough')
  })

  test('when who hears of it first has its signal say so, before it is out', async () => {
    let controller = new AbortController()
    ann.on('query', () => controller.abort(new Error('enough')))
    for (let i = 0; i < 1_025; i++) {
      controller = new AbortController()
      const query = ann.query('load', '', { signal: controller.signal, timeoutMs: 60_000 })
      await expect(read(query)).rejects.toThrow('enough')
    }
  })

  test('when its node stops: reading throws', async () => {
    const reading = read(ann.query('load'))
    await bench.settled(ann.stop())
    await expect(reading).rejects.toMatchObject({ code: 'LIBRING_CLOSED' })
    expect(() => ann.query('load')).toThrow(expect.objectContaining({ code: 'LIBRING_CLOSED' }))
  })

  test('at once when it is too large, which reading says', async () => {
    const query = ann.query('load', new Uint8Array(1_100))
    expect(query.timeoutMs).toBe(0)
    await expect(read(query)).rejects.toMatchObject({
      code: 'LIBRING_TOO_LARGE',
      message: 'query exceeds limit of 1024 bytes',
    })
  })

  test('at once when too many are open, which reading says', async () => {
    for (let i = 0; i < 1_024; i++) ann.query('load', '', { timeoutMs: 60_000 })
    await expect(read(ann.query('load'))).rejects.toMatchObject({
      code: 'LIBRING_TOO_MANY_QUERIES',
    })
  })
})

test('what is wrong with a call is said at once', () => {
  const bad = [
    [['_serf_conflict'], 'name must be one that does not begin with _serf_'],
    [['load', 7], 'payload must be bytes'],
    [['load', '', { filterNodes: 'all' }], 'options.filterNodes must be a list of names'],
    [['load', '', { filterNodes: [7] }], 'options.filterNodes[0] must be well-formed text'],
    [['load', '', { filterTags: { role: '(' } }], 'options.filterTags.role must be a pattern'],
    [['load', '', { filterTags: { role: /a/ } }], 'options.filterTags.role must be a pattern'],
    [['load', '', { filterTags: new Map() }], 'options.filterTags must be a plain object'],
    [['load', '', { requestAck: 1 }], 'options.requestAck must be true or false'],
    [['load', '', { relayFactor: 256 }], 'options.relayFactor must be a whole number'],
    [['load', '', { timeoutMs: 0 }], 'options.timeoutMs must be a whole number'],
    [['load', '', { signal: 1 }], 'options.signal must be an AbortSignal'],
    [['load', '', { timeout: 1 }], 'did you mean timeoutMs?'],
  ] as const
  for (const [args, message] of bad) {
    const call = (): AskedQuery => ann.query(...(args as unknown as [string]))
    expect(call).toThrow(expect.objectContaining({ code: 'LIBRING_OPTION_INVALID' }))
    expect(call).toThrow(message)
  }
  const pinged = ann.query('_serf_ping', '', { requestAck: true })
  expect(pinged.timeoutMs).toBeGreaterThan(0)
})
