import { describe, expect, test } from 'vitest'
import {
  ANSWER_HEADER,
  answerCodec,
  isRpcCommand,
  recordCodec,
  RpcErrorText,
} from '../../../packages/libring/src/rpc/commands.ts'
import { decode } from '../../../packages/libring/src/codec/msgpack.ts'
import { FrameDecoder } from '../../../packages/libring/src/rpc/frames.ts'
import { bytesOf, hex, serfVectors } from '../../support/vectors.ts'

interface Header {
  readonly Seq: number | string
  readonly Command?: string
  readonly Error?: string
}

interface Exchange {
  readonly sent: readonly (Header | object | null)[]
  readonly recvHex: string
  readonly recv: readonly (Header | object | null)[]
}

const { sessions } = serfVectors<{
  sessions: readonly { readonly name: string; readonly exchange: readonly Exchange[] }[]
}>('rpc-probes.json')

/** Errors after which an agent says no more, not even what the command would be answered with. */
const BARE: readonly string[] = [
  RpcErrorText.handshakeRequired,
  RpcErrorText.authenticationRequired,
]

const isHeader = (value: Header | object | null): value is Header =>
  value !== null && 'Seq' in value

describe('what an agent answered to whoever tried its limits', () => {
  test.each(sessions)('is read to the end: $name', ({ exchange }) => {
    const commands = new Map<string, string>()
    const opened = new Set<string>()
    const frames = new FrameDecoder(ANSWER_HEADER, ({ Seq, Error: error }) => {
      const command = commands.get(`${Seq}`)!
      if (opened.has(`${Seq}`)) return error === ''
      return isRpcCommand(command) && answerCodec(command) !== undefined && !BARE.includes(error)
    })
    for (const { sent, recvHex, recv } of exchange) {
      for (const { Seq, Command } of sent.filter(isHeader)) commands.set(`${Seq}`, Command!)
      const answers: unknown[] = []
      frames.push(hex(recvHex))
      for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
        const { Seq, Error: error } = frame.header
        const command = commands.get(`${Seq}`)!
        answers.push({ Seq: `${Seq}`, Error: error })
        if (!isRpcCommand(command)) continue
        const codec = opened.has(`${Seq}`) ? recordCodec(command) : answerCodec(command)
        if (frame.body !== undefined) expect(decode(codec!, frame.body).fault).toBeUndefined()
        if (recordCodec(command) !== undefined && error === '') opened.add(`${Seq}`)
      }
      const expected = recv.filter(isHeader).map(({ Seq, Error: error }) => {
        return { Seq: `${Seq}`, Error: new TextDecoder().decode(bytesOf(error!)) }
      })
      expect(answers).toEqual(expected)
      expect(frames.fault).toBeUndefined()
    }
  })
})
