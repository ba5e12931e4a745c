import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { LTIME_LIMIT } from '../../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { Query, Relay, SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { LoneNode, newsIn, place, sentIn } from './lone-node.ts'
import { answerOf, answersIn, ask, contentOf, queryOf } from './query-builders.ts'

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

describe('relays', () => {
  const inner = encodeSerf(answerOf({ from: 'zoe' }))
  const relayOf = (overrides: Partial<Relay> = {}): Relay => {
    const addr = ipToBytes(place(2).host)!
    return { type: 'relay', addr, port: 7946, zone: '', node: 'ann', inner, ...overrides }
  }

  test('our answer goes through as many others as the query asks for, besides straight', () => {
    for (const last of [3, 4, 5, 6]) node.meet(`n${last}`, last)
    const answers = answersIn(node.hear(queryOf({ flags: 1, relayFactor: 3 })))
    expect(answers).toHaveLength(4)
    const ack = answerOf({ flags: 1 })
    expect(answers[0]).toEqual({ to: '127.0.0.2', message: ack })
    for (const { message } of answers.slice(1)) {
      expect(message).toEqual(relayOf({ inner: encodeSerf(ack) }))
    }
    const through = answers.slice(1).map(({ to }) => to)
    expect(new Set(through).size).toBe(3)
    expect(through).not.toContain('127.0.0.1')
  })

  test('there are none in a cluster too small for them', () => {
    expect(answersIn(node.hear(queryOf({ flags: 1, relayFactor: 2 })))).toHaveLength(1)
  })

  test('a query of ours with relays is answered here once', () => {
    node.meet('bob', 3)
    const effects = node.feed({ type: 'query', query: 7, ...contentOf({ relayFactor: 2 }) })
    expect(answersIn(effects)).toEqual([])
  })

  test('an answer for a member is passed on as it is', () => {
    const effects = node.hear(relayOf())
    expect(answersIn(effects)).toEqual([{ to: '127.0.0.2', message: answerOf({ from: 'zoe' }) }])
    expect(node.machine.stats.relaysPassedOn).toBe(1)
  })

  test.each([
    ['somebody who is no member', relayOf({ node: 'zoe' })],
    ['a member at another address', relayOf({ addr: ipToBytes('127.0.0.9')! })],
    ['a member at another port', relayOf({ port: 9 })],
    ['no address at all', relayOf({ addr: Uint8Array.of(1, 2, 3) })],
    ['a member, but no answer', relayOf({ inner: encodeSerf(relayOf()) })],
    ['a member, but a query', relayOf({ inner: encodeSerf(queryOf()) })],
    ['a member, but nothing', relayOf({ inner: NO_BYTES })],
    ['a member, but scrap', relayOf({ inner: Uint8Array.of(5, 0xc1) })],
    [
      'a member, but more than an answer holds',
      relayOf({ inner: encodeSerf(answerOf({ payload: new Uint8Array(1_100) })) }),
    ],
  ])('nothing is passed on for %s: counted', (_, relay) => {
    expect(sentIn(node.hear(relay))).toEqual([])
    expect(node.machine.stats.relaysRefused).toBe(1)
  })

  test('we pass on a bounded number of them in a second', () => {
    const flood = Array.from({ length: 3_000 }, () => relayOf())
    expect(answersIn(node.hear(...flood))).toHaveLength(1_024)
    expect(node.machine.stats.relaysRefused).toBe(1_976)
    node.wait(1_000)
    expect(answersIn(node.hear(relayOf()))).toHaveLength(1)
  })
})

describe('reflection: a query that names somebody else as its asker', () => {
  const victim = { addr: ipToBytes('192.0.2.1')!, sourceNode: 'ann', flags: 1, relayFactor: 3 }

  test('is answered there a few times in a second, without relays; the rest is counted', () => {
    for (const last of [3, 4, 5, 6]) node.meet(`n${last}`, last)
    const flood = Array.from({ length: 100 }, (_, id) => queryOf({ ...victim, id }))
    const answers = answersIn(node.hear(...flood))
    expect(answers).toHaveLength(16)
    expect(answers.every(({ to }) => to === '192.0.2.1')).toBe(true)
    expect(node.machine.stats.answersRefused).toBe(84)
  })

  test('does not keep members from being answered', () => {
    node.hear(...Array.from({ length: 100 }, (_, id) => queryOf({ ...victim, id })))
    expect(answersIn(node.hear(queryOf({ id: 200, flags: 1 })))).toHaveLength(1)
  })

  test('that names nowhere, or a port that is none, is not answered', () => {
    node.hear(queryOf({ flags: 1, addr: NO_BYTES }), queryOf({ id: 2, flags: 1, port: 0 }))
    expect(node.machine.stats.answersRefused).toBe(2)
  })

  test('that names ourselves answers nobody', () => {
    const addr = ipToBytes(place(1).host)!
    const effects = node.hear(queryOf({ addr, sourceNode: 'self', flags: 1, relayFactor: 2 }))
    expect(answersIn(effects)).toEqual([])
    expect(node.machine.stats.answersLate).toBe(1)
  })
})

describe('a flood of queries of a member', () => {
  const flood = (count: number, relayFactor: number) => {
    return Array.from({ length: count }, (_, id) => queryOf({ id, flags: 1, relayFactor }))
  }
  const sent = (queries: readonly Query[]) => {
    const answers = answersIn(node.hear(...queries)).map(({ message }) => message as SerfMessage)
    const relays = answers.filter(({ type }) => type === 'relay').length
    return { straight: answers.length - relays, relays }
  }

  beforeEach(() => {
    for (let last = 3; last <= 32; last++) node.meet(`n${last}`, last)
  })

  test('has a bounded number of answers and of relays sent in a second; the rest is counted', () => {
    expect(sent(flood(2_000, 30))).toEqual({ straight: 1_024, relays: 1_020 })
    expect(node.machine.stats.answersRefused).toBe(2_000 - 1_024)
    expect(node.machine.stats.relaysRefused).toBe(1_024 - 1_020 / 30)
    expect(node.gossiped()).not.toEqual([])
    expect(sent([queryOf({ id: 9_999, flags: 1, relayFactor: 30 })])).toEqual({
      straight: 1,
      relays: 30,
    })
  })

  test('of five hundred in a second, each with two relays, is answered', () => {
    expect(sent(flood(500, 2))).toEqual({ straight: 500, relays: 1_000 })
    expect(node.machine.stats.answersRefused).toBe(0)
    expect(node.machine.stats.relaysRefused).toBe(0)
  })
})

describe('forged queries', () => {
  test('near the end of time stop nobody: what is new is told, and ours are still answered', () => {
    node.hear(queryOf({ ltime: LTIME_LIMIT - 1n }))
    const honest = node.hear(queryOf({ ltime: LTIME_LIMIT - 1n, id: 2 }))
    expect(newsIn(honest)).toEqual(['query 2 load  from ann'])
    const first = ask(node, { requestAck: true }, 7).sent
    const second = ask(node, { requestAck: true, timeoutMs: 5_000 }, 8).sent
    expect([first.ltime, second.ltime]).toEqual([LTIME_LIMIT - 1n, LTIME_LIMIT - 1n])
    const answer = answerOf({ ltime: second.ltime, id: second.id, from: 'ann' })
    expect(newsIn(node.hear(answer))).toEqual(['response 8 from ann'])
  })

  test('beyond the end of time are told, as of the last one', () => {
    const heard = node.hear(queryOf({ ltime: LTIME_LIMIT }), queryOf({ ltime: LTIME_LIMIT + 9n }))
    expect(newsIn(heard)).toEqual(['query 1 load  from ann'])
    expect(node.pushPull().queryLTime).toBe(LTIME_LIMIT - 1n)
  })

  test('in any number leave a bounded number to be answered, the newest', () => {
    for (let id = 0; id < 1_500; id++) node.hear(queryOf({ id, ltime: BigInt(5 + (id >> 3)) }))
    expect(node.machine.refusalOf(1, NO_BYTES, node.now)?.why).toBe('closed')
    expect(node.machine.refusalOf(1_500, NO_BYTES, node.now)).toBeUndefined()
  })

  test.each([-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n])(
    'with a timeout of %i ns harm nobody',
    (ns) => {
      const [told] = node
        .hear(queryOf({ timeoutNanos: ns }))
        .filter((effect) => effect.type === 'query')
      expect(told!.timeoutMs).toBe(ns > 0n ? 86_400_000 : 0)
    },
  )
})

describe('what is far too long', () => {
  test('over a stream is counted and dropped: no message is longer than a datagram', () => {
    const payload = encodeSerf(queryOf({ name: 'x'.repeat(70_000) }))
    node.feed({ type: 'request', connection: 1, message: { type: 'user', payload } })
    expect(node.machine.stats.faults['too-large']).toBe(1)
    expect(node.machine.stats.received.query).toBe(0)
  })

  test('answers are counted and dropped, as those that wait to be read are many', () => {
    const { sent } = ask(node)
    const { ltime, id } = sent
    const long = answerOf({ ltime, id, from: 'ann', payload: new Uint8Array(1_100) })
    expect(newsIn(node.hear(long))).toEqual([])
    expect(node.machine.stats.answersDropped).toBe(1)
  })

  test('names of askers are forgotten, and answered as strangers are', () => {
    const sourceNode = 'a'.repeat(2_000)
    node.hear(queryOf({ sourceNode, relayFactor: 1 }))
    const effects = node.feed({ type: 'respond-query', query: 1, payload: NO_BYTES })
    expect(answersIn(effects)).toEqual([{ to: '127.0.0.2', message: answerOf() }])
  })

  test('names in intents about nobody we know are not kept', () => {
    const intent = { type: 'leave', ltime: 5n, node: 'x'.repeat(1_025), prune: false } as const
    node.hear(intent)
    expect(node.gossiped()).toEqual([])
    node.hear({ ...intent, node: 'x'.repeat(1_000) })
    expect(node.gossiped()).toHaveLength(1)
  })
})
