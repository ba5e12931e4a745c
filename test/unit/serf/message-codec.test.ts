import { describe, expect, test, vi } from 'vitest'
import { NO_BYTES, toHex, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage, UserState } from '../../../packages/libring/src/serf/messages.ts'
import { reversedMap } from '../../support/reversed-map.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

const { vectors } = serfVectors<{
  readonly vectors: readonly { readonly name: string; readonly hex: string }[]
}>('serf-messages.json')

// What each golden message says, in our words.
const node = 'n1'
const localhost = Uint8Array.of(127, 0, 0, 1)
const response = { type: 'query-response', ltime: 9n, id: 123_456_789, from: 'n2' } as const
const answer = encodeSerf({ ...response, flags: 0, payload: utf8Encode('ok') })
const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const keyText = 'AAECAwQFBgcICQoLDA0ODw=='
const meanings: Record<string, SerfMessage> = {
  leave: { type: 'leave', ltime: 7n, node, prune: false },
  'leave prune': { type: 'leave', ltime: 300n, node, prune: true },
  join: { type: 'join', ltime: 1n, node },
  'join, LTime above 2^32': { type: 'join', ltime: 4_294_967_297n, node },
  'userEvent nil payload': {
    type: 'user-event',
    ltime: 5n,
    name: 'deploy',
    payload: NO_BYTES,
    coalesce: false,
  },
  userEvent: {
    type: 'user-event',
    ltime: 5n,
    name: 'deploy',
    payload: utf8Encode('v1.2'),
    coalesce: true,
  },
  'query plain': {
    type: 'query',
    ltime: 9n,
    id: 123_456_789,
    addr: localhost,
    port: 7946,
    sourceNode: node,
    filters: [],
    flags: 0,
    relayFactor: 0,
    timeoutNanos: 15_000_000_000n,
    name: 'uptime',
    payload: NO_BYTES,
  },
  'query with filters, ack, relay': {
    type: 'query',
    ltime: 9n,
    id: 2_147_483_647,
    addr: localhost,
    port: 7946,
    sourceNode: node,
    filters: [hex('0092a26e31a26e32'), hex('0182a445787072a75e7765622e2a24a3546167a4726f6c65')],
    flags: 3,
    relayFactor: 3,
    timeoutNanos: 3_200_000_000n,
    name: 'q',
    payload: utf8Encode('data'),
  },
  'queryResponse ack': { ...response, flags: 1, payload: NO_BYTES },
  'queryResponse data': { ...response, flags: 0, payload: utf8Encode('ok') },
  conflictResponse: {
    type: 'conflict-response',
    member: {
      name: node,
      addr: localhost,
      port: 7946,
      tags: { role: 'web' },
      status: 1,
      versions: [1, 5, 2, 2, 5, 5],
    },
  },
  'conflictResponse for unknown name (nil)': { type: 'conflict-response', member: undefined },
  keyRequest: { type: 'key-request', key },
  'keyRequest list-keys (key decoded from empty base64 string)': {
    type: 'key-request',
    key: NO_BYTES,
  },
  'keyResponse ok': { type: 'key-response', result: true, message: '', keys: [], primaryKey: '' },
  'keyResponse list': {
    type: 'key-response',
    result: true,
    message: '',
    keys: [keyText],
    primaryKey: keyText,
  },
  'keyResponse failure': {
    type: 'key-response',
    result: false,
    message: 'Requested key is not in the keyring',
    keys: [],
    primaryKey: '',
  },
  pushPull: {
    type: 'push-pull',
    ltime: 4n,
    eventLTime: 2n,
    queryLTime: 1n,
    statusLTimes: new Map([[node, 3n]]),
    leftMembers: ['old'],
    events: [{ ltime: 1n, events: [{ name: 'e', payload: utf8Encode('p') }] }],
  },
  'pushPull minimal, Events nil': {
    type: 'push-pull',
    ltime: 1n,
    eventLTime: 1n,
    queryLTime: 1n,
    statusLTimes: new Map(),
    leftMembers: [],
    events: [],
  },
  'relay of queryResponse data': {
    type: 'relay',
    addr: localhost,
    port: 7946,
    zone: '',
    node,
    inner: answer,
  },
  'relay, 16-byte form of the IPv4 address': {
    type: 'relay',
    addr: hex('00000000000000000000ffff7f000001'),
    port: 7946,
    zone: '',
    node,
    inner: answer,
  },
}

describe('Serf messages agree with Go, byte for byte', () => {
  for (const vector of vectors) {
    const meaning = meanings[vector.name]
    test(`reading ${vector.name}`, () => {
      expect(meaning).toBeDefined()
      expect(decodeSerf(hex(vector.hex))).toEqual({ message: meaning })
    })

    test(`writing ${vector.name}`, () => {
      expect(toHex(encodeSerf(meaning!))).toBe(withoutEmptySlots(vector.hex))
    })
  }
})

test('each is read the same with its fields in another order', () => {
  const reversed = vectors.flatMap(({ name, hex: text }) => {
    const bytes = reversedMap(hex(text))
    return bytes === undefined ? [] : [{ name, bytes }]
  })
  expect(reversed.length).toBeGreaterThan(10)
  for (const { name, bytes } of reversed) {
    expect(decodeSerf(bytes)).toEqual({ message: meanings[name] })
  }
})

/** Go sends empty slots of its buffer of recent events as nil. We leave them out. */
function withoutEmptySlots(text: string): string {
  return text.replace(/(a64576656e7473)93c0(.*)c0(a54c54696d6504)/, '$191$2$3')
}

describe('what is no Serf message', () => {
  const faultOf = (text: string) => decodeSerf(hex(text)).fault

  test('nothing at all', () => {
    expect(faultOf('')).toBe('empty')
  })

  test('a type that nobody knows', () => {
    expect(faultOf('0a80')).toBe('unknown-type')
  })

  test('a time that is no whole number from 0', () => {
    expect(faultOf('0182a54c54696d65ff' + 'a44e6f6465a26e31')).toBe('malformed')
  })

  test('a message cut anywhere, but for what a relay carries', () => {
    for (const { hex: text } of vectors) {
      const whole = hex(text)
      const structLength = whole.length - (whole[0] === 9 ? answer.length : 0)
      for (let length = 1; length < structLength; length++) {
        expect(decodeSerf(whole.subarray(0, length)).fault).toBe('truncated')
      }
    }
  })
})

test('bytes behind a message are left alone', () => {
  expect(decodeSerf(hex('0182a54c54696d6501a44e6f6465a26e31ffff'))).toEqual({
    message: meanings['join'],
  })
})

describe('a push/pull may be 20 MiB, and what it names may not', () => {
  const base = meanings['pushPull minimal, Events nil'] as UserState
  const long = 'x'.repeat(65_507)
  const told = (state: Partial<UserState>) => decodeSerf(encodeSerf({ ...base, ...state }))
  const payload = (length: number) => new Uint8Array(length)
  const eventOf = (name: string) => ({ name, payload: payload(1) })

  test.each<[string, (names: readonly string[]) => Partial<UserState>]>([
    ['a time', (names) => ({ statusLTimes: new Map(names.map((name) => [name, 1n])) })],
    ['a member that left', (names) => ({ leftMembers: names })],
    ['an event', (names) => ({ events: [{ ltime: 1n, events: names.map(eventOf) }] })],
  ])('%s is left out, alone, where its name is no text or fits into no datagram', (_, state) => {
    const kept = state([long, 'ann'])
    expect(told(state([long, `${long}x`, 'ann'])).message).toMatchObject(kept)
    const bytes = toHex(encodeSerf({ ...base, ...state([long, 'cafe', 'ann']) }))
    const odd = hex(bytes.replace('a463616665', 'a4636166e9'))
    expect(decodeSerf(odd).message).toEqual({ ...base, ...kept })
  })

  test('an event of which no packet has the room is left out, alone', () => {
    const name = 'deploy'
    const kept = [
      { name, payload: payload(65_507) },
      { name: long, payload: payload(1) },
    ]
    const dropped = [
      { name, payload: payload(65_508) },
      { name: `${long}x`, payload: payload(1) },
      { name, payload: payload(20_000_000) },
    ]
    const events = [
      { ltime: 1n, events: dropped },
      { ltime: 2n, events: [...dropped, ...kept] },
    ]
    expect(told({ events, leftMembers: ['old'] }).message).toMatchObject({
      leftMembers: ['old'],
      events: [
        { ltime: 1n, events: [] },
        { ltime: 2n, events: kept },
      ],
    })
  })

  test('nothing is made of a name that is too long', () => {
    const state = { ...base, leftMembers: ['x'.repeat(20_000_000)] }
    const event = { name: 'x'.repeat(20_000_000), payload: NO_BYTES }
    const texts = vi.spyOn(String, 'fromCodePoint')
    for (const sent of [state, { ...base, events: [{ ltime: 1n, events: [event] }] }]) {
      const bytes = encodeSerf(sent)
      texts.mockClear()
      decodeSerf(bytes)
      const lengths = texts.mock.calls.map(({ length }) => length)
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(100)
    }
    texts.mockRestore()
  })

  test('it names at most 131,072 members, as many as its table may list', () => {
    const names = Array.from({ length: 131_073 }, (_, i) => `n${i}`)
    const some = names.slice(0, -1)
    const times = (of: readonly string[]) => new Map(of.map((name) => [name, 1n]))
    expect(told({ statusLTimes: times(some), leftMembers: some }).fault).toBeUndefined()
    expect(told({ statusLTimes: times(names) }).fault).toBe('too-large')
    expect(told({ leftMembers: names }).fault).toBe('too-large')
  })

  test('there are at most 65,536 events, over all slots', () => {
    const event = { name: '', payload: NO_BYTES }
    const slots = (...counts: number[]) =>
      counts.map((count, ltime) => ({ ltime: BigInt(ltime), events: Array(count).fill(event) }))
    expect(told({ events: slots(65_535, 0, 1) }).fault).toBeUndefined()
    expect(told({ events: slots(65_535, 0, 2) }).fault).toBe('too-large')
    expect(told({ events: slots(65_537) }).fault).toBe('too-large')
  })
})
