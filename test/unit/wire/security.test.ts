import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'
import { Keyring } from '../../../packages/libring/src/wire/keyring.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import {
  guardPacket,
  guardStream,
  IN_CLEAR,
  packetOverheadBytes,
  unguardPacket,
  type SealPolicy,
  type Security,
} from '../../../packages/libring/src/wire/security.ts'
import { encodeStream, StreamDecoder } from '../../../packages/libring/src/wire/stream.ts'
import { serfVectors } from '../../support/vectors.ts'

interface Capture {
  packets: { hex: string; plainHex: string }[]
  streams: Record<'c2sHex' | 's2cHex', string>[]
}
const capture = serfVectors<Capture>('capture-encrypted.json')
const bytes = (hex: string) => fromHex(hex)!
const key = (first: number) => Uint8Array.from({ length: 16 }, (_, i) => first + i)

function secured(overrides: Partial<SealPolicy> & { label?: string } = {}): Security {
  const { label = '', ...seal } = overrides
  return {
    label: utf8Encode(label),
    seal: {
      keyring: new Keyring([key(0), key(16)]),
      cipher: systemCipher,
      verifyIncoming: true,
      verifyOutgoing: true,
      ...seal,
    },
  }
}

describe('recorded between two agents that encrypt', () => {
  test('every packet opens, and holds what it should', () => {
    for (const { hex, plainHex } of capture.packets) {
      const packet = unguardPacket(bytes(hex), secured())
      expect(packet).toEqual(bytes(plainHex))
      expect(openPacket(packet as Uint8Array).faults).toEqual([])
    }
    expect(capture.packets.length).toBeGreaterThan(40)
  })

  test('both directions of the stream are read', () => {
    for (const { c2sHex, s2cHex } of capture.streams) {
      const asked = new StreamDecoder('dialling', secured()).push(bytes(c2sHex))
      const answered = new StreamDecoder('accepting', secured()).push(bytes(s2cHex))
      for (const result of [asked, answered]) {
        expect(result).toMatchObject({ status: 'message', message: { type: 'push-pull' } })
      }
    }
  })
})

const ping = { type: 'ping', seq: 7, node: 'ann', replyTo: undefined } as const
const packet = bytes('0082a44e6f6465a3616e6ea55365714e6f07')
const message = encodeStream(ping, { compression: false })
const compressed = encodeStream(ping, { compression: true })
const understood = { status: 'message', message: ping }

describe.each([
  ['in clear', IN_CLEAR],
  ['with a label', { ...IN_CLEAR, label: utf8Encode('blue') }],
  ['with keys', secured()],
  ['with keys and a label', secured({ label: 'blue' })],
])('%s', (_, security) => {
  test('a packet comes out as it went in, and no larger than announced', () => {
    const guarded = guardPacket(packet, security)
    expect(unguardPacket(guarded, security)).toEqual(packet)
    expect(guarded.length - packet.length).toBe(packetOverheadBytes(security))
  })

  test.each(['dialling', 'accepting'] as const)('what the end %s sends is read', (end) => {
    for (const sent of [message, compressed]) {
      const guarded = guardStream(sent, security, end)
      expect(new StreamDecoder(end, security).push(guarded)).toEqual(understood)
      const decoder = new StreamDecoder(end, security)
      const results = [...guarded].map((byte) => decoder.push(Uint8Array.of(byte)).status)
      expect(results).toEqual([...results.slice(0, -1).map(() => 'more'), 'message'])
    }
  })
})

const strangers: [string, Security, Security, string, string][] = [
  ['in clear to one with keys', IN_CLEAR, secured(), 'malformed', 'unsealed'],
  ['with keys to one without', secured(), IN_CLEAR, 'none', 'sealed'],
  ['with a key of its own', secured(), secured({ keyring: new Keyring([key(99)]) }), 'key', 'key'],
  ['without the label', secured(), secured({ label: 'blue' }), 'label', 'label'],
  ['with a label where there is none', secured({ label: 'blue' }), secured(), 'label', 'label'],
  ['with another label', secured({ label: 'red' }), secured({ label: 'blue' }), 'label', 'label'],
]

describe('a stranger is not listened to', () => {
  test.each(strangers)('%s', (_, sender, receiver, packetFault, streamFault) => {
    const long = concatBytes([Uint8Array.of(7, 7), packet, packet])
    const opened = unguardPacket(guardPacket(long, sender), receiver)
    if (packetFault === 'none') expect(openPacket(opened as Uint8Array).messages).toEqual([])
    else expect(opened).toBe(packetFault)
    const stream = guardStream(message, sender, 'dialling')
    const result = new StreamDecoder('dialling', receiver).push(stream)
    expect(result).toEqual({ status: 'fault', fault: streamFault })
  })
})

describe('while encryption is being introduced', () => {
  const lenient = secured({ verifyIncoming: false })
  const silent = secured({ verifyIncoming: false, verifyOutgoing: false })

  test('one that does not verify takes what is in clear and what is sealed', () => {
    for (const security of [IN_CLEAR, secured()]) {
      const opened = unguardPacket(guardPacket(packet, security), lenient)
      expect(opened).toEqual(packet)
      const sent = guardStream(message, security, 'accepting')
      expect(new StreamDecoder('accepting', lenient).push(sent)).toEqual(understood)
    }
  })

  test('one that does not seal is understood by those without keys', () => {
    expect(unguardPacket(guardPacket(packet, silent), IN_CLEAR)).toEqual(packet)
    const sent = guardStream(message, silent, 'dialling')
    expect(new StreamDecoder('dialling', IN_CLEAR).push(sent)).toEqual(understood)
  })
})

test('a sealed stream that announces more than 20 MiB is dropped before it is read', () => {
  const announced = bytes('0a01400001')
  const result = new StreamDecoder('dialling', secured()).push(announced)
  expect(result).toEqual({ status: 'fault', fault: 'too-large' })
})

test('a sealed nothing is dropped', () => {
  const sent = guardStream(new Uint8Array(0), secured(), 'dialling')
  const result = new StreamDecoder('dialling', secured()).push(sent)
  expect(result).toEqual({ status: 'fault', fault: 'empty' })
})
