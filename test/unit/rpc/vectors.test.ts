import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  fromHex,
  toHex,
  utf8Encode,
} from '../../../packages/libring/src/base/bytes.ts'
import { decode, type Codec } from '../../../packages/libring/src/codec/msgpack.ts'
import {
  ANSWER_HEADER,
  answerCodec,
  EVENT_RECORDS,
  isRpcCommand,
  recordCodec,
  REQUEST_HEADER,
  REQUESTS,
  RpcErrorText,
  type EventRecord,
  type RpcCommand,
} from '../../../packages/libring/src/rpc/commands.ts'
import { encodeFrame, FrameDecoder } from '../../../packages/libring/src/rpc/frames.ts'

// What the stock command line and an agent said to each other, read and written again.

interface Session {
  readonly conn: string
  readonly clientCommands: readonly string[]
  readonly chunks: readonly { readonly dir: 'c2s' | 's2c'; readonly hex?: string }[]
}

const { sessions } = JSON.parse(
  readFileSync(new URL('../../vectors/serf/rpc-sessions.json', import.meta.url), 'utf8'),
) as { sessions: readonly Session[] }

function said(session: Session, dir: 'c2s' | 's2c'): Uint8Array {
  const chunks = session.chunks.filter((chunk) => chunk.dir === dir && chunk.hex !== undefined)
  return concatBytes(chunks.map(({ hex }) => fromHex(hex!)!))
}

function requestCodec(command: string): Codec<unknown> | undefined {
  return isRpcCommand(command) ? (REQUESTS[command] as Codec<unknown> | undefined) : undefined
}

function valueOf(codec: Codec<unknown>, bytes: Uint8Array): unknown {
  const decoded = decode(codec, bytes)
  expect(decoded.fault).toBeUndefined()
  return decoded.fault === undefined ? decoded.value : undefined
}

/** The same record with the fields that it has on the wire. */
function recordWriter(command: RpcCommand, record: unknown): Codec<unknown> {
  if (command !== 'stream') return recordCodec(command)!
  const { Event } = record as EventRecord
  const kind = Event === 'user' || Event === 'query' ? Event : 'member'
  return EVENT_RECORDS[kind] as Codec<unknown>
}

/** Filters of none, which Go's clients write as nil or as empty, as the moment has it. */
function withoutNil(bytes: Uint8Array): string {
  const [nodes, tags] = ['FilterNodes', 'FilterTags'].map((name) => toHex(utf8Encode(name)))
  return toHex(bytes).replaceAll(`${nodes}c0`, `${nodes}90`).replaceAll(`${tags}c0`, `${tags}80`)
}

/**
 * Maps are written by Go in whatever order, so bytes are compared where there is one order only:
 * by what is in them, sorted.
 */
function sortedBytes(bytes: Uint8Array): string {
  return [...toHex(bytes).matchAll(/../g)]
    .map(([byte]) => byte)
    .sort()
    .join('')
}

describe.each(sessions)('$conn: $clientCommands', (session) => {
  const requests = new Map<bigint, RpcCommand>()
  const asked = said(session, 'c2s')
  const answered = said(session, 's2c')

  function readRequests(): Uint8Array[] {
    const frames = new FrameDecoder(REQUEST_HEADER, ({ Command }) => {
      return requestCodec(Command) !== undefined
    })
    frames.push(asked)
    const written: Uint8Array[] = []
    for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
      const { header, body } = frame
      if (!isRpcCommand(header.Command)) throw new Error(`no command ${header.Command}`)
      requests.set(header.Seq, header.Command)
      const codec = requestCodec(header.Command)
      written.push(encodeFrame([REQUEST_HEADER, header], codec && [codec, valueOf(codec, body!)]))
    }
    expect(frames.fault).toBeUndefined()
    return written
  }

  test('every request is read, and written as the stock client writes it', () => {
    const written = readRequests()
    expect([...requests.values()]).toEqual(session.clientCommands)
    expect(withoutNil(concatBytes(written))).toBe(withoutNil(asked))
  })

  test('every answer and every record is read, and nothing is lost in writing it', () => {
    readRequests()
    const opened = new Set<bigint>()
    const frames = new FrameDecoder(ANSWER_HEADER, ({ Seq, Error: error }) => {
      const command = requests.get(Seq)!
      return (
        opened.has(Seq) ||
        (answerCodec(command) !== undefined && error !== RpcErrorText.authenticationRequired)
      )
    })
    frames.push(answered)
    const written: Uint8Array[] = []
    for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
      const { header, body } = frame
      const command = requests.get(header.Seq)!
      const reader = opened.has(header.Seq) ? recordCodec(command) : answerCodec(command)
      const value = reader && body && valueOf(reader, body)
      const writer = opened.has(header.Seq) ? recordWriter(command, value) : reader
      written.push(encodeFrame([ANSWER_HEADER, header], body && [writer!, value]))
      if (recordCodec(command) !== undefined && header.Error === '') opened.add(header.Seq)
    }
    expect(frames.fault).toBeUndefined()
    expect(sortedBytes(concatBytes(written))).toBe(sortedBytes(answered))
  })
})
