import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { decode, encode } from '../../packages/libring/src/codec/msgpack.ts'
import {
  ClientSession,
  type SessionEffect,
  type SessionInput,
} from '../../packages/libring/src/rpc/client-session.ts'
import {
  EVENT_RECORDS,
  MEMBER,
  RECORDS,
  REQUEST_HEADER,
  REQUESTS,
  type MemberBody,
} from '../../packages/libring/src/rpc/commands.ts'
import { encodeFrame, FrameDecoder, type Frame } from '../../packages/libring/src/rpc/frames.ts'
import { machineContract } from '../contract/machine.ts'
import { answerBytes, memberBody } from '../support/fake-agent.ts'

const seed = 0x59c

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const tags = fc
  .dictionary(name, fc.string({ unit: 'grapheme', maxLength: 40 }), { maxKeys: 5 })
  .map((pairs) => new Map(Object.entries(pairs)))
const member: fc.Arbitrary<MemberBody> = fc
  .record({
    Name: name,
    Addr: fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    ),
    Port: fc.nat(65_535),
    Status: fc.constantFrom('none', 'alive', 'leaving', 'left', 'failed'),
    Tags: tags,
  })
  .map(({ Name, ...fields }) => memberBody(Name, fields))

const query = fc.record({
  FilterNodes: fc.array(name, { maxLength: 40 }),
  FilterTags: tags,
  RequestAck: fc.boolean(),
  RelayFactor: fc.nat(255),
  Timeout: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
  Name: name,
  Payload: fc.uint8Array({ maxLength: 400 }),
})

test('members and queries come back as they were written', () => {
  fc.assert(
    fc.property(member, query, (one, asked) => {
      expect(decode(MEMBER, encode(MEMBER, one))).toMatchObject({ value: one })
      expect(decode(REQUESTS.query, encode(REQUESTS.query, asked))).toMatchObject({ value: asked })
    }),
    { seed },
  )
})

test('frames come out as they went in, whatever the chunks', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })
  const requests = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), query), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(requests, sizes, (asked, chunks) => {
      const bytes = concatBytes(
        asked.map(([Seq, body]) => {
          return encodeFrame([REQUEST_HEADER, { Command: 'query', Seq }], [REQUESTS.query, body])
        }),
      )
      const decoder = new FrameDecoder(REQUEST_HEADER, () => true)
      const frames: Frame<unknown>[] = []
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = chunks[turn % chunks.length]!
        decoder.push(bytes.subarray(at, at + size))
        at += size
        for (let frame = decoder.take(); frame !== undefined; frame = decoder.take()) {
          frames.push(frame)
        }
      }
      expect(
        frames.map(({ header, body }) => [header, decode(REQUESTS.query, body!)]),
      ).toMatchObject(asked.map(([Seq, value]) => [{ Command: 'query', Seq }, { value }]))
    }),
    { seed },
  )
})

/** What an agent may say to the first requests: sense, and nonsense. */
const said: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: 0n, max: 12n }), fc.constantFrom('', 'no', 'Unsupported command'))
    .map(([seq, error]) => answerBytes(seq, error)),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 8n }), fc.array(member, { maxLength: 3 }))
    .map(([seq, Members]) => answerBytes(seq, '', 'members', { Members })),
  fc.array(member, { maxLength: 2 }).map((Members) => {
    return encode(EVENT_RECORDS.member, { Event: 'member-join', Members })
  }),
  fc.constantFrom('ack', 'response', 'done').map((Type) => {
    return encode(RECORDS.query, { Type, From: 'ann', Payload: new Uint8Array(0) })
  }),
  fc.uint8Array({ maxLength: 20 }),
)

const EMPTY_QUERY = {
  FilterNodes: [],
  FilterTags: new Map<string, string>(),
  RequestAck: false,
  RelayFactor: 0,
  Timeout: 0n,
  Name: 'up',
  Payload: new Uint8Array(0),
}

const call = fc.nat(10).chain((number) =>
  fc.record({
    type: fc.constant('call' as const),
    call: fc.constant(number),
    request: fc.constantFrom(
      { command: 'members', body: undefined } as const,
      { command: 'stream', body: { Type: '*' } } as const,
      { command: 'query', body: EMPTY_QUERY } as const,
      { command: 'leave', body: undefined } as const,
    ),
    timeoutMs: fc.integer({ min: 1, max: 5_000 }),
    lastsMs: fc.constantFrom(1, 1_000, Infinity),
  }),
)

const input: fc.Arbitrary<SessionInput> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ type: 'connected' } as const) },
  { weight: 6, arbitrary: said.map((bytes) => ({ type: 'bytes', bytes }) as const) },
  { weight: 4, arbitrary: call },
  {
    weight: 2,
    arbitrary: fc.nat(10).map((number) => ({ type: 'abandon', call: number }) as const),
  },
)

machineContract('the session of a client of an agent', {
  create: () => new ClientSession({ authKey: 'sesame', greetingMs: 1_000 }),
  input: fc.oneof(
    { weight: 30, arbitrary: input },
    { weight: 1, arbitrary: fc.constant({ type: 'disconnected', words: 'reset' } as const) },
  ),
})

describe('a session that was greeted, whatever the agent says then', () => {
  const life = fc.array(fc.tuple(fc.nat(1_500), input), { maxLength: 80 })

  function live(steps: readonly (readonly [number, SessionInput])[]): Map<number, string[]> {
    const session = new ClientSession({ authKey: '', greetingMs: 1_000 })
    const told = new Map<number, string[]>()
    let calls = 0
    let nowMs = 0
    const drain = (): void => {
      for (let effect = session.poll(); effect !== undefined; effect = session.poll()) note(effect)
    }
    const note = (effect: SessionEffect): void => {
      if (!('call' in effect)) return
      told.set(effect.call, [...(told.get(effect.call) ?? []), effect.type])
    }
    session.handle({ type: 'connected' }, nowMs)
    session.handle({ type: 'bytes', bytes: answerBytes(1n) }, nowMs)
    session.handle({ type: 'bytes', bytes: answerBytes(2n) }, nowMs)
    for (const [afterMs, step] of steps) {
      nowMs += afterMs
      // Every call has a number of its own.
      const fed = step.type === 'call' ? { ...step, call: calls++ } : step
      session.handle(fed, nowMs)
      drain()
    }
    session.handle({ type: 'disconnected', words: 'over' }, nowMs)
    drain()
    for (let number = 0; number < calls; number++) {
      if (!told.has(number)) told.set(number, [])
    }
    return told
  }

  test('every call comes to one end at most, and nothing follows it', () => {
    fc.assert(
      fc.property(life, (steps) => {
        for (const types of live(steps).values()) {
          expect(types.join(' ')).toMatch(/^(failed|answer( record)*( done| failed)?)?$/)
        }
      }),
      { seed, numRuns: 500 },
    )
  })

  test('every call that nobody gave up comes to an end', () => {
    fc.assert(
      fc.property(life, (steps) => {
        const kept = steps.filter(([, { type }]) => type !== 'abandon')
        for (const types of live(kept).values()) expect(types).not.toEqual([])
      }),
      { seed, numRuns: 500 },
    )
  })
})
