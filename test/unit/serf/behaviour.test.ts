import { describe, expect, test } from 'vitest'
import { ipFromBytes, ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../../packages/libring/src/serf/messages.ts'
import { decodePingPayload } from '../../../packages/libring/src/serf/ping-payload.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeTags } from '../../../packages/libring/src/serf/tags.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { NodeState, PacketMessage, Ping } from '../../../packages/libring/src/wire/messages.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { bytesOf, hex, serfVectors } from '../../support/vectors.ts'
import * as memberlist from '../../support/wire-vectors.ts'
import { newMachine, streamMessage } from './world.ts'

// A peer called py talked to a real agent called go. We stand in for the agent, hear the same
// messages in the same order, and have to send py the same ones: memberlist's and Serf's. Pings are
// answered, and otherwise left out, as they were when this was recorded.

type Field = string | number | boolean | readonly string[] | null
type Fields = Readonly<Record<string, Field>>

interface Received {
  readonly type: string
  readonly body?: memberlist.VectorFields
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
    readonly header: { readonly Join: boolean }
    readonly nodes: readonly memberlist.VectorFields[]
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

/**
 * What the agent sent in a step that we may send in any, and why: that is compared by itself. All else
 * has to be the same, step by step.
 */
const AT_ANOTHER_TIME: ReadonlyMap<string, string> = new Map([
  ['same LTime other payload: rebroadcast', 'py is asked to ping n3, whose turn is drawn anew'],
  ['event LTime 89: accepted', 'again, as soon as the round before is over'],
  ['conflict query for name py', 'again, and how long a round lasts depends on the ones before'],
])

/** Where a ping does not say who asks, an agent gives its coordinate to anybody; ours gives a bare ack. */
const ASKED_BY_NOBODY = 'ping with empty Node, no CRC'

/** Whether py is asked to ping n3 where it moved to, as happens again and again while nobody is there. */
function isAtAnotherTime(message: Message): boolean {
  return message.type === 'indirect-ping' && ipFromBytes(message.target) === '127.0.0.98'
}

/** About as long as a step took then. Whoever is suspected at its end is not yet taken for dead. */
const STEP_MS = 600

/** One with which n3 is being probed when it leaves and is back before the round is over, as then. */
const SEED = 127

type Message = Exclude<PacketMessage, { type: 'ping' | 'user' }> | SerfMessage

const go = { host: '127.0.0.1', port: 18_300 }
const py = { host: '127.0.0.20', port: 18_300 }
let now = 0
const machine = newMachine('go', { tags: { role: 'x' }, seed: SEED })
const seen = new Set<string>()

/** Hand in a packet and give what py was not sent before, and is before the next step. */
function hear(bytes: Uint8Array | undefined): Message[] {
  const fresh: Message[] = []
  if (bytes !== undefined) machine.handle({ type: 'packet', from: py, bytes }, now)
  const endMs = now + STEP_MS
  for (let next: number | undefined = now; next !== undefined && next <= endMs;) {
    now = Math.max(now, next)
    machine.tick(now)
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
      if (effect.type !== 'send' || effect.to.host !== py.host) continue
      for (const message of openPacket(effect.bytes).messages) {
        if (message.type === 'ping') {
          answer(message)
          continue
        }
        const text = encodeMessage(message).join()
        if (!seen.has(text)) fresh.push(withinUser(message))
        seen.add(text)
      }
    }
    next = machine.deadlineMs()
  }
  now = endMs
  return fresh
}

function answer({ seq }: Ping): void {
  const bytes = encodeMessage({ type: 'ack', seq, payload: NO_BYTES })
  machine.handle({ type: 'packet', from: py, bytes }, now)
}

function withinUser(message: Exclude<PacketMessage, Ping>): Message {
  if (message.type !== 'user') return message
  const decoded = decodeSerf(message.payload)
  if (decoded.message === undefined) throw new Error(`not of Serf: ${decoded.fault}`)
  return decoded.message
}

function expectedOf({ receivedDistinct = [] }: Step): Message[] {
  return receivedDistinct.flatMap(({ type, body, msg }) => {
    if (body !== undefined) return [memberlist.messageOf(type, body) as Message]
    // What py answered to a query that the agent had passed along went to itself.
    return msg === undefined || msg.body['From'] === 'py' ? [] : [messageOf(msg)]
  })
}

/** By type, and without what is counted or drawn: see {@link withoutChance}. */
function comparable(messages: readonly Message[]): object[] {
  const sorted = [...messages].sort((a, b) => (a.type < b.type ? -1 : Number(a.type > b.type)))
  return sorted.map(withoutChance)
}

function bare(message: Message): Message {
  return message.type === 'ack' ? { ...message, payload: NO_BYTES } : message
}

/** Numbers of our own pings and queries are left out; of a coordinate only its form is kept. */
function withoutChance(message: Message): object {
  if (message.type === 'query' && message.sourceNode === 'go') return { ...message, id: 0 }
  if (message.type === 'indirect-ping') return { ...message, seq: 0 }
  if (message.type !== 'ack') return message
  const { coordinate, fault } = decodePingPayload(message.payload)
  return { ...message, payload: fault ?? `${coordinate.vec.length} dimensions` }
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

  const asked: Message[] = []

  for (const step of steps) {
    test(`${step.step}`, () => {
      const sent = hear(step.sent ? hex(step.sent) : undefined)
      asked.push(...sent.filter(isAtAnotherTime))
      const expected = expectedOf(step)
      const isBare = step.step === ASKED_BY_NOBODY
      const theirsHere = isBare ? expected.map(bare) : expected
      const [ours, theirs] = [sent, theirsHere].map((messages) => {
        return comparable(messages.filter((message) => !isAtAnotherTime(message)))
      })
      expect(ours).toEqual(theirs)
      expect(expected.some(isAtAnotherTime)).toBe(AT_ANOTHER_TIME.has(step.step))
    })
  }

  test('and what was asked at another time was the same', () => {
    const [theirs] = steps.flatMap(expectedOf).filter(isAtAnotherTime)
    expect(asked.length).toBeGreaterThan(0)
    for (const ours of asked) expect(comparable([ours])).toEqual(comparable([theirs!]))
  })

  test('and at the end our members and user state are theirs', () => {
    const { header, nodes, userState } = steps.at(-1)!.reply!
    const reply = userState.body
    const join = header.Join
    const message = { type: 'push-pull', join, nodes: [], userState: NO_BYTES } as const
    machine.handle({ type: 'request', connection: 1, message }, now)
    const response = machine.poll()
    const answer = response?.type === 'respond' && streamMessage(response.bytes!)
    if (!answer || answer.type !== 'push-pull') throw new Error('answered with something else')
    const byName = (a: NodeState, b: NodeState) => (a.name < b.name ? -1 : 1)
    expect(answer.join).toBe(join)
    expect([...answer.nodes].sort(byName)).toEqual(nodes.map(memberlist.nodeStateOf).sort(byName))
    expect(decodeSerf(answer.userState).message).toEqual({
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
