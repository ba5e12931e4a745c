import { describe, expect, test } from 'vitest'
import { LTIME_LAST } from '../../../packages/libring/src/serf/lamport.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { hex, serfVectors } from '../../support/vectors.ts'
import { LoneNode, newsIn } from './lone-node.ts'

describe('what three real agents said to each other, said to one node of ours', () => {
  const { packets } = serfVectors<{ packets: { readonly hex: string; readonly t: number }[] }>(
    'capture-plain.json',
  )

  test('is understood to the last message', () => {
    const node = new LoneNode()
    const told = new Set<string>()
    for (const { hex: form, t } of packets) {
      for (const line of newsIn(node.wait(Math.max(0, t * 1_000 - node.now)))) told.add(line)
      node.packet(hex(form))
      for (const line of newsIn(node.effects())) told.add(line)
    }
    const { faults, received } = node.machine.stats
    expect(Object.values(faults).every((count) => count === 0)).toBe(true)
    expect(received['user-event']).toBeGreaterThan(0)
    expect(received.query).toBeGreaterThan(0)
    expect(received['query-response']).toBeGreaterThan(0)
    expect(received.relay).toBeGreaterThan(0)
    for (const name of ['a', 'b', 'c']) expect(told).toContain(`member-join ${name}`)
    expect([...told].some((line) => line.startsWith('user-event '))).toBe(true)
  })
})

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
