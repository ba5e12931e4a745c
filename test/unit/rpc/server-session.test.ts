import { beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, NO_BYTES, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { decode, encode, type Codec } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  ANSWER_HEADER,
  answerCodec,
  recordCodec,
  REQUEST_HEADER,
  REQUESTS,
  type MemberBody,
  type RpcCommand,
  type RpcRequests,
} from '../../../packages/libring/src/rpc/commands.ts'
import { encodeFrame, FrameDecoder } from '../../../packages/libring/src/rpc/frames.ts'
import {
  ServerSession,
  type ServerEffect,
  type ServerInput,
} from '../../../packages/libring/src/rpc/server-session.ts'
import { STREAM_RECORDS_MAX } from '../../../packages/libring/src/rpc/server-streams.ts'
import { memberBody } from '../../support/fake-agent.ts'

type Effect = ServerEffect<string>

let session: ServerSession<string>
let nowMs: number
/** Which command each number was used for, as clients know. */
let commands: Map<bigint, RpcCommand>
let isOpen: Set<bigint>

beforeEach(() => restart())

function restart(authKey = ''): void {
  nowMs = 0
  commands = new Map()
  isOpen = new Set()
  session = new ServerSession({ authKey, greetingMs: 30_000 })
  feed({ type: 'connected' })
}

function feed(input: ServerInput<string>): Effect[] {
  session.handle(input, nowMs)
  return drain()
}

function drain(): Effect[] {
  const effects: Effect[] = []
  for (let effect = session.poll(); effect !== undefined; effect = session.poll()) {
    effects.push(effect)
  }
  return effects
}

function requestBytes<C extends RpcCommand>(seq: bigint, command: C, body: RpcRequests[C]) {
  commands.set(seq, command)
  const codec = REQUESTS[command] as Codec<unknown> | undefined
  return encodeFrame([REQUEST_HEADER, { Command: command, Seq: seq }], codec && [codec, body])
}

function ask<C extends RpcCommand>(seq: bigint, command: C, body: RpcRequests[C]): Effect[] {
  return feed({ type: 'bytes', bytes: requestBytes(seq, command, body) })
}

/** What was sent, read as a client reads it: answers first, records under the same number after. */
function said(effects: readonly Effect[]): unknown[] {
  const frames = new FrameDecoder(ANSWER_HEADER, ({ Error: error, Seq: seq }) => {
    if (isOpen.has(seq)) return true
    const command = commands.get(seq)!
    const isBare = error === 'Authentication required' || error === 'Handshake required'
    if (error === '' && recordCodec(command) !== undefined) isOpen.add(seq)
    return answerCodec(command) !== undefined && !isBare
  })
  for (const effect of effects) if (effect.type === 'send') frames.push(effect.bytes)
  const all: unknown[] = []
  for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
    const { Error: error, Seq: seq } = frame.header
    const command = commands.get(seq)!
    const codec = recordCodec(command) ?? answerCodec(command)
    const decoded = frame.body === undefined ? undefined : decode(codec!, frame.body)
    expect(decoded?.fault).toBeUndefined()
    const value = decoded?.fault === undefined ? decoded?.value : undefined
    all.push(value === undefined ? [seq, error] : [seq, error, value])
  }
  expect(frames.fault).toBeUndefined()
  return all
}

const requested = (effects: readonly Effect[]) => {
  return effects.flatMap((effect) => (effect.type === 'request' ? [effect.request] : []))
}
const isClosed = (effects: readonly Effect[]) => effects.some(({ type }) => type === 'close')
const greet = () => said(ask(1n, 'handshake', { Version: 1 }))
const members = (...names: string[]): MemberBody[] => names.map((name) => memberBody(name))
const user = (name: string) => {
  const event = { Event: 'user', LTime: 3n, Name: name, Payload: NO_BYTES } as const
  return feed({ type: 'event', event: { ...event, Coalesce: false } })
}

describe('before it is let in, a client', () => {
  test('has to greet, and is hung up on otherwise', () => {
    const effects = ask(1n, 'members', undefined)
    expect(said(effects)).toEqual([[1n, 'Handshake required']])
    expect(isClosed(effects)).toBe(true)
  })

  test('may greet in one version, once', () => {
    expect(said(ask(1n, 'handshake', { Version: 2 }))).toEqual([[1n, 'Unsupported IPC version']])
    expect(said(ask(2n, 'handshake', { Version: 1 }))).toEqual([[2n, '']])
    expect(said(ask(3n, 'handshake', { Version: 1 }))).toEqual([
      [3n, 'Handshake already performed'],
    ])
  })

  test('has to show the key, and what it asks before is read and not done', () => {
    restart('secret')
    greet()
    const event = { Name: 'deploy', Payload: utf8Encode('v1'), Coalesce: false }
    const early = ask(2n, 'event', event)
    expect([said(early), requested(early)]).toEqual([[[2n, 'Authentication required']], []])
    expect(said(ask(3n, 'auth', { AuthKey: 'guess' }))).toEqual([
      [3n, 'Invalid authentication token'],
    ])
    expect(said(ask(4n, 'auth', { AuthKey: 'secret-er' }))).toEqual([
      [4n, 'Invalid authentication token'],
    ])
    expect(said(ask(5n, 'auth', { AuthKey: '' }))).toEqual([[5n, 'Invalid authentication token']])
    expect(said(ask(6n, 'auth', { AuthKey: 'secret' }))).toEqual([[6n, '']])
    expect(requested(ask(7n, 'event', event))).toEqual([{ command: 'event', body: event }])
  })

  test('needs no key where there is none, and none but the empty one will do', () => {
    greet()
    expect(said(ask(2n, 'auth', { AuthKey: 'any' }))).toEqual([
      [2n, 'Invalid authentication token'],
    ])
    expect(said(ask(3n, 'auth', { AuthKey: '' }))).toEqual([[3n, '']])
  })

  test.each([
    ['greeted nobody', () => {}],
    ['showed no key', () => void greet()],
  ])('is hung up on in time when it %s', (_, act) => {
    restart('secret')
    act()
    expect(session.deadlineMs()).toBe(30_000)
    session.tick(30_000)
    expect(drain()).toEqual([{ type: 'close' }])
  })

  test('has all the time there is once it is in', () => {
    greet()
    expect(session.deadlineMs()).toBeUndefined()
  })
})

describe('requests', () => {
  beforeEach(() => void greet())

  test('are asked for one after the other, however they come', () => {
    const both = [requestBytes(2n, 'members', undefined), requestBytes(3n, 'stats', undefined)]
    const first = feed({ type: 'bytes', bytes: concatBytes(both) })
    expect(requested(first).map(({ command }) => command)).toEqual(['members'])
    expect(session.wantsBytes).toBe(false)
    const then = feed({ type: 'answer', error: '', body: { Members: members('ann') } })
    expect(requested(then).map(({ command }) => command)).toEqual(['stats'])
    expect(said(then)).toEqual([[2n, '', { Members: members('ann') }]])
    feed({ type: 'answer', error: '', body: new Map() })
    expect(session.wantsBytes).toBe(true)
  })

  test('that were cut anywhere are read', () => {
    const bytes = requestBytes(2n, 'force-leave', { Node: 'ann', Prune: true })
    const effects = [...bytes].flatMap((byte) =>
      feed({ type: 'bytes', bytes: Uint8Array.of(byte) }),
    )
    expect(requested(effects)).toEqual([
      { command: 'force-leave', body: { Node: 'ann', Prune: true } },
    ])
  })

  test('that fail are answered with the body that clients wait for', () => {
    ask(2n, 'join', { Existing: ['10.0.0.9'], Replay: false })
    expect(said(feed({ type: 'answer', error: 'no way' }))).toEqual([[2n, 'no way', { Num: 0 }]])
  })

  test('of a command that nobody knows end the connection', () => {
    commands.set(2n, 'leave')
    const bytes = encode(REQUEST_HEADER, { Command: 'dance', Seq: 2n })
    const effects = feed({ type: 'bytes', bytes })
    expect(said(effects)).toEqual([[2n, 'Unsupported command']])
    expect(isClosed(effects)).toBe(true)
  })

  test('that cannot be read, or make no sense, end it without a word', () => {
    expect(feed({ type: 'bytes', bytes: Uint8Array.of(0xc1) })).toEqual([{ type: 'close' }])
    restart()
    greet()
    ask(2n, 'members-filtered', { Tags: new Map(), Status: '(', Name: '' })
    expect(feed({ type: 'break' })).toEqual([{ type: 'close' }])
  })

  test('to leave are answered, and then the connection ends', () => {
    expect(requested(ask(2n, 'leave', undefined))).toEqual([{ command: 'leave', body: undefined }])
    const effects = feed({ type: 'answer', error: '' })
    expect(said(effects)).toEqual([[2n, '']])
    expect(isClosed(effects)).toBe(true)
    expect(ask(3n, 'members', undefined)).toEqual([])
  })
})

describe('streams of events', () => {
  beforeEach(() => void greet())

  test('give what their filters let through, once each', () => {
    expect(said(ask(2n, 'stream', { Type: 'user:deploy,member-join,user' }))).toEqual([[2n, '']])
    const event = { Event: 'member-join', Members: members('ann') } as const
    expect(said(feed({ type: 'event', event }))).toMatchObject([[2n, '', event]])
    const left = { Event: 'member-leave', Members: members('ann') } as const
    expect(said(feed({ type: 'event', event: left }))).toEqual([])
    expect(said(user('deploy'))).toMatchObject([[2n, '', { Event: 'user', Name: 'deploy' }]])
  })

  test('of one name give no others', () => {
    said(ask(2n, 'stream', { Type: 'user:deploy' }))
    expect([said(user('restart')), said(user('deploy')).length]).toEqual([[], 1])
  })

  test.each(['', '*'])('without a filter, as with "%s", give everything', (type) => {
    said(ask(2n, 'stream', { Type: type }))
    expect(said(user('deploy'))).toHaveLength(1)
  })

  test.each(['member', 'user-event', ' user', 'member-join,', 'query '])(
    'take no filter "%s"',
    (type) => {
      expect(said(ask(2n, 'stream', { Type: type }))).toEqual([[2n, 'Invalid event filter']])
    },
  )

  test('have a number each, and end when they are stopped', () => {
    said(ask(2n, 'stream', { Type: 'user' }))
    isOpen.delete(2n)
    expect(said(ask(2n, 'stream', { Type: 'user' }))).toEqual([
      [2n, 'Stream with given sequence exists'],
    ])
    commands.set(3n, 'stop')
    expect(said(ask(3n, 'stop', { Stop: 2n }))).toEqual([[3n, '']])
    expect(user('deploy')).toEqual([])
  })

  test('keep what a slow reader does not take, up to a limit', () => {
    said(ask(2n, 'stream', { Type: 'user' }))
    feed({ type: 'congested' })
    expect(session.wantsBytes).toBe(false)
    for (let told = 0; told < STREAM_RECORDS_MAX + 3; told++) expect(user(`e${told}`)).toEqual([])
    expect(session.recordsDropped).toBe(3)
    const given = said(feed({ type: 'drained' }))
    expect(given).toHaveLength(STREAM_RECORDS_MAX)
    expect(given[0]).toMatchObject([2n, '', { Name: 'e0' }])
    expect(session.wantsBytes).toBe(true)
  })
})

describe('a monitor', () => {
  beforeEach(() => void greet())

  test('shows lines as urgent as it wants, the last ones from before first', () => {
    const effects = ask(2n, 'monitor', { LogLevel: 'warn' })
    expect([said(effects), requested(effects)]).toEqual([[[2n, '']], [{ command: 'monitor' }]])
    const lines = ['12:00 [INFO] a', '12:00 [ERR] b', '12:00 [WARN] c', 'no level']
    const shown = lines.flatMap((line) => said(feed({ type: 'log', line })))
    expect(shown).toEqual(lines.slice(1).map((line) => [2n, '', { Log: line }]))
    expect(said(feed({ type: 'answer', error: '' }))).toEqual([])
    expect(session.wantsBytes).toBe(true)
  })

  test('is one a connection, at a level that there is', () => {
    expect(said(ask(2n, 'monitor', { LogLevel: 'loud' }))).toEqual([
      [2n, 'Unknown log level: LOUD'],
    ])
    ask(3n, 'monitor', { LogLevel: 'DEBUG' })
    feed({ type: 'answer', error: '' })
    expect(said(ask(4n, 'monitor', { LogLevel: 'DEBUG' }))).toEqual([
      [4n, 'Monitor already exists'],
    ])
  })
})

describe('queries', () => {
  const query = {
    FilterNodes: [],
    FilterTags: new Map<string, string>(),
    RequestAck: true,
    RelayFactor: 0,
    Timeout: 0n,
    Name: 'load',
    Payload: NO_BYTES,
  }
  const ack = { Type: 'ack', From: 'ann', Payload: NO_BYTES }
  const done = { Type: 'done', From: '', Payload: NO_BYTES }

  beforeEach(() => void greet())

  test('are answered, and then give what comes until it is done', () => {
    expect(requested(ask(2n, 'query', query))).toEqual([{ command: 'query', body: query }])
    expect(said(feed({ type: 'answer', error: '' }))).toEqual([[2n, '']])
    expect(said(feed({ type: 'record', seq: 2n, record: ack }))).toEqual([[2n, '', ack]])
    expect(said(feed({ type: 'record', seq: 2n, record: done }))).toEqual([[2n, '', done]])
    expect(feed({ type: 'record', seq: 2n, record: ack })).toEqual([])
  })

  test('that are refused give nothing', () => {
    ask(2n, 'query', query)
    expect(said(feed({ type: 'answer', error: 'too long' }))).toEqual([[2n, 'too long']])
    expect(feed({ type: 'record', seq: 2n, record: ack })).toEqual([])
  })

  test('are said to be done however slow the reader is', () => {
    ask(2n, 'query', query)
    said(feed({ type: 'answer', error: '' }))
    feed({ type: 'congested' })
    for (let told = 0; told < STREAM_RECORDS_MAX + 1; told++) {
      feed({ type: 'record', seq: 2n, record: ack })
    }
    feed({ type: 'record', seq: 2n, record: done })
    const given = said(feed({ type: 'drained' }))
    expect(given).toHaveLength(STREAM_RECORDS_MAX + 1)
    expect(given.at(-1)).toEqual([2n, '', done])
  })

  const told = (name: string, lastsMs = 5_000) => {
    const event = { Event: 'query', LTime: 9n, Name: name, Payload: NO_BYTES } as const
    return said(feed({ type: 'event', event: { ...event, query: `question ${name}`, lastsMs } }))
  }

  test('of others can be answered by the number that they are told under, as long as they are open', () => {
    said(ask(2n, 'stream', { Type: 'query' }))
    expect(told('load')).toMatchObject([[2n, '', { Event: 'query', ID: 1n, Name: 'load' }]])
    expect(told('free')).toMatchObject([[2n, '', { ID: 2n }]])
    const answered = ask(3n, 'respond', { ID: 2n, Payload: Uint8Array.of(1) })
    expect(requested(answered)).toEqual([
      { command: 'respond', query: 'question free', payload: Uint8Array.of(1) },
    ])
    expect(said(feed({ type: 'answer', error: 'response already sent' }))).toEqual([
      [3n, 'response already sent'],
    ])
    nowMs = 5_000
    session.tick(nowMs)
    expect(said(ask(4n, 'respond', { ID: 1n, Payload: NO_BYTES }))).toEqual([
      [4n, 'No pending queries matching ID'],
    ])
  })
})

test('a client that is gone is told nothing more', () => {
  greet()
  said(ask(2n, 'stream', { Type: '' }))
  feed({ type: 'disconnected' })
  expect([user('deploy'), session.wantsBytes, session.deadlineMs()]).toEqual([[], false, undefined])
})
