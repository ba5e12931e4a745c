import { expect, test } from 'vitest'
import { resolveRpcOptions } from '../../../packages/libring/src/attach/options.ts'
import { RpcClient, type RpcQueryAnswer } from '../../../packages/libring/src/attach/rpc-client.ts'
import { RpcConnection } from '../../../packages/libring/src/attach/rpc-connection.ts'
import { concatBytes, NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { ANSWER_HEADER, RECORDS } from '../../../packages/libring/src/rpc/commands.ts'
import { encodeFrame } from '../../../packages/libring/src/rpc/frames.ts'
import { SimResolver } from '../../../packages/libring/src/sim/names.ts'
import { AttachmentBench } from '../../support/attachment-bench.ts'
import { answerBytes } from '../../support/fake-agent.ts'

const bench = new AttachmentBench()

const recordBytes = (seq: bigint, type: string, from: string): Uint8Array => {
  const record = { Type: type, From: from, Payload: NO_BYTES }
  return encodeFrame([ANSWER_HEADER, { Error: '', Seq: seq }], [RECORDS.query, record])
}

test('what an agent says of nobody at the end of a query is passed over', async () => {
  bench.agent.lies.set('query', (seq) =>
    concatBytes([
      answerBytes(seq),
      recordBytes(seq, 'ack', 'ben'),
      recordBytes(seq, 'ack', ''),
      recordBytes(seq, 'response', ''),
      recordBytes(seq, 'done', ''),
    ]),
  )
  const { clock, agent: dialer, names } = bench
  const resolver = new SimResolver(names, clock, seededRandom(1))
  const options = resolveRpcOptions({ rpcAddress: '10.0.0.1' })
  const connection = new RpcConnection(options, { clock, dialer, resolver })
  await bench.settled(connection.open())
  const answers = await bench.settled(new RpcClient(connection).query('uptime', { acks: true }))
  const got: RpcQueryAnswer[] = []
  const read = async (): Promise<void> => {
    for await (const answer of answers) got.push(answer)
  }
  await bench.settled(read())
  expect(got).toEqual([{ type: 'ack', from: 'ben' }])
  connection.close()
})
