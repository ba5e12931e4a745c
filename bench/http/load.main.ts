/**
 * Clients that ask as fast as they are answered, over connections that stay open. They know only so
 * much HTTP as the servers of the comparison speak: answers with `content-length`, or in chunks.
 */
import { connect, type Socket } from 'node:net'
import type { LoadResult, LoadRound } from './subjects.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n')

process.on('message', (round: LoadRound) => {
  void run(round).then((result) => process.send?.(result))
})
process.once('disconnect', () => process.exit())

async function run({
  host,
  port,
  paths,
  bodyBytes,
  connections,
  ms,
}: LoadRound): Promise<LoadResult> {
  const requests = paths.map((path) => requestFor(`${host}:${port}`, path, bodyBytes))
  const latencies: number[] = []
  let isOver = false
  let failed = 0
  const startedAt = performance.now()
  const timer = setTimeout(() => (isOver = true), ms)
  const ask = (at: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, host)
      socket.setNoDelay(true)
      let next = at
      let sentAt = 0
      const send = (): void => {
        if (isOver) return void socket.end(() => resolve())
        sentAt = performance.now()
        socket.write(requests[next++ % requests.length]!)
      }
      const end = (): void => {
        if (!isOver) failed++
        resolve()
      }
      socket.once('connect', send)
      socket.once('error', end)
      socket.once('end', end)
      onAnswers(socket, (status) => {
        latencies.push(performance.now() - sentAt)
        if (status !== 200) failed++
        send()
      })
    })
  await Promise.all(Array.from({ length: connections }, (_, at) => ask(at * 7)))
  clearTimeout(timer)
  const seconds = (performance.now() - startedAt) / 1_000
  const sorted = Float64Array.from(latencies).toSorted()
  const part = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN
  return {
    count: latencies.length,
    failed,
    perSecond: latencies.length / seconds,
    p50: part(0.5),
    p99: part(0.99),
  }
}

function onAnswers(socket: Socket, onAnswer: (status: number) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const head = rest.indexOf(END_OF_HEAD)
    if (head < 0) return
    const text = rest.toString('latin1', 0, head)
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
    const isWhole =
      length === undefined
        ? rest.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS)
        : rest.length >= head + END_OF_HEAD.length + Number(length)
    if (!isWhole) return
    rest = Buffer.alloc(0)
    onAnswer(Number(text.slice(9, 12)))
  })
}

function requestFor(host: string, path: string, bodyBytes: number): Buffer {
  const head = [
    `${bodyBytes > 0 ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    `host: ${host}`,
    'user-agent: bench',
    'accept: application/json',
    ...(bodyBytes > 0 ? ['content-type: text/plain', `content-length: ${bodyBytes}`] : []),
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.alloc(bodyBytes, 'b')])
}
