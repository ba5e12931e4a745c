import { describe, expect, test } from 'vitest'
import { NO_BYTES, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'
import { LTIME_LAST } from '../../../packages/libring/src/serf/lamport.ts'
import { decodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { Keyring } from '../../../packages/libring/src/wire/keyring.ts'
import type { StreamMessage } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { IN_CLEAR, type Security } from '../../../packages/libring/src/wire/security.ts'
import { hex, serfVectors } from '../../support/vectors.ts'
import { LoneNode, newsIn } from './lone-node.ts'
import { StandIn, streamMessage, type Capture, type Part } from './stand-in.ts'

const [a, b, c] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const
const key = (first: number) => Uint8Array.from({ length: 16 }, (_, i) => first + i)

function sealedWith(...keys: readonly Uint8Array[]): Security {
  const keyring = new Keyring(keys)
  const seal = { keyring, cipher: systemCipher, verifyIncoming: true, verifyOutgoing: true }
  return { label: NO_BYTES, seal }
}

const plain = serfVectors<Capture>('capture-plain.json')
const encrypted = serfVectors<Capture>('capture-encrypted.json')

/** What was told to be deployed there: long, so that it is compressed. */
const DEPLOYED = 'x'.repeat(300)

describe('what real agents said to each other, said to one node of ours', () => {
  // It does not find out by itself who is gone: what it knows, it was told.
  const swim = { probeIntervalMs: 600_000, pushPullIntervalMs: 0 }

  function hearAll(
    { packets, streams }: Capture,
    security: Security,
  ): { node: LoneNode; news: string[] } {
    const node = new LoneNode({ swim, security })
    const news: string[] = []
    for (const [index, { server, c2sHex, s2cHex }] of streams.entries()) {
      const asked = streamMessage(hex(c2sHex), 'dialling', security)
      news.push(...newsIn(node.feed({ type: 'request', connection: index, message: asked })))
      const seeds = [{ host: server, port: 17_946 }]
      const dialled = node.feed({ type: 'join', join: index, seeds })
      const dial = dialled.flatMap((effect) => (effect.type === 'dial' ? [effect.dial] : []))
      const answer = streamMessage(hex(s2cHex), 'accepting', security)
      news.push(...newsIn(node.feed({ type: 'reply', dial: dial[0]!, message: answer })))
    }
    for (const { hex: form, t } of packets) {
      news.push(...newsIn(node.wait(Math.max(0, t * 1_000 - node.now))))
      node.packet(hex(form))
      news.push(...newsIn(node.effects()))
    }
    return { node, news }
  }

  test.each([
    {
      name: 'in clear',
      capture: plain,
      security: IN_CLEAR,
      news: [
        'member-join a',
        'member-join b',
        'joined 0: 1',
        'member-join c',
        'joined 1: 1',
        'query 1 uptime  from a',
        'user-event deploy v1.2',
        'member-update a',
        'member-failed c',
        'member-leave c',
        'member-reap c',
        'member-leave b',
        'member-leave a',
      ],
      members: [
        { name: 'a', host: a, port: 17_946, tags: { role: 'db' }, status: 'left' },
        { name: 'b', host: b, port: 17_946, tags: {}, status: 'left' },
      ],
      received: { join: 10, leave: 26, 'user-event': 6, query: 24, 'query-response': 14, relay: 2 },
    },
    {
      name: 'sealed, with keys that are changed',
      capture: encrypted,
      security: sealedWith(key(0)),
      news: ['member-join a', 'member-join b', 'joined 0: 1', `user-event deploy ${DEPLOYED}`],
      members: [
        { name: 'a', host: a, port: 17_956, tags: { role: 'web' }, status: 'alive' },
        { name: 'b', host: b, port: 17_956, tags: {}, status: 'alive' },
      ],
      received: { join: 4, leave: 0, 'user-event': 4, query: 32, 'query-response': 14, relay: 0 },
    },
  ])('is understood to the last message: $name', ({ capture, security, ...expected }) => {
    const { node, news } = hearAll(capture, security)
    expect(news).toEqual(expected.news)
    const members = node.machine.members().filter(({ name }) => name === 'a' || name === 'b')
    expect(members).toEqual(expected.members)
    const { faults, received, swim } = node.machine.stats
    expect(received).toMatchObject(expected.received)
    for (const count of Object.values({ ...faults, ...swim.faults })) expect(count).toBe(0)
  })
})

/** The agent that was asked for everything, and what happened around it. */
const partOfB: Omit<Part, 'security'> = {
  name: 'b',
  address: { host: b, port: 17_946 },
  answers: { uptime: utf8Encode('up\n') },
  diedAt: { [c]: 9 },
  leavesAt: 14.79,
}

describe.each([
  {
    name: 'in clear',
    capture: plain,
    part: { ...partOfB, security: IN_CLEAR },
    news: [
      'member-join b',
      'member-join a',
      'member-join c',
      'query 1 uptime  from a',
      'user-event deploy v1.2',
      'query 2 uptime x from a',
      'member-update a',
      'member-failed c',
      'member-leave c',
      'member-reap c',
      'member-leave b',
    ],
    messages: 45,
    // Why what the agent sent is not sent.
    lacking: new Map([
      [
        '{"type":"join","ltime":1,"node":"a"}',
        'it came behind a newer one in the same packet, of which an agent at times takes the last first',
      ],
    ]),
  },
  {
    name: 'sealed, with keys that are changed',
    capture: encrypted,
    part: {
      ...partOfB,
      address: { host: b, port: 17_956 },
      diedAt: {},
      leavesAt: Infinity,
      security: sealedWith(key(0)),
    },
    news: ['member-join b', 'member-join a', `user-event deploy ${DEPLOYED}`],
    messages: 22,
    lacking: new Map<string, string>(),
  },
])('one of ours in the place of an agent, $name', (one) => {
  const { capture, part, lacking } = one
  const [stream] = capture.streams
  const answered = streamMessage(hex(stream!.s2cHex), 'accepting', part.security)
  const node = new StandIn(part)
  node.replay(capture)

  test('tells what befell it', () => {
    expect(node.news).toEqual(one.news)
  })

  test('sends the same, each message once', () => {
    const theirs = node.recorded(capture)
    expect(theirs.size).toBe(one.messages)
    expect([...node.sent].filter((text) => !theirs.has(text))).toEqual([])
    expect([...theirs].filter((text) => !node.sent.has(text))).toEqual([...lacking.keys()])
  })

  test('answers a push/pull with the same', () => {
    expect(node.responses.map(opened)).toEqual([opened(answered)])
  })

  test('reads everything, and ends with the same keys', () => {
    const { faults, swim } = node.machine.stats
    for (const count of Object.values({ ...faults, ...swim.faults })) expect(count).toBe(0)
    const { seal } = part.security
    if (seal !== undefined) expect(seal.keyring.keys).toEqual([key(16)])
  })
})

/** With Serf's part taken apart: slots for events that are empty may be written or not. */
function opened(message: StreamMessage): object {
  if (message.type !== 'push-pull') return message
  return { ...message, userState: decodeSerf(message.userState).message }
}

describe('malformed datagrams that were sent to serf 0.9.4, and crashed it in part', () => {
  const { cases } = serfVectors<{
    cases: { readonly case: string; readonly packets: readonly string[] }[]
  }>('malformed-vs-0.9.4.json')
  /** What a node of ours counts them as, where that is a matter of Serf's messages. */
  const counted: Record<string, (node: LoneNode) => number> = {
    'empty filter': ({ machine }) => machine.stats.filtersRefused,
    'LTime max': ({ machine }) => Number(machine.clocks.gauges.memberTime === LTIME_LAST),
  }

  test.each(cases.filter(({ packets }) => packets.length > 0))('$case', (one) => {
    const node = new LoneNode()
    for (const packet of one.packets) {
      node.packet(hex(packet))
      node.effects()
    }
    expect(counted[one.case]?.(node) ?? 1).toBeGreaterThan(0)
    // It is there and answers.
    node.packet(encodeMessage({ type: 'ping', seq: 7, node: 'self', replyTo: undefined }))
    const acks = node.effects().flatMap((effect) => {
      return effect.type === 'send' ? openPacket(effect.bytes).messages : []
    })
    expect(acks).toContainEqual(expect.objectContaining({ type: 'ack', seq: 7 }))
  })

  test('a query about keys without a payload is answered as a refusal', () => {
    const node = new LoneNode()
    const [packet] = cases.find((one) => one.case === 'key query empty payload')!.packets
    node.packet(hex(packet!))
    const sent = node.effects().filter((effect) => effect.type === 'send')
    expect(sent).toHaveLength(1)
    expect(new TextDecoder().decode(sent[0]!.bytes)).toContain('could not be decoded')
  })
})
