import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../../packages/libring/src/base/bytes.ts'
import { bin, encode, struct, uint64 } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  ClientSession,
  SESSION_CALLS_MAX,
  type RpcRequest,
  type SessionEffect,
  type SessionInput,
} from '../../../packages/libring/src/rpc/client-session.ts'
import {
  ANSWERS,
  EVENT_RECORDS,
  RECORDS,
  RpcErrorText,
  type MemberBody,
} from '../../../packages/libring/src/rpc/commands.ts'
import { answerBytes, memberBody } from '../../support/fake-agent.ts'

/** A session on a clock of the test's own, and what came of it. */
class Bench {
  readonly effects: SessionEffect[] = []
  readonly session: ClientSession
  nowMs = 0
  #calls = 0

  constructor(authKey = '') {
    this.session = new ClientSession({ authKey, greetingMs: 1_000 })
  }

  /** One that was greeted; what was sent for that is forgotten. Its next number is 3. */
  static ready(): Bench {
    const bench = new Bench()
    bench.feed({ type: 'connected' })
    bench.hear(answerBytes(1n), answerBytes(2n))
    if (bench.effects.at(-1)?.type !== 'ready') throw new Error('the session was not greeted')
    bench.effects.length = 0
    return bench
  }

  feed(input: SessionInput): void {
    this.session.handle(input, this.nowMs)
    this.#drain()
  }

  hear(...bytes: Uint8Array[]): void {
    this.feed({ type: 'bytes', bytes: concatBytes(bytes) })
  }

  ask(request: RpcRequest, terms: { timeoutMs?: number; lastsMs?: number } = {}): number {
    const call = ++this.#calls
    const { timeoutMs = 500, lastsMs = Infinity } = terms
    this.feed({ type: 'call', call, request, timeoutMs, lastsMs })
    return call
  }

  pass(durationMs: number): void {
    this.nowMs += durationMs
    this.session.tick(this.nowMs)
    this.#drain()
  }

  /** Everything but what was sent. */
  get outcomes(): SessionEffect[] {
    return this.effects.filter(({ type }) => type !== 'send')
  }

  get sent(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'send' ? [toHex(effect.bytes)] : []))
  }

  #drain(): void {
    for (let effect = this.session.poll(); effect !== undefined; effect = this.session.poll()) {
      this.effects.push(effect)
    }
  }
}

const MEMBERS: RpcRequest = { command: 'members', body: undefined }
const STREAM: RpcRequest = { command: 'stream', body: { Type: '*' } }
const QUERY: RpcRequest = {
  command: 'query',
  body: {
    FilterNodes: [],
    FilterTags: new Map(),
    RequestAck: false,
    RelayFactor: 0,
    Timeout: 0n,
    Name: 'up',
    Payload: new Uint8Array(0),
  },
}

function membersAnswer(seq: bigint, ...members: MemberBody[]): Uint8Array {
  return answerBytes(seq, '', 'members', { Members: members })
}

function joinRecord(seq: bigint, name: string): Uint8Array {
  const event = { Event: 'member-join', Members: [memberBody(name)] }
  return concatBytes([answerBytes(seq), encode(EVENT_RECORDS.member, event)])
}

function queryRecord(seq: bigint, type: string): Uint8Array {
  const record = { Type: type, From: 'ann', Payload: new Uint8Array(0) }
  return concatBytes([answerBytes(seq), encode(RECORDS.query, record)])
}

describe('greeting', () => {
  test('names the version, then shows the key, and then the agent is ready', () => {
    const bench = new Bench('sesame')
    expect(bench.session.deadlineMs()).toBeUndefined()
    bench.feed({ type: 'connected' })
    expect(bench.sent).toEqual([
      '82a7436f6d6d616e64a968616e647368616b65a35365710181a756657273696f6e01',
    ])
    bench.hear(answerBytes(1n))
    expect(bench.sent).toHaveLength(2)
    expect(bench.outcomes).toEqual([])
    bench.hear(answerBytes(2n))
    expect(bench.outcomes).toEqual([{ type: 'ready' }])
    expect(bench.session.deadlineMs()).toBeUndefined()
  })

  test.each([
    ['another version', [answerBytes(1n, RpcErrorText.unsupportedVersion)], 'unsupported'],
    ['another key', [answerBytes(1n), answerBytes(2n, RpcErrorText.invalidToken)], 'auth-refused'],
  ] as const)('ends where the agent wants %s', (_, answers, end) => {
    const bench = new Bench()
    bench.feed({ type: 'connected' })
    bench.hear(...answers)
    expect(bench.outcomes).toMatchObject([{ type: 'over', end }])
  })

  test('that takes too long ends', () => {
    const bench = new Bench()
    bench.feed({ type: 'connected' })
    bench.hear(answerBytes(1n))
    bench.pass(999)
    expect(bench.outcomes).toEqual([])
    bench.pass(1)
    expect(bench.outcomes).toMatchObject([{ type: 'over', end: 'timeout' }])
  })

  test('has to be over before anything is asked', () => {
    const bench = new Bench()
    bench.feed({ type: 'connected' })
    const call = bench.ask(MEMBERS)
    expect(bench.outcomes).toMatchObject([{ type: 'failed', call, failure: { reason: 'closed' } }])
  })
})

describe('answers', () => {
  test('go to whoever asked, in whatever order they come', () => {
    const bench = Bench.ready()
    const first = bench.ask(MEMBERS)
    const second = bench.ask({
      command: 'event',
      body: { Name: 'a', Payload: new Uint8Array(0), Coalesce: false },
    })
    bench.hear(answerBytes(4n), membersAnswer(3n, memberBody('ann')))
    expect(bench.outcomes).toEqual([
      { type: 'answer', call: second, body: undefined },
      { type: 'answer', call: first, body: { Members: [memberBody('ann')] } },
    ])
  })

  test('come out whole, however the bytes are cut', () => {
    const bytes = concatBytes([
      membersAnswer(3n, memberBody('ann', { Tags: new Map([['zone', 'a']]) })),
      answerBytes(4n),
      joinRecord(4n, 'ben'),
      joinRecord(4n, 'cat'),
    ])
    const outcomesOf = (...chunks: Uint8Array[]): SessionEffect[] => {
      const bench = Bench.ready()
      bench.ask(MEMBERS)
      bench.ask(STREAM)
      for (const chunk of chunks) bench.hear(chunk)
      return bench.outcomes
    }
    const whole = outcomesOf(bytes)
    expect(whole.map(({ type }) => type)).toEqual(['answer', 'answer', 'record', 'record'])
    expect(outcomesOf(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole)
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(outcomesOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole)
    }
  })

  test('that are refusals bring the words, and the body where there is one', () => {
    const bench = Bench.ready()
    bench.ask({ command: 'join', body: { Existing: ['x'], Replay: false } })
    bench.ask(MEMBERS)
    const refusal = concatBytes([answerBytes(3n, 'no'), encode(ANSWERS.join, { Num: 2 })])
    bench.hear(refusal, answerBytes(4n, RpcErrorText.unsupportedCommand))
    expect(bench.outcomes).toEqual([
      { type: 'failed', call: 1, failure: { reason: 'refused', words: 'no', answer: { Num: 2 } } },
      {
        type: 'failed',
        call: 2,
        failure: { reason: 'unsupported', words: 'Unsupported command', answer: undefined },
      },
    ])
  })

  test('that come too late are read and dropped, and what follows is understood', () => {
    const bench = Bench.ready()
    const slow = bench.ask(MEMBERS)
    bench.pass(500)
    const next = bench.ask(MEMBERS)
    bench.hear(membersAnswer(3n, memberBody('ann')), membersAnswer(4n))
    expect(bench.outcomes).toMatchObject([
      { type: 'failed', call: slow, failure: { reason: 'timeout' } },
      { type: 'answer', call: next, body: { Members: [] } },
    ])
  })

  test('whose caller gave up are dropped', () => {
    const bench = Bench.ready()
    const call = bench.ask(MEMBERS)
    bench.feed({ type: 'abandon', call })
    bench.hear(membersAnswer(3n))
    bench.pass(1_000)
    expect(bench.outcomes).toEqual([])
  })

  test('are waited for by so many callers at most, those that gave up included', () => {
    const bench = Bench.ready()
    for (let i = 0; i < SESSION_CALLS_MAX; i++) bench.ask(MEMBERS)
    bench.pass(500)
    expect(bench.outcomes).toHaveLength(SESSION_CALLS_MAX)
    const sent = bench.sent.length
    const refused = bench.ask(MEMBERS)
    expect(bench.outcomes.at(-1)).toMatchObject({ call: refused, failure: { reason: 'busy' } })
    expect(bench.sent).toHaveLength(sent)
    bench.hear(membersAnswer(3n))
    const taken = bench.ask(MEMBERS)
    bench.hear(membersAnswer(BigInt(SESSION_CALLS_MAX + 3)))
    expect(bench.outcomes.at(-1)).toMatchObject({ type: 'answer', call: taken })
  })
})

describe('streams', () => {
  test('go on until they are stopped; a last record is dropped', () => {
    const bench = Bench.ready()
    const call = bench.ask(STREAM)
    bench.hear(answerBytes(3n), joinRecord(3n, 'ann'))
    bench.feed({ type: 'abandon', call })
    expect(bench.sent.at(-1)).toContain(toHex(encode(struct({ Stop: uint64 }), { Stop: 3n })))
    bench.hear(joinRecord(3n, 'ben'), answerBytes(4n), joinRecord(3n, 'cat'))
    expect(bench.outcomes.map(({ type }) => type)).toEqual(['answer', 'record'])
    expect(bench.session.deadlineMs()).toBeUndefined()
  })

  test('that were given up before they began are stopped as soon as they begin', () => {
    const bench = Bench.ready()
    const call = bench.ask(STREAM)
    bench.feed({ type: 'abandon', call })
    const sent = bench.sent.length
    bench.hear(answerBytes(3n), joinRecord(3n, 'ann'))
    expect(bench.sent).toHaveLength(sent + 1)
    expect(bench.outcomes).toEqual([])
  })

  test('of a query end with its last record', () => {
    const bench = Bench.ready()
    const call = bench.ask(QUERY, { lastsMs: 10_000 })
    bench.hear(answerBytes(3n), queryRecord(3n, 'ack'), queryRecord(3n, 'done'))
    expect(bench.outcomes.map(({ type }) => type)).toEqual(['answer', 'record', 'done'])
    expect(bench.outcomes.at(-1)).toEqual({ type: 'done', call })
    expect(bench.session.deadlineMs()).toBeUndefined()
  })

  test('of a query that never ends are given up in time', () => {
    const bench = Bench.ready()
    const call = bench.ask(QUERY, { lastsMs: 10_000 })
    bench.hear(answerBytes(3n))
    bench.pass(9_999)
    expect(bench.outcomes).toHaveLength(1)
    bench.pass(1)
    expect(bench.outcomes.at(-1)).toMatchObject({ call, failure: { reason: 'timeout' } })
    bench.hear(queryRecord(3n, 'response'), queryRecord(3n, 'done'))
    expect(bench.outcomes).toHaveLength(2)
  })
})

describe('an agent that says what cannot be', () => {
  const cases: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a number that was never given out', [answerBytes(77n)]],
    ['an answer a second time', [membersAnswer(3n), membersAnswer(3n)]],
    ['a header that is no map', [Uint8Array.of(5)]],
    ['nil', [Uint8Array.of(0xc0)]],
    ['no MessagePack', [Uint8Array.of(0xc1)]],
    ['a header of 4 GiB', [fromHex('82a54572726f72dbffffffff')!]],
    ['a body of 4 GiB', [answerBytes(3n), fromHex('c6ffffffff')!]],
    ['a list of 4 billion members', [answerBytes(3n), fromHex('81a74d656d62657273ddffffffff')!]],
    [
      'a list of more members than there can be',
      [
        answerBytes(3n),
        fromHex('81a74d656d62657273dd00010001')!,
        new Uint8Array(0x1_0001).fill(0xc0),
      ],
    ],
    ['nesting without an end', [answerBytes(3n), new Uint8Array(0x200_0001).fill(0x91)]],
    ['a body that is something else', [answerBytes(3n), Uint8Array.of(0x93, 1, 2, 3)]],
    ['a key that it wants all of a sudden', [answerBytes(3n, RpcErrorText.authenticationRequired)]],
  ]

  test.each(cases)('%s: ends the session, and every call with it', (_, said) => {
    const bench = Bench.ready()
    const call = bench.ask(MEMBERS)
    const other = bench.ask(MEMBERS)
    for (const bytes of said) bench.hear(bytes)
    const failed = bench.outcomes.filter(({ type }) => type === 'failed')
    const calls = failed.map((effect) => (effect.type === 'failed' ? effect.call : undefined))
    const answered = bench.outcomes.some(({ type }) => type === 'answer')
    expect(calls).toEqual(answered ? [other] : [call, other])
    expect(bench.outcomes.at(-1)).toMatchObject({ type: 'over' })
    expect(bench.session.deadlineMs()).toBeUndefined()
    const before = bench.outcomes.length
    bench.hear(membersAnswer(4n))
    bench.pass(10_000)
    expect(bench.outcomes).toHaveLength(before)
    expect([bench.ask(MEMBERS), bench.outcomes.at(-1)]).toMatchObject([
      3,
      { type: 'failed', failure: { reason: 'closed' } },
    ])
  })

  test('of one member does not hide the others, nor their tags', () => {
    const bench = Bench.ready()
    bench.ask(MEMBERS)
    const tags = { Tags: new Map([['zone', 'a']]) }
    const bytes = toHex(membersAnswer(3n, memberBody('bad!'), memberBody('ben', tags)))
    const [name, zone] = ['a462616421', 'a47a6f6e65a161']
    // A name, and then a value, of bytes that are no UTF-8.
    bench.hear(fromHex(bytes.replace(name, 'a4ff616421').replace(zone, 'a47a6f6e65a1ff'))!)
    expect(bench.outcomes).toMatchObject([
      {
        type: 'answer',
        body: { Members: [{ Name: undefined }, { Name: 'ben', Tags: new Map() }] },
      },
    ])
  })
})

test('a connection that goes takes every call with it, and is told once', () => {
  const bench = Bench.ready()
  bench.ask(MEMBERS)
  bench.ask(STREAM)
  bench.hear(membersAnswer(3n), answerBytes(4n))
  bench.ask(MEMBERS)
  bench.effects.length = 0
  bench.feed({ type: 'disconnected', words: 'reset' })
  bench.feed({ type: 'disconnected', words: 'again' })
  expect(bench.outcomes).toEqual([
    { type: 'failed', call: 2, failure: { reason: 'closed', words: 'reset' } },
    { type: 'failed', call: 3, failure: { reason: 'closed', words: 'reset' } },
    { type: 'over', end: 'closed', words: 'reset' },
  ])
})

test('bytes are written in the form that agents write', () => {
  expect(toHex(encode(bin, new Uint8Array(300)))).toMatch(/^c5012c/)
  expect(toHex(encode(bin, new Uint8Array(0x1_0000)))).toMatch(/^c600010000/)
  expect(toHex(encode(bin, new Uint8Array(0)))).toBe('c0')
})
