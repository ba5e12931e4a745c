import { describe, expect, test } from 'vitest'
import { fromHex, toHex, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { IN_CLEAR } from '../../../packages/libring/src/wire/security.ts'
import {
  decodePeerFrame,
  encodePeerFrame,
  type PeerFault,
  type PeerFrame,
} from '../../../packages/libring/src/wire/peer.ts'
import { OpeningReader, peerOpening } from '../../../packages/libring/src/wire/peer-opening.ts'
import {
  PEER_WINDOW_BYTES,
  ReceiveWindow,
  SendWindow,
} from '../../../packages/libring/src/wire/peer-window.ts'
import { head, keyed } from '../../support/peer-talk.ts'

const bytes = (hex: string) => fromHex(hex)!

describe('a frame', () => {
  const frames: [string, PeerFrame, string][] = [
    [
      'head',
      { type: 'head', head },
      '0185aa646561646c696e654d73cd2710a466726f6da3616e6ea2746fa3626f62a5746f706963a46a6f6273a776657273696f6e01',
    ],
    ['chunk', { type: 'chunk', bytes: Uint8Array.of(7, 8) }, '020708'],
    ['end', { type: 'end' }, '03'],
    [
      'error',
      { type: 'error', code: 'busy', reason: 'full' },
      '0482a4636f6465a462757379a6726561736f6ea466756c6c',
    ],
    ['credit', { type: 'credit', bytes: 131_584 }, '0500020200'],
  ]

  test.each(frames)('%s has these bytes, and is read from them', (_, frame, hex) => {
    expect(toHex(encodePeerFrame(frame))).toBe(hex)
    expect(decodePeerFrame(bytes(hex))).toEqual(frame)
  })

  const badHead = (changes: object) =>
    encodePeerFrame({ type: 'head', head: { ...head, ...changes } })
  const faults: [string, Uint8Array, PeerFault][] = [
    ['nothing', bytes(''), 'empty'],
    ['a kind nobody knows', bytes('06'), 'unknown-type'],
    ['an end with something in it', bytes('0300'), 'malformed'],
    ['a chunk of nothing', bytes('02'), 'empty'],
    ['a chunk of a byte too many', new Uint8Array(65_538).fill(2), 'too-large'],
    ['credit cut short', bytes('05000202'), 'malformed'],
    ['credit with a byte too many', bytes('050002020000'), 'malformed'],
    ['a head cut short', bytes('0185aa6465'), 'malformed'],
    ['a head with something behind it', Uint8Array.of(...badHead({}), 0), 'malformed'],
    ['a head that is a number', bytes('0107'), 'malformed'],
    ['a head without a topic', badHead({ topic: '' }), 'malformed'],
    ['a topic of 129 bytes', badHead({ topic: 'é'.repeat(64) + 'x' }), 'malformed'],
    ['nobody who asks', badHead({ from: '' }), 'malformed'],
    ['nobody who is asked', badHead({ to: '' }), 'malformed'],
    ['no time', badHead({ deadlineMs: 0 }), 'malformed'],
    ['more than an hour', badHead({ deadlineMs: 3_600_001 }), 'malformed'],
    ['a head of more than 2 KiB', badHead({ topic: 'x'.repeat(2_048) }), 'too-large'],
  ]

  test.each(faults)('%s is refused by name', (_, frame, fault) => {
    expect(decodePeerFrame(frame)).toBe(fault)
  })

  test('a topic of 128 bytes and an hour are allowed', () => {
    const most = { ...head, topic: 'é'.repeat(64), deadlineMs: 3_600_000 }
    expect(decodePeerFrame(badHead(most))).toEqual({ type: 'head', head: most })
  })

  test('of another version, the rest of the head may be anything', () => {
    const later = badHead({ version: 2, topic: '' })
    expect(decodePeerFrame(later)).toMatchObject({ type: 'head', head: { version: 2 } })
  })

  test('a reason that is too long is cut, never within a character', () => {
    const error = encodePeerFrame({ type: 'error', code: 'failed', reason: '€'.repeat(2_000) })
    expect(decodePeerFrame(error)).toEqual({
      type: 'error',
      code: 'failed',
      reason: '€'.repeat(341),
    })
  })
})

describe('the opening', () => {
  const labelled = keyed({ label: 'blue' })

  test('is the label and a byte that memberlist does not use', () => {
    expect(toHex(peerOpening(IN_CLEAR))).toBe('f5')
    expect(toHex(peerOpening(labelled))).toBe(`f404${toHex(utf8Encode('blue'))}f5`)
  })

  test('is known by its last byte, however it is cut, and what follows is handed on', () => {
    const reader = new OpeningReader(labelled)
    for (const byte of peerOpening(labelled).subarray(0, -1)) {
      expect(reader.push(Uint8Array.of(byte))).toEqual({ kind: 'unknown' })
    }
    expect(reader.push(bytes('f50102'))).toEqual({ kind: 'peer', rest: bytes('0102') })
  })

  test.each([
    ['a push/pull', IN_CLEAR, '06'],
    ['something sealed', IN_CLEAR, '0a'],
    ['a label where there is none', IN_CLEAR, 'f404626c7565f5'],
    ['no label where there is one', labelled, 'f5'],
    ['another label', labelled, 'f404626c7566f5'],
    ['the right label before something else', labelled, 'f404626c756506'],
  ])('%s is none', (_, security, hex) => {
    const reader = new OpeningReader(security)
    expect(reader.push(bytes(hex))).toEqual({ kind: 'other' })
    expect(reader.push(bytes('f5'))).toEqual({ kind: 'other' })
  })
})

describe('the window', () => {
  test('is four of the largest chunks, and stops the sender until one half was read', () => {
    expect(PEER_WINDOW_BYTES).toBe(263_168)
    const sending = new SendWindow()
    const receiving = new ReceiveWindow()
    for (let chunk = 0; chunk < 4; chunk++) {
      expect(sending.next(1_000_000)).toBe(65_536)
      sending.spend(65_536)
      expect(receiving.admit(65_536)).toBe(true)
    }
    expect([sending.next(1), sending.usedBytes]).toEqual([0, 263_168])
    expect(receiving.release(65_536)).toBe(0)
    const credit = receiving.release(65_536)
    expect(credit).toBe(131_584)
    expect(sending.refill(credit)).toBe(true)
    expect(sending.next(1_000_000)).toBe(65_536)
  })

  test('is used up by tiny chunks too: at most 1,024 are under way', () => {
    const sending = new SendWindow()
    let chunks = 0
    for (; sending.next(1) === 1; chunks++) sending.spend(1)
    expect(chunks).toBe(1_024)
  })

  test('does not admit what there was no credit for', () => {
    const receiving = new ReceiveWindow()
    for (let chunk = 0; chunk < 4; chunk++) expect(receiving.admit(65_536)).toBe(true)
    expect(receiving.admit(1)).toBe(false)
  })

  test.each([0, 257])('takes no credit of %i for a chunk of one byte', (credit) => {
    const sending = new SendWindow()
    sending.spend(1)
    if (credit > 0) expect(sending.refill(credit + 1)).toBe(false)
    else expect(sending.refill(0)).toBe(false)
    expect(sending.refill(257)).toBe(true)
  })
})
