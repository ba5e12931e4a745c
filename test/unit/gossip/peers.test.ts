import { describe, expect, test } from 'vitest'
import { concatBytes, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import type { PeerRequest } from '../../../packages/libring/src/gossip/peers.ts'
import { pair, peersOf, piecesOf, tags, text, third, turn } from '../../support/peer-nodes.ts'

const KEY = Buffer.alloc(16, 'a').toString('base64')

describe.each([
  ['in clear', {}],
  ['with a label', { label: 'blue' }],
  ['with keys', { keyring: [KEY] }],
  ['with keys and a label', { keyring: [KEY], label: 'blue' }],
])('%s', (_, options) => {
  test('a request is answered by the handler of its topic, which sees who asks', async () => {
    const { bench, ann, bob } = await pair(options)
    const seen: Partial<PeerRequest>[] = []
    bob.peers.serve('echo', async (request) => {
      const { from, topic, deadlineMs } = request
      seen.push({ from, topic, deadlineMs })
      return concatBytes([utf8Encode('you said '), await request.bytes()])
    })
    const reply = ann.peers
      .request('bob', 'echo', utf8Encode('hello'), { deadlineMs: 5_000 })
      .then(text)
    expect(await bench.settled(reply)).toBe('you said hello')
    expect(seen).toEqual([{ from: 'ann', topic: 'echo', deadlineMs: 5_000 }])
    expect(peersOf(ann)).toMatchObject({ dialled: 1, answered: 1, failed: 0 })
    expect(peersOf(bob)).toMatchObject({ served: 1, refused: 0 })
  })

  test('bodies stream both ways at once, whatever their length', async () => {
    const { bench, ann, bob } = await pair(options)
    bob.peers.serve('double', async function* ({ body }) {
      for await (const chunk of body) yield chunk.map((byte) => 2 * byte)
    })
    const asking = async () => {
      const reply = await ann.peers.request('bob', 'double', piecesOf(30, 50_000))
      return await reply.bytes(2_000_000)
    }
    const doubled = await bench.settled(asking())
    expect(doubled.length).toBe(1_500_000)
    expect([doubled[0], doubled[50_000], doubled[1_499_999]]).toEqual([0, 2, 58])
  })
})

test('neither request nor reply need a body', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('ping', () => {})
  const reply = await bench.settled(ann.peers.request('bob', 'ping'))
  expect(await bench.settled(reply.bytes())).toEqual(new Uint8Array(0))
  expect(peersOf(ann).answered).toBe(1)
})

test('a reply without a body has left its place, whether or not anybody reads it', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('ping', () => {})
  for (let i = 0; i < 100; i++) await bench.settled(ann.peers.request('bob', 'ping'))
  expect(peersOf(ann)).toMatchObject({ answered: 100, failed: 0 })
})

test('a member may ask itself', async () => {
  const { bench, ann } = await pair()
  ann.peers.serve('who', ({ from }) => utf8Encode(from))
  expect(await bench.settled(ann.peers.request('ann', 'who').then(text))).toBe('ann')
})

test('the signal of a handler stays as it is once the reply is on its way', async () => {
  const { bench, ann, bob } = await pair()
  const signals: AbortSignal[] = []
  bob.peers.serve('jobs', ({ signal }) => void signals.push(signal))
  await bench.settled(ann.peers.request('bob', 'jobs').then(text))
  bench.pass(20_000)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
})

test('a plain iterable is a body as well', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('echo', ({ body }) => body)
  const pieces = [utf8Encode('a'), utf8Encode(''), utf8Encode('b')]
  expect(await bench.settled(ann.peers.request('bob', 'echo', pieces).then(text))).toBe('ab')
})

test('a handler may answer before it has read the request, or without reading it', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('no', () => utf8Encode('no'))
  let taken = 0
  let isClosed = false
  async function* endless() {
    try {
      for (;;) {
        taken++
        yield new Uint8Array(60_000)
      }
    } finally {
      isClosed = true
    }
  }
  expect(await bench.settled(ann.peers.request('bob', 'no', endless()).then(text))).toBe('no')
  expect(taken).toBeLessThan(10)
  await expect.poll(() => isClosed).toBe(true)
})

describe('nobody gets a request', () => {
  test.each([
    ['to somebody unknown', 'zoe', 'there is no such member'],
    ['to a member that does not run libring', 'plain', 'the member is not of libring'],
  ])('%s', async (_, member, reason) => {
    const both = await pair()
    const { bench, ann } = both
    await third(both, { hostName: 'plain', tags: { role: 'db' } })
    const asked = ann.peers.request(member, 'jobs')
    await expect(bench.settled(asked)).rejects.toMatchObject({
      name: 'PeerError',
      code: 'LIBRING_PEER_UNREACHABLE',
      member,
      topic: 'jobs',
      message: `the request "jobs" to ${member} reached nobody: ${reason}`,
    })
    expect(peersOf(ann)).toMatchObject({ dialled: 0, failed: 1 })
  })

  test('about a topic that has no handler, or none any more', async () => {
    const { bench, ann, bob } = await pair()
    const stop = bob.peers.serve('jobs', () => {})
    await bench.settled(ann.peers.request('bob', 'jobs'))
    stop()
    stop()
    await expect(bench.settled(ann.peers.request('bob', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
      message: 'the request "jobs" to bob was refused (topic): nobody serves the topic',
    })
    expect(peersOf(bob)).toMatchObject({ served: 1, refused: 1 })
  })

  test('at an address that nobody listens to', async () => {
    const { bench, ann, bob } = await pair()
    await bob.stop()
    await expect(bench.settled(ann.peers.request('bob', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
      message: 'the request "jobs" to bob reached nobody: the connection was refused',
    })
  })

  test('meant for a member whose address another has now', async () => {
    const { bench, ann, bob } = await pair()
    await bob.stop()
    const zoe = bench.node(2, { hostName: 'zoe', tags })
    await zoe.start()
    zoe.peers.serve('jobs', () => expect.unreachable())
    await expect(bench.settled(ann.peers.request('bob', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
      message: 'the request "jobs" to bob was refused (member): this is zoe',
    })
  })

  test('once the member has left', async () => {
    const { bench, ann, bob } = await pair()
    await bench.settled(bob.leave())
    bench.pass(5_000)
    await expect(bench.settled(ann.peers.request('bob', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
      message: 'the request "jobs" to bob reached nobody: the member has left',
    })
  })

  test('of a node that has not started', async () => {
    const { bench } = await pair()
    const idle = bench.node(9, { tags })
    await expect(bench.settled(idle.peers.request('node-9', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
    })
  })
})

describe('a handler that fails', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
      'boom',
    ],
    ['rejects', () => Promise.reject(new Error('boom')), 'boom'],
    [
      'answers with text',
      () => 'text' as never,
      'body must be bytes or an iterable of bytes, got "text"',
    ],
    [
      'answers with numbers',
      () => [1, 2] as never,
      'body must be bytes or an iterable of bytes, got 1',
    ],
  ] as const)('because it %s, is told to whoever asked, and logged', async (_, handler, reason) => {
    const { bench, ann, bob, log } = await pair()
    bob.peers.serve('jobs', handler)
    await expect(bench.settled(ann.peers.request('bob', 'jobs'))).rejects.toMatchObject({
      code: 'LIBRING_PEER_FAILED',
      message: `the request "jobs" to bob was refused (failed): ${reason}`,
    })
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'peer handler failed',
      fields: expect.objectContaining({ topic: 'jobs', member: 'ann' }),
    })
  })

  test('because nobody waits any more, has not failed', async () => {
    const { bench, ann, bob, log } = await pair()
    bob.peers.serve('jobs', ({ signal }) => {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    })
    const asked = ann.peers.request('bob', 'jobs', undefined, { deadlineMs: 100 })
    await expect(bench.settled(asked)).rejects.toMatchObject({ code: 'LIBRING_PEER_TIMEOUT' })
    bench.pass(100)
    await turn()
    expect(log.messages('error')).toEqual([])
  })

  test('in the middle of its reply breaks the reply off', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => {
      return (async function* () {
        yield utf8Encode('first')
        await Promise.resolve()
        throw new Error('boom')
      })()
    })
    const reply = await bench.settled(ann.peers.request('bob', 'jobs'))
    await expect(bench.settled(reply.bytes())).rejects.toMatchObject({
      code: 'LIBRING_PEER_FAILED',
      message: 'the request "jobs" to bob was refused (failed): boom',
    })
  })
})

test('what the body of a request throws comes back as it is', async () => {
  const { bench, ann, bob } = await pair()
  const aborted: unknown[] = []
  bob.peers.serve('jobs', async ({ bytes, signal }) => {
    signal.addEventListener('abort', () => aborted.push(signal.reason))
    await bytes()
  })
  const boom = new Error('boom')
  async function* broken() {
    yield utf8Encode('first')
    await Promise.resolve()
    throw boom
  }
  await expect(bench.settled(ann.peers.request('bob', 'jobs', broken()))).rejects.toBe(boom)
  bench.pass(100)
  expect(aborted).toMatchObject([{ code: 'LIBRING_PEER_FAILED' }])
  await expect(bench.settled(ann.peers.request('bob', 'jobs', [1] as never))).rejects.toMatchObject(
    {
      code: 'LIBRING_OPTION_INVALID',
      option: 'body',
    },
  )
})

test('an iterable with something else than bytes in it is closed', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('jobs', ({ bytes }) => bytes())
  let isClosed = false
  async function* mixed() {
    try {
      yield new Uint8Array(1)
      await Promise.resolve()
      yield 'text' as never
    } finally {
      isClosed = true
    }
  }
  const asked = ann.peers.request('bob', 'jobs', mixed())
  await expect(bench.settled(asked)).rejects.toMatchObject({ option: 'body' })
  expect(isClosed).toBe(true)
})

describe('a body', () => {
  test('is read once, and goes on where its reader left it', async () => {
    const { bench, ann, bob } = await pair()
    bob.peers.serve('jobs', () => piecesOf(3, 100))
    const reply = await bench.settled(ann.peers.request('bob', 'jobs'))
    const iterator = reply.body[Symbol.asyncIterator]()
    expect((await bench.settled(iterator.next())).value).toEqual(new Uint8Array(100).fill(0))
    expect((await bench.settled(reply.bytes())).length).toBe(200)
    expect((await bench.settled(reply.bytes())).length).toBe(0)
  })

  test('longer than one wants to have is an error, and the rest is not sent', async () => {
    const { bench, ann, bob } = await pair()
    let taken = 0
    bob.peers.serve('jobs', () => piecesOf(1_000, 60_000, () => taken++))
    const reply = await bench.settled(ann.peers.request('bob', 'jobs'))
    await expect(bench.settled(reply.bytes(100_000))).rejects.toMatchObject({
      code: 'LIBRING_PEER_FAILED',
      message: 'the body has more than 100000 bytes',
    })
    bench.pass(1_000)
    expect(taken).toBeLessThan(10)
  })

  test('that is not wanted to the end is called off by its reader', async () => {
    const { bench, ann, bob } = await pair()
    const signals: AbortSignal[] = []
    bob.peers.serve('jobs', ({ signal }) => {
      signals.push(signal)
      return piecesOf(1_000, 60_000)
    })
    const byBreak = await bench.settled(ann.peers.request('bob', 'jobs'))
    const reading = async () => {
      for await (const chunk of byBreak.body) if (chunk.length > 0) break
    }
    await bench.settled(reading())
    const byName = await bench.settled(ann.peers.request('bob', 'jobs'))
    byName.cancel()
    byName.cancel()
    await expect(bench.settled(byName.bytes())).rejects.toMatchObject({
      code: 'LIBRING_PEER_FAILED',
    })
    bench.pass(100)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  test('of a request that was answered is not there any more', async () => {
    const { bench, ann, bob } = await pair()
    const late: unknown[] = []
    bob.peers.serve('jobs', ({ bytes, signal }) => {
      bytes().catch((error: unknown) => late.push(error))
      late.push(signal.aborted)
      return utf8Encode('done')
    })
    const endless = piecesOf(1_000, 60_000)
    expect(await bench.settled(ann.peers.request('bob', 'jobs', endless).then(text))).toBe('done')
    await expect.poll(() => late).toMatchObject([false, { code: 'LIBRING_CLOSED' }])
  })
})

describe('a topic', () => {
  test.each(['', 'libring/', 'libring/jobs', 'x'.repeat(129), 7 as never])(
    'cannot be %j',
    async (topic) => {
      const { ann } = await pair()
      await expect(ann.peers.request('bob', topic)).rejects.toMatchObject({ option: 'topic' })
      expect(() => ann.peers.serve(topic, () => {})).toThrow('topic must be')
    },
  )

  test('has one handler at a time', async () => {
    const { ann } = await pair()
    const stop = ann.peers.serve('jobs', () => {})
    expect(() => ann.peers.serve('jobs', () => {})).toThrow(
      'topic must be one without a handler, got "jobs"',
    )
    stop()
    const again = ann.peers.serve('jobs', () => {})
    stop()
    expect(() => ann.peers.serve('jobs', () => {})).toThrow('without a handler')
    again()
  })
})

test('counters given out do not change', async () => {
  const { bench, ann, bob } = await pair()
  bob.peers.serve('ping', () => {})
  const before = ann.stats.peers
  await bench.settled(ann.peers.request('bob', 'ping'))
  expect([before.dialled, ann.stats.peers.dialled]).toEqual([0, 1])
})
