import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import { encodeFilters } from '../../../packages/libring/src/serf/query-filters.ts'
import { defaultQueryTimeoutMs } from '../../../packages/libring/src/serf/query-timeout.ts'
import { serfVectors } from '../../support/vectors.ts'
import { LoneNode, newsIn, place } from './lone-node.ts'
import { answerOf, answersIn, ask, contentOf, queryOf } from './query-builders.ts'
import { newMachine, World } from './world.ts'

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

describe('a query of another member', () => {
  test('is told once and passed along once, exactly as it came', () => {
    const query = queryOf({ payload: utf8Encode('now') })
    expect(newsIn(node.hear(query, query))).toEqual(['query 1 load now from ann'])
    expect(node.gossiped()).toEqual([query])
    expect(node.machine.stats.seenBefore).toBe(1)
  })

  test('of the same time with another id is another query', () => {
    expect(newsIn(node.hear(queryOf(), queryOf({ id: 2 })))).toHaveLength(2)
  })

  test('from more than 512 times ago is dropped', () => {
    node.hear(queryOf({ ltime: 600n }))
    const late = node.hear(queryOf({ ltime: 88n }), queryOf({ ltime: 89n }))
    expect(newsIn(late)).toEqual(['query 2 load  from ann'])
    expect(node.machine.stats.tooOld).toBe(1)
  })

  test('is not passed along when it says so, though answered', () => {
    const effects = node.hear(queryOf({ flags: 3 }))
    expect(newsIn(effects)).toHaveLength(1)
    expect(answersIn(effects)).toEqual([{ to: '127.0.0.2', message: answerOf({ flags: 1 }) }])
    expect(node.gossiped()).toEqual([])
  })

  test('is acknowledged straight to the asker if it wants that, and only then', () => {
    expect(answersIn(node.hear(queryOf()))).toEqual([])
    expect(answersIn(node.hear(queryOf({ id: 2, flags: 1 })))).toEqual([
      { to: '127.0.0.2', message: answerOf({ id: 2, flags: 1 }) },
    ])
  })

  test('can be answered once, until its time is over', () => {
    node.hear(queryOf())
    const payload = utf8Encode('0.7')
    const effects = node.feed({ type: 'respond-query', query: 1, payload })
    expect(answersIn(effects)).toEqual([{ to: '127.0.0.2', message: answerOf({ payload }) }])
    const refusal = { why: 'closed', text: 'response already sent' }
    expect(node.machine.refusalOf(1, payload, node.now)).toEqual(refusal)
    expect(answersIn(node.feed({ type: 'respond-query', query: 1, payload }))).toEqual([])

    node.hear(queryOf({ id: 2 }))
    expect(node.machine.refusalOf(2, payload, node.now + 1_000)).toBeUndefined()
    expect(node.machine.refusalOf(2, payload, node.now + 1_001)).toEqual({
      why: 'closed',
      text: 'response is past the deadline',
    })
  })

  test('takes an answer of 1,024 bytes once encoded and no more; a shorter one may follow', () => {
    node.hear(queryOf())
    const room = 1_024 - encodeSerf(answerOf({ payload: new Uint8Array(300) })).length + 300
    const text = 'response exceeds limit of 1024 bytes'
    const tooLong = new Uint8Array(room + 1)
    expect(node.machine.refusalOf(1, tooLong, 0)).toEqual({ why: 'too-large', text })
    expect(answersIn(node.feed({ type: 'respond-query', query: 1, payload: tooLong }))).toEqual([])
    const payload = new Uint8Array(room)
    expect(answersIn(node.feed({ type: 'respond-query', query: 1, payload }))).toHaveLength(1)
  })
})

describe('filters', () => {
  const filtersOf = encodeFilters

  beforeEach(() => {
    node = new LoneNode({ tags: { role: 'web-1', zone: '' } })
  })

  test.each([
    [{ nodes: ['self', 'ann'] }, true],
    [{ nodes: ['ann'] }, false],
    [{ tags: { role: 'web' } }, true],
    [{ tags: { role: '^web$' } }, false],
    [{ tags: { role: '^WEB' } }, false],
    [{ tags: { role: '(?i)^WEB-\\d$' } }, true],
    [{ tags: { missing: '^$' } }, true],
    [{ tags: { missing: '.' } }, false],
    [{ tags: { constructor: '^$' } }, true],
    [{ nodes: ['self'], tags: { role: 'web', zone: '^$' } }, true],
    [{ nodes: ['self'], tags: { role: 'web', zone: 'x' } }, false],
  ])('%j: meant is %s', (filters, isMeant) => {
    const effects = node.hear(queryOf({ flags: 1, filters: filtersOf(filters) }))
    expect(newsIn(effects)).toHaveLength(Number(isMeant))
    expect(answersIn(effects)).toHaveLength(Number(isMeant))
    expect(node.gossiped()).toHaveLength(1)
    expect(node.machine.stats.filtersRefused).toBe(0)
  })

  test.each([
    ['no bytes at all', [NO_BYTES]],
    ['a type that nobody knows', [Uint8Array.of(2, 0x90)]],
    ['names that break off', [Uint8Array.of(0, 0x92, 0xa1)]],
    ['a huge number of names', [Uint8Array.of(0, 0xdd, 0xff, 0xff, 0xff, 0xff)]],
    ['names that are no text', [Uint8Array.of(0, 0x91, 0xa1, 0xff)]],
    ['a tag that is no map', [Uint8Array.of(1, 0x90 + 1, 1)]],
    ['a pattern that is none', filtersOf({ tags: { role: '(web' } })],
    ['a pattern of Perl but not of RE2', filtersOf({ tags: { role: '(?=web)' } })],
    ['a pattern over its limit', filtersOf({ tags: { role: 'a'.repeat(1_025) } })],
    ['counts that multiply', filtersOf({ tags: { role: '(((a{99}){99}){99}){99}' } })],
    [
      'more patterns than are looked at',
      Array.from({ length: 5 }, () => filtersOf({ tags: { role: '(|.{1000})' } })).flat(),
    ],
  ])('with %s do not mean us; counted, and passed along', (_, filters) => {
    const query = queryOf({ flags: 1, filters })
    const effects = node.hear(query)
    expect(newsIn(effects)).toEqual([])
    expect(answersIn(effects)).toEqual([])
    expect(node.machine.stats.filtersRefused).toBe(1)
    const passed = node.gossiped()
    if (encodeSerf(query).length < 1_300) expect(passed).toEqual([query])
  })

  test('take a bounded amount of work in a second, however many queries there are', () => {
    node = new LoneNode({ tags: { role: 'a'.repeat(400) } })
    const filters = filtersOf({ tags: { role: '(a?){900}x' } })
    for (let id = 0; id < 50; id++) node.hear(queryOf({ id, filters }))
    // Each takes at most 1,800 steps for each of 401 places; two million may be taken at once.
    expect(node.machine.stats.filtersRefused).toBeGreaterThan(40)
    const cheap = filtersOf({ tags: { role: '^a' } })
    node.wait(1_000)
    expect(newsIn(node.hear(queryOf({ id: 99, filters: cheap })))).toHaveLength(1)
  })
})

describe('a query of ours', () => {
  test('is spread with our address, and told here', () => {
    const { sent, told } = ask(node, {
      payload: utf8Encode('now'),
      requestAck: true,
      relayFactor: 2,
    })
    expect(told).toEqual(['ack 7 from self', 'query 1 load now from self'])
    expect(sent).toEqual({
      ...queryOf({ ltime: 1n, id: sent.id, flags: 1, relayFactor: 2, sourceNode: 'self' }),
      addr: ipToBytes(place(1).host)!,
      timeoutNanos: 3_000_000_000n,
      payload: utf8Encode('now'),
    })
    expect(sent.id).toBeLessThan(2 ** 31)
    expect(node.pushPull().queryLTime).toBe(2n)
  })

  test('gets each answer once, from whomever it comes and however often', () => {
    const { sent } = ask(node, { requestAck: true })
    const { ltime, id } = sent
    const ack = answerOf({ ltime, id, from: 'ann', flags: 1 })
    const response = answerOf({ ltime, id, from: 'ann', payload: utf8Encode('0.7') })
    const told = newsIn(node.hear(ack, response, ack, response, { ...response, from: 'bob' }))
    expect(told).toEqual(['ack 7 from ann', 'response 7 from ann 0.7', 'response 7 from bob 0.7'])
    expect(node.machine.stats.answersRepeated).toBe(2)
  })

  test('gets our own answer without a packet', () => {
    ask(node)
    const effects = node.feed({ type: 'respond-query', query: 1, payload: utf8Encode('0.5') })
    expect(newsIn(effects)).toEqual(['response 7 from self 0.5'])
    expect(answersIn(effects)).toEqual([])
  })

  test('is over when its time is, and what comes later is counted and dropped', () => {
    const { sent } = ask(node, { timeoutMs: 1_500 })
    expect(newsIn(node.wait(400))).toEqual([])
    expect(newsIn(node.wait(200))).toEqual(['query-over 7'])
    const { ltime, id } = sent
    expect(newsIn(node.hear(answerOf({ ltime, id, from: 'ann' })))).toEqual([])
    expect(node.machine.stats.answersLate).toBe(1)
  })

  test('takes no answer after its time, though nobody has looked at the clock yet', () => {
    const { sent } = ask(node, { timeoutMs: 1_500 })
    const { ltime, id } = sent
    node.now += 500
    expect(newsIn(node.hear(answerOf({ ltime, id, from: 'ann' })))).toEqual([])
    expect(node.machine.stats.answersLate).toBe(1)
  })

  test('takes no answers that are to another query, nor acknowledgements it did not want', () => {
    const { sent } = ask(node)
    const { ltime, id } = sent
    node.hear(answerOf({ ltime, id: id ^ 1 }), answerOf({ ltime: ltime + 1n, id }))
    expect(node.machine.stats.answersLate).toBe(2)
    expect(newsIn(node.hear(answerOf({ ltime, id, from: 'ann', flags: 1 })))).toEqual([])
    expect(node.machine.stats.answersDropped).toBe(1)
  })

  test('takes no more answers of a kind than there are members, and 64', () => {
    const { sent } = ask(node, { requestAck: true })
    const { ltime, id } = sent
    const flood = Array.from({ length: 200 }, (_, i) =>
      answerOf({ ltime, id, from: `forged-${i}` }),
    )
    expect(newsIn(node.hear(...flood))).toHaveLength(66)
    expect(node.machine.stats.answersDropped).toBe(134)
  })

  test('called off gets no more answers, and no end', () => {
    const { sent } = ask(node)
    node.feed({ type: 'query-cancel', query: 7 })
    const { ltime, id } = sent
    expect(newsIn(node.hear(answerOf({ ltime, id, from: 'ann' })))).toEqual([])
    expect(newsIn(node.wait(4_000))).not.toContain('query-over 7')
  })

  test('over 1,024 bytes once encoded is refused, and takes no time', () => {
    const { told } = ask(node, { payload: new Uint8Array(1_000) })
    expect(told).toEqual(['query exceeds limit of 1024 bytes'])
    expect(ask(node).sent.ltime).toBe(1n)
  })

  test('too large for a small packet is refused whatever the limit', () => {
    node = new LoneNode({ swim: { packetBytesMax: 512 } })
    expect(ask(node, { payload: new Uint8Array(600) }).told).toEqual([
      'query does not fit into a packet',
    ])
  })

  test('can be open at one time with 1,023 others', () => {
    const sent: (string | undefined)[] = []
    for (let query = 0; query < 1_025; query++) {
      const effects = node.feed({ type: 'query', query, ...contentOf({ timeoutMs: 60_000 }) })
      for (const effect of effects) if (effect.type === 'query-sent') sent.push(effect.refusal?.why)
    }
    expect(sent.filter((why) => why === undefined)).toHaveLength(1_024)
    expect(sent.at(-1)).toBe('too-many')
  })

  test('waits as long as suits the size of the cluster, as Serf has it', () => {
    const { vectors } = serfVectors<{
      vectors: { aliveMembers: number; gossipIntervalMs: number; mult: number; timeoutMs: number }[]
    }>('query-timeout.json')
    for (const { aliveMembers, gossipIntervalMs, mult, timeoutMs } of vectors) {
      expect(defaultQueryTimeoutMs(gossipIntervalMs, mult, aliveMembers)).toBe(timeoutMs)
    }
    const [sent] = node.feed({ type: 'query', query: 1, ...contentOf({ timeoutMs: undefined }) })
    expect(sent).toMatchObject({ type: 'query-sent', timeoutMs: 1_600 })
  })

  test('before the start is refused', () => {
    const machine = newMachine('idle')
    machine.handle({ type: 'query', query: 1, ...contentOf() }, 0)
    const refusal = { why: 'closed', text: 'this node has not started' }
    expect(machine.poll()).toMatchObject({ type: 'query-sent', refusal })
  })
})

test('a small cluster has answered a query before gossip begins to', () => {
  const world = new World()
  for (const name of ['ann', 'bob', 'cat']) world.start(name)
  for (const name of ['bob', 'cat']) world.join(name, 'ann')
  world.run(5_000)
  world.news('cat')
  world.feed('cat', { type: 'query', query: 1, ...contentOf({ requestAck: true }) })
  const acks = world.news('cat').filter((line) => line.startsWith('ack'))
  expect(acks.toSorted()).toEqual(['ack 1 from ann', 'ack 1 from bob', 'ack 1 from cat'])
})

test('everybody who is meant answers a query, straight and through others', () => {
  const world = new World()
  const names = ['ann', 'bob', 'cat', 'dan', 'eve']
  for (const name of names) world.start(name, { tags: { role: name < 'd' ? 'web' : 'db' } })
  for (const name of names.slice(1)) world.join(name, 'ann')
  world.run(5_000)
  for (const name of names) world.news(name)
  const filters = encodeFilters({ tags: { role: '^web$' } })
  const content = contentOf({ filters, requestAck: true, relayFactor: 2, timeoutMs: 5_000 })
  world.feed('eve', { type: 'query', query: 1, ...content })
  world.run(1_000)
  for (const name of ['ann', 'bob', 'cat']) {
    expect(world.news(name)).toEqual(['query 1 load  from eve'])
    world.feed(name, { type: 'respond-query', query: 1, payload: utf8Encode(`of ${name}`) })
  }
  world.run(5_000)
  expect(world.news('dan')).toEqual([])
  expect(world.news('eve').toSorted()).toEqual([
    'ack 1 from ann',
    'ack 1 from bob',
    'ack 1 from cat',
    'query-over 1',
    'response 1 from ann of ann',
    'response 1 from bob of bob',
    'response 1 from cat of cat',
  ])
})
