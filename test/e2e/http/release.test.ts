import { afterEach, describe, expect, test } from 'vitest'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect } from 'node:net'
import type { ServeContext } from 'libring/http'
import { heardFrom } from '../../support/raw-http.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
} from '../../support/routed-cluster.ts'

const PATIENCE = { timeout: 60_000 }
const members: RoutedMember[] = []

afterEach(async () => {
  await stopRouted(members.splice(0))
})

interface Bench {
  readonly ann: RoutedMember
  readonly path: string
  readonly partition: number
  /** What was let go, and what `serve` was called with. */
  readonly released: number[]
  readonly served: { readonly response: ServerResponse; readonly context: ServeContext }[]
  readonly upgraded: { readonly socket: Duplex; readonly context: ServeContext }[]
}

/** Ann alone, who serves until the test ends it. */
async function bench(releaseWaitMs: number): Promise<Bench> {
  const released: number[] = []
  const served: Bench['served'] = []
  const upgraded: Bench['upgraded'] = []
  members.push(
    ...(await routedMembers({
      names: ['ann'],
      cluster: { onRelease: ({ partition }) => void released.push(partition) },
      router: {
        releaseWaitMs,
        acquireWaitMs: 100,
        serve: (_request, response, context) => void served.push({ response, context }),
        serveUpgrade: (_request, socket, _head, context) => {
          upgraded.push({ socket, context })
          socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
        },
      },
    })),
  )
  const [ann] = members
  const path = pathOwnedBy(ann!, 'ann')
  await expect.poll(() => ann!.cluster.localRole(0)?.isServing, PATIENCE).toBe(true)
  const partition = ann!.cluster.partitionForKey(path)
  return { ann: ann!, path, partition, released, served, upgraded }
}

describe('a partition is let go', () => {
  test('after the requests that are being served for it, and at once where there are none', async () => {
    const { ann, path, partition, released, served } = await bench(60_000)
    const answer = fetch(ann.origin + path)
    await expect.poll(() => served.length, PATIENCE).toBe(1)
    const { context, response } = served[0]!
    const stopped = ann.cluster.stop()
    await expect.poll(() => released.length, PATIENCE).toBe(63)
    expect(released).not.toContain(partition)
    // It is not to begin anything new, but may finish what it has begun.
    expect([context.held?.valid, context.signal.aborted]).toEqual([false, false])
    response.end('finished')
    expect(await (await answer).text()).toBe('finished')
    await stopped
    expect(released).toContain(partition)
  })

  test('without them once they have had their time, which their signal tells', async () => {
    const { ann, path, released, served } = await bench(50)
    const answer = fetch(ann.origin + path)
    await expect.poll(() => served.length, PATIENCE).toBe(1)
    await ann.cluster.stop()
    expect(released).toHaveLength(64)
    expect(served[0]!.context.signal.aborted).toBe(true)
    served[0]!.response.end('late')
    await answer
  })

  test('after its upgraded connections, which are told at once, and broken in time', async () => {
    const { ann, path, partition, released, upgraded } = await bench(2_000)
    const { hostname, port } = new URL(ann.origin)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: talk\r\n\r\n`)
    await heardFrom(socket, (text) => text.endsWith('\r\n\r\n'))
    const stopped = ann.cluster.stop()
    await expect.poll(() => upgraded[0]!.context.signal.aborted, PATIENCE).toBe(true)
    expect([released.includes(partition), upgraded[0]!.socket.destroyed]).toEqual([false, false])
    await stopped
    expect([released.includes(partition), upgraded[0]!.socket.destroyed]).toEqual([true, true])
    socket.destroy()
  })

  test('nothing new is served for it meanwhile', async () => {
    const { ann, path, served } = await bench(60_000)
    const answer = fetch(ann.origin + path)
    await expect.poll(() => served.length, PATIENCE).toBe(1)
    const stopped = ann.cluster.stop()
    const late = await fetch(ann.origin + path)
    expect([late.status, served.length]).toEqual([503, 1])
    served[0]!.response.end()
    await Promise.all([answer, stopped])
  })
})

test('whoever waits for the requests of a partition is told when they are over', async () => {
  const { ann, path, partition, served } = await bench(0)
  const answer = fetch(ann.origin + path)
  await expect.poll(() => served.length, PATIENCE).toBe(1)
  expect(await ann.router.settled(partition, 10)).toBe('overdue')
  const settled = ann.router.settled(partition, 60_000)
  served[0]!.response.end()
  expect(await settled).toBe('settled')
  await answer
})
