import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  fromHex,
  toHex,
  utf8Encode,
} from '../../../packages/libring/src/base/bytes.ts'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'
import { Keyring } from '../../../packages/libring/src/wire/keyring.ts'
import type { PeerFrame } from '../../../packages/libring/src/wire/peer.ts'
import { sealEnvelope } from '../../../packages/libring/src/wire/seal.ts'
import { guardStream, IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import { head, keyed, securities, Talk } from '../../support/peer-talk.ts'

const hello: PeerFrame = { type: 'head', head }
const chunk = (...bytes: number[]): PeerFrame => ({ type: 'chunk', bytes: Uint8Array.from(bytes) })
const end: PeerFrame = { type: 'end' }
const credit: PeerFrame = { type: 'credit', bytes: 131_584 }
const error: PeerFrame = { type: 'error', code: 'busy', reason: 'full' }

describe.each(securities)('%s', (_, security) => {
  test('a request and its reply are heard as they were said', () => {
    const talk = new Talk(security)
    const request = [hello, chunk(1, 2), chunk(3), end, credit]
    const reply = [credit, chunk(4), end]
    expect(talk.hear('dialling', talk.say('dialling', request)).frames).toEqual(request)
    expect(talk.hear('accepting', talk.say('accepting', reply)).frames).toEqual(reply)
  })

  test.each<[string, 'dialling' | 'accepting', PeerFrame[]]>([
    ['a chunk before the head', 'dialling', [chunk(1)]],
    ['credit before the head', 'dialling', [credit]],
    ['a second head', 'dialling', [hello, hello]],
    ['a head from the end that accepts', 'accepting', [hello]],
    ['an error from the end that dialled', 'dialling', [hello, error]],
    ['a chunk after the end', 'dialling', [hello, end, chunk(1)]],
    ['a second end', 'dialling', [hello, end, end]],
    ['an end after an error', 'accepting', [error, end]],
  ])('%s has no place there', (__, sender, frames) => {
    const talk = new Talk(security)
    if (sender === 'accepting') talk.introduce()
    const heard = talk.hear(sender, talk.say(sender, frames))
    expect([heard.frames, heard.fault]).toEqual([frames.slice(0, -1), 'order'])
  })

  test('only an end, or an error, makes a body whole', () => {
    const whole = [
      [hello, chunk(1), end],
      [hello, end, credit],
    ]
    for (const frames of whole) {
      const talk = new Talk(security)
      const { decoder } = talk.hear('dialling', talk.say('dialling', frames))
      decoder.end()
      expect(decoder.fault).toBeUndefined()
    }
    for (const frames of [[], [hello], [hello, chunk(1)]]) {
      const talk = new Talk(security)
      const { decoder } = talk.hear('dialling', talk.say('dialling', frames))
      decoder.end()
      expect(decoder.fault).toBe('truncated')
    }
  })

  test('what comes after a fault is ignored', () => {
    const talk = new Talk(security)
    const { decoder } = talk.hear('dialling', [Uint8Array.of(99, 0, 0, 0, 1)])
    expect(decoder.fault).toBe('unknown-type')
    expect(decoder.push(talk.say('dialling', [hello])[0]!)).toEqual([])
    decoder.end()
    expect(decoder.fault).toBe('unknown-type')
  })
})

describe('a frame is dropped before it is read', () => {
  test.each([
    ['without a kind', 'dialling', '0000000000', 'empty'],
    [
      'longer than a head, from one who has not introduced itself',
      'dialling',
      '0000000802',
      'too-large',
    ],
    ['longer than a chunk', 'accepting', '0000010002', 'too-large'],
    ['longer than a sealed chunk', 'accepting', '0a0001001f', 'too-large'],
    ['sealed where there is no key', 'accepting', '0a00000001ff', 'sealed'],
  ] as const)('%s', (_, sender, hex, fault) => {
    expect(new Talk(IN_CLEAR).hear(sender, [fromHex(hex)!]).fault).toBe(fault)
  })

  test('in clear where there are keys', () => {
    const talk = new Talk(IN_CLEAR, keyed())
    expect(talk.hear('dialling', talk.say('dialling', [hello])).fault).toBe('unsealed')
  })

  test('sealed with another key, or for a cluster with another label', () => {
    const other = keyed({ keyring: new Keyring([new Uint8Array(32).fill(2)]) })
    for (const stranger of [other, keyed({ label: 'red' })]) {
      const talk = new Talk(stranger, keyed())
      expect(talk.hear('dialling', talk.say('dialling', [hello])).fault).toBe('key')
    }
  })

  test('sealed, but too short to be', () => {
    const talk = new Talk(keyed())
    expect(talk.hear('dialling', [fromHex('0a0000000101')!]).fault).toBe('malformed')
  })
})

describe('keys', () => {
  test('may change in the middle of a stream', () => {
    const [first, second] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
    const keyring = new Keyring([first, second])
    const talk = new Talk(keyed({ keyring }), keyed({ keyring: new Keyring([first, second]) }))
    const said = talk.say('dialling', [hello, chunk(1)])
    keyring.use(second)
    said.push(...talk.say('dialling', [chunk(2), end]))
    expect(talk.hear('dialling', said).frames).toEqual([hello, chunk(1), chunk(2), end])
  })

  test('while encryption is being introduced, each end may speak its own way, but keep to it', () => {
    const lenient = keyed({ verifyIncoming: false })
    const silent = keyed({ verifyIncoming: false, verifyOutgoing: false })
    for (const [dialler, accepter] of [
      [lenient, silent],
      [silent, lenient],
      [IN_CLEAR, silent],
    ]) {
      const talk = new Talk(dialler!, accepter)
      const request = talk.say('dialling', [hello, end])
      expect(talk.hear('dialling', request).frames).toEqual([hello, end])
      const reply = talk.say('accepting', [chunk(1), end])
      expect(talk.hear('accepting', reply).frames).toEqual([chunk(1), end])
    }
    for (const [first, then] of [
      [lenient, silent],
      [silent, lenient],
    ]) {
      const talk = new Talk(first!, lenient)
      const [begun] = talk.say('dialling', [hello])
      const [, changed] = new Talk(then!).say('dialling', [hello, end])
      expect(talk.hear('dialling', [begun!, changed!]).fault).toBe('order')
    }
  })
})

describe('what is sealed', () => {
  test('has its length before it, and 29 bytes more', () => {
    const talk = new Talk(keyed())
    const [first, second] = talk.say('dialling', [hello, end])
    talk.hear('dialling', [first!, second!])
    const [reply] = talk.say('accepting', [end])
    const parts = [first!, second!, reply!].map((frame) => toHex(frame.subarray(0, 6)))
    expect(parts).toEqual(['0a0000005101', '0a0000001e01', '0a0000001e01'])
  })

  test('goes with its type, form, length, end, count, session and label', () => {
    // Worked by hand from the description at the top of peer-seal.ts.
    const key = new Uint8Array(16).fill(1)
    const label = utf8Encode('blue')
    const security = keyed({ label: 'blue' })
    const associated = (length: number, speaker: number, count: number, session: Uint8Array) =>
      concatBytes([
        Uint8Array.of(245, 10, 0, 0, 0, length, speaker),
        Uint8Array.of(0, 0, 0, 0, 0, 0, 0, count),
        session,
        label,
      ])
    const seal = (plain: Uint8Array, clear: Uint8Array) =>
      concatBytes([clear.subarray(1, 6), sealEnvelope(systemCipher, key, plain, clear)])

    const talk = new Talk(security)
    const plainHead = new Talk(IN_CLEAR).say('dialling', [hello])[0]!.subarray(5)
    const zeros = new Uint8Array(12)
    const first = seal(plainHead, associated(plainHead.length + 29, 0, 0, zeros))
    const session = first.subarray(6, 18)
    const second = seal(Uint8Array.of(2, 9), associated(31, 0, 1, session))
    const third = seal(Uint8Array.of(3), associated(30, 0, 2, session))
    expect(talk.hear('dialling', [first, second, third])).toMatchObject({
      frames: [hello, chunk(9), end],
      fault: undefined,
    })
    // The end that dialled learns its session from what it says, so we let it say something.
    const other = new Talk(security)
    const begun = other.introduce()[0]!
    const reply = seal(Uint8Array.of(3), associated(30, 1, 0, begun.subarray(6, 18)))
    expect(other.hear('accepting', [reply])).toMatchObject({ frames: [end], fault: undefined })
  })

  test('opens in no other place: not moved, repeated, left out, sent back, or in another stream', () => {
    const request = [hello, chunk(1), chunk(2), end]
    const talk = new Talk(keyed())
    const said = talk.say('dialling', request)
    const elsewhere = new Talk(keyed()).say('dialling', request)
    const [a, b, c, d] = said as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const orders: [string, Uint8Array[], number][] = [
      ['moved', [a, c, b, d], 1],
      ['repeated', [a, b, b, c, d], 2],
      ['left out', [a, c, d], 1],
      ['left out at the end', [a, b, d], 2],
      ['from another stream', [a, elsewhere[1]!, c, d], 1],
      ['the beginning from another stream', [elsewhere[0]!, b, c, d], 1],
    ]
    for (const [what, frames, heard] of orders) {
      const listener = new Talk(keyed())
      const result = listener.hear('dialling', frames)
      expect([what, result.fault, result.frames.length]).toEqual([what, 'key', heard])
    }
  })

  test('a reply opens only for the request that it answers', () => {
    const talk = new Talk(keyed())
    const said = talk.introduce()
    const reply = talk.say('accepting', [chunk(1), end])
    expect(talk.hear('accepting', reply).fault).toBeUndefined()
    const other = new Talk(keyed())
    other.introduce()
    expect(other.hear('accepting', reply).fault).toBe('key')
    // Our own words, sent back to us.
    const echo = new Talk(keyed())
    expect(echo.hear('accepting', echo.introduce()).fault).toBe('key')
    expect(said).toHaveLength(1)
  })

  test('loses no byte to padding when somebody turns it into an envelope of old', () => {
    const talk = new Talk(keyed())
    const [first, second] = talk.say('dialling', [hello, chunk(7, 7, 1)])
    second![5] = 0
    const heard = talk.hear('dialling', [first!, second!])
    expect([heard.frames, heard.fault]).toEqual([[hello], 'malformed'])
  })

  test('nothing that is sealed for memberlist opens here', () => {
    const security = keyed()
    const foreign = guardStream(Uint8Array.of(3), security, 'accepting')
    const talk = new Talk(security)
    talk.introduce()
    expect(talk.hear('accepting', [foreign]).fault).toBe('key')
  })
})
