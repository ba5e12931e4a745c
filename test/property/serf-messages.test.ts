import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LTIME_LIMIT } from '../../packages/libring/src/serf/lamport.ts'
import { decodeSerf, encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { decodeTags, encodeTags } from '../../packages/libring/src/serf/tags.ts'
import { serfVectors } from '../support/vectors.ts'

const seed = { seed: 11, numRuns: 500 }
const { vectors } = serfVectors<{ readonly vectors: readonly { readonly hex: string }[] }>(
  'serf-messages.json',
)

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const ltime = fc.bigInt(0n, LTIME_LIMIT - 1n)
const bytes = fc.uint8Array({ maxLength: 300 })
const uint8 = fc.nat(0xff)
const port = fc.nat(0xffff)
const uint32 = fc.nat(0xffff_ffff)
const tags = fc.dictionary(text, text, { maxKeys: 20 })
const type = <T extends string>(value: T) => fc.constant(value)

const message: fc.Arbitrary<SerfMessage> = fc.oneof(
  fc.record({ type: type('leave'), ltime, node: text, prune: fc.boolean() }),
  fc.record({ type: type('join'), ltime, node: text }),
  fc.record({
    type: type('push-pull'),
    ltime,
    eventLTime: ltime,
    queryLTime: ltime,
    statusLTimes: fc.array(fc.tuple(text, ltime)).map((pairs) => new Map(pairs)),
    leftMembers: fc.array(text),
    events: fc.array(
      fc.record({ ltime, events: fc.array(fc.record({ name: text, payload: bytes })) }),
    ),
  }),
  fc.record({
    type: type('user-event'),
    ltime,
    name: text,
    payload: bytes,
    coalesce: fc.boolean(),
  }),
  fc.record({
    type: type('query'),
    ltime,
    id: uint32,
    addr: bytes,
    port,
    sourceNode: text,
    filters: fc.array(bytes),
    flags: uint32,
    relayFactor: uint8,
    timeoutNanos: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    name: text,
    payload: bytes,
  }),
  fc.record({
    type: type('query-response'),
    ltime,
    id: uint32,
    from: text,
    flags: uint32,
    payload: bytes,
  }),
  fc.record({
    type: type('conflict-response'),
    member: fc.option(
      fc.record({
        name: text,
        addr: bytes,
        port,
        tags,
        status: fc.nat(4),
        versions: fc.tuple(uint8, uint8, uint8, uint8, uint8, uint8),
      }),
      { nil: undefined },
    ),
  }),
  fc.record({ type: type('key-request'), key: bytes }),
  fc.record({
    type: type('key-response'),
    result: fc.boolean(),
    message: text,
    keys: fc.array(text),
    primaryKey: text,
  }),
  fc.record({ type: type('relay'), addr: bytes, port, zone: text, node: text, inner: bytes }),
)

describe('Serf messages', () => {
  test('what goes in comes out', () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(decodeSerf(encodeSerf(sent))).toEqual({ message: sent })
      }),
      seed,
    )
  })

  test('a message that is cut says so, or is a relay that lost some of what it carries', () => {
    const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(message, part, (sent, part) => {
        const whole = encodeSerf(sent)
        const cut = decodeSerf(whole.subarray(0, Math.floor(whole.length * part)))
        expect(cut.fault ?? cut.message.type).toMatch(/^(empty|truncated|relay)$/)
      }),
      seed,
    )
  })

  test('no bytes make reading throw, nor do those of a message with some of them changed', () => {
    const known = fc.constantFrom(
      ...vectors.map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    )
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })
    const damaged = fc.tuple(known, damage).map(([whole, changes]) => {
      const copy = whole.slice()
      for (const [at, value] of changes) copy[at % copy.length] = value
      return copy
    })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (any) => {
        const { fault, message: read } = decodeSerf(any)
        expect([fault, read].filter((side) => side === undefined)).toHaveLength(1)
      }),
      { ...seed, numRuns: 3_000 },
    )
  })
})

describe('tags', () => {
  test('what goes in comes out', () => {
    fc.assert(
      fc.property(tags, (given) => {
        const came = new Map(Object.entries(decodeTags(encodeTags(given))))
        expect(came).toEqual(new Map(Object.entries(given)))
      }),
      seed,
    )
  })

  test('of meta that is cut, those that are whole come out', () => {
    fc.assert(
      fc.property(tags, fc.nat(), (given, cut) => {
        const whole = encodeTags(given)
        const length = 1 + (cut % whole.length)
        const all = new Map(Object.entries(given))
        const some = Object.entries(decodeTags(whole.subarray(0, length)))
        expect(some.every(([name, value]) => all.get(name) === value)).toBe(true)
        expect(some.length).toBe(length === whole.length ? all.size : some.length)
      }),
      seed,
    )
  })

  test('any meta gives some tags', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (meta, magic) => {
        if (magic) meta[0] = 0xff
        expect(Object.values(decodeTags(meta)).every((value) => typeof value === 'string')).toBe(
          true,
        )
      }),
      { ...seed, numRuns: 2_000 },
    )
  })
})
