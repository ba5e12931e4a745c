import { describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeTags } from '../../../packages/libring/src/serf/tags.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { bytesOf, hex, serfVectors } from '../../support/vectors.ts'
import { newMachine, serfMessages, streamMessage } from './world.ts'

// A peer called py talked to a real agent called go. We stand in for the agent, hear the same
// messages in the same order, and have to send the same ones of Serf's.

type Field = string | number | boolean | readonly string[] | null
type Fields = Readonly<Record<string, Field>>

interface Received {
  readonly type: string
  readonly msg?: { readonly serf: string; readonly body: Fields }
}
interface Slot {
  readonly LTime: number
  readonly Events: readonly { readonly Name: string; readonly Payload: string }[]
}
interface Step {
  readonly step: string
  readonly sent: string | null
  readonly receivedDistinct?: readonly Received[]
  readonly reply?: {
    readonly userState: {
      readonly body: {
        readonly LTime: number
        readonly EventLTime: number
        readonly QueryLTime: number
        readonly LeftMembers: readonly string[]
        readonly Events: readonly (Slot | null)[]
        readonly StatusLTimes: Record<string, number>
      }
    }
  }
}
const { steps } = serfVectors<{ readonly steps: readonly Step[] }>('behaviour-0.9.4.json')

const go = { host: '127.0.0.1', port: 18_300 }
const py = { host: '127.0.0.20', port: 18_300 }
let now = 0
const machine = newMachine('go', { tags: { role: 'x' } })
const seen = new Set<string>()

/** Hand in a packet and give the Serf messages that were not sent before within two seconds. */
function hear(bytes: Uint8Array | undefined): SerfMessage[] {
  const fresh: SerfMessage[] = []
  if (bytes !== undefined) machine.handle({ type: 'packet', from: py, bytes }, now)
  const endMs = now + 2_000
  for (let next: number | undefined = now; next !== undefined && next <= endMs;) {
    now = Math.max(now, next)
    machine.tick(now)
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      if (effect.type !== 'send') continue
      if (effect.to.host === py.host) answerPings(effect.bytes)
      for (const message of serfMessages(effect.bytes)) {
        const text = encodeSerf(message).join()
        if (!seen.has(text)) fresh.push(message)
        seen.add(text)
      }
    }
    next = machine.deadlineMs()
  }
  now = endMs
  return fresh
}

function answerPings(bytes: Uint8Array): void {
  for (const message of openPacket(bytes).messages) {
    if (message.type !== 'ping') continue
    const ack = encodeMessage({ type: 'ack', seq: message.seq, payload: NO_BYTES })
    machine.handle({ type: 'packet', from: py, bytes: ack }, now)
  }
}

function expectedOf({ receivedDistinct = [] }: Step): SerfMessage[] {
  return receivedDistinct.flatMap(({ msg }) => {
    // What py answered to a query that the agent had passed along went to itself.
    return msg === undefined || msg.body['From'] === 'py' ? [] : [messageOf(msg)]
  })
}

/** A query of our own has an id of our own. */
function withoutId(message: SerfMessage): SerfMessage {
  return message.type === 'query' && message.sourceNode === 'go' ? { ...message, id: 0 } : message
}

function messageOf({ serf, body }: NonNullable<Received['msg']>): SerfMessage {
  const ltime = BigInt(body['LTime'] as number)
  const node = String(body['Node'])
  const name = String(body['Name'])
  const payload = bytesOf(body['Payload'] as string | null)
  switch (serf) {
    case 'join':
      return { type: 'join', ltime, node }
    case 'leave':
      return { type: 'leave', ltime, node, prune: body['Prune'] === true }
    case 'userEvent':
      return { type: 'user-event', ltime, name, payload, coalesce: body['CC'] === true }
    case 'query':
      return {
        type: 'query',
        ltime,
        id: Number(body['ID']),
        addr: bytesOf(body['Addr'] as string),
        port: Number(body['Port']),
        sourceNode: String(body['SourceNode']),
        filters: ((body['Filters'] ?? []) as readonly string[]).map(bytesOf),
        flags: Number(body['Flags']),
        relayFactor: Number(body['RelayFactor']),
        timeoutNanos: BigInt(body['Timeout'] as number),
        name,
        payload,
      }
    case 'queryResponse':
      return {
        type: 'query-response',
        ltime,
        id: Number(body['ID']),
        from: String(body['From']),
        flags: Number(body['Flags']),
        payload,
      }
    default:
      throw new Error(`no message is called ${serf}`)
  }
}

describe('what is passed along, asked and answered, step by step as a real agent did', () => {
  machine.handle({ type: 'start', advertise: go }, now)
  const introduction = encodeMessage({
    type: 'alive',
    incarnation: 1,
    node: 'py',
    addr: ipToBytes(py.host)!,
    port: py.port,
    meta: encodeTags({ lang: 'py' }),
    versions: serfVersions,
  })
  machine.handle({ type: 'packet', from: py, bytes: introduction }, now)
  const joined = encodeSerf({ type: 'join', ltime: 1n, node: 'py' })
  hear(encodeMessage({ type: 'user', payload: joined }))

  for (const step of steps) {
    test(`${step.step}`, () => {
      const sent = hear(step.sent ? hex(step.sent) : undefined)
      expect(sent.map(withoutId)).toEqual(expectedOf(step).map(withoutId))
    })
  }

  test('and at the end our user state is theirs', () => {
    const reply = steps.at(-1)!.reply!.userState.body
    const message = { type: 'push-pull', join: false, nodes: [], userState: NO_BYTES } as const
    machine.handle({ type: 'request', connection: 1, message }, now)
    const response = machine.poll()
    const answer = response?.type === 'respond' && streamMessage(response.bytes!)
    const own = answer && answer.type === 'push-pull' && decodeSerf(answer.userState).message
    expect(own).toMatchObject({
      type: 'push-pull',
      ltime: BigInt(reply.LTime),
      eventLTime: BigInt(reply.EventLTime),
      queryLTime: BigInt(reply.QueryLTime),
      leftMembers: reply.LeftMembers,
      events: reply.Events.filter((slot) => slot !== null).map(({ LTime, Events }) => {
        const events = Events.map(({ Name, Payload }) => ({
          name: Name,
          payload: bytesOf(Payload),
        }))
        return { ltime: BigInt(LTime), events }
      }),
      statusLTimes: new Map(
        Object.entries(reply.StatusLTimes).map(([name, ltime]) => [name, BigInt(ltime)]),
      ),
    })
  })
})
