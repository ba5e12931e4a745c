import { expect, test } from 'vitest'
import { RECORDS_MAX, RpcStream } from '../../../packages/libring/src/attach/record-stream.ts'

function streamOf(...records: number[]): { stream: RpcStream<number>; closed: () => number } {
  let closed = 0
  const stream = new RpcStream<number>(() => closed++)
  for (const record of records) stream.add(record)
  return { stream, closed: () => closed }
}

async function rest(stream: RpcStream<number>): Promise<number[]> {
  const records: number[] = []
  for await (const record of stream) records.push(record)
  return records
}

test('a reader gets what waits, and then what comes', async () => {
  const { stream } = streamOf(1)
  const three = [stream.next(), stream.next(), stream.next()]
  stream.add(2)
  stream.end(undefined)
  stream.add(3)
  expect(await Promise.all(three)).toEqual([
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: true, value: undefined },
  ])
})

test('what a slow reader has no room for pushes out the oldest, and is counted', async () => {
  const { stream } = streamOf(...Array.from({ length: RECORDS_MAX + 3 }, (_, index) => index))
  stream.end(undefined)
  const records = await rest(stream)
  expect([records.length, records[0], stream.dropped]).toEqual([RECORDS_MAX, 3, 3])
})

test('a stream that breaks gives what waits, then the error, once', async () => {
  const { stream, closed } = streamOf(1)
  stream.end(new Error('reset'))
  expect(await stream.next()).toEqual({ done: false, value: 1 })
  await expect(stream.next()).rejects.toThrow('reset')
  expect(await stream.next()).toEqual({ done: true, value: undefined })
  expect(closed()).toBe(0)
})

test('leaving the loop closes the stream, once, and frees what waited', async () => {
  const { stream, closed } = streamOf(1, 2)
  for await (const record of stream) {
    expect(record).toBe(1)
    break
  }
  await stream.return()
  expect([closed(), await stream.next()]).toEqual([1, { done: true, value: undefined }])
})
