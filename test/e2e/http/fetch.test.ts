import { afterEach, expect, test } from 'vitest'
import { createFetch, type RingFetch, type RouterOptions } from 'libring/http'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
  type RoutedSetup,
} from '../../support/routed-cluster.ts'

const members: RoutedMember[] = []
const asks: RingFetch[] = []

afterEach(async () => {
  await Promise.all(asks.splice(0).map((ask) => ask.close()))
  await stopRouted(members.splice(0))
})

async function start(
  setup: Partial<RoutedSetup>,
): Promise<readonly [RoutedMember, RoutedMember, RingFetch]> {
  members.push(...(await routedMembers({ names: ['ann', 'bob'], ...setup })))
  const [ann, bob] = members
  const ask = createFetch(ann!.cluster, { secret: 'the secret of these members' })
  asks.push(ask)
  return [ann!, bob!, ask]
}

const secret: Partial<RouterOptions> = { secret: 'the secret of these members' }

test('a fetch asks the owner, which serves it as forwarded', async () => {
  const [ann, bob, ask] = await start({ router: secret })
  const path = pathOwnedBy(ann, 'bob')
  const response = await ask(path, { key: path })
  expect([response instanceof Response, response.status, await response.text()]).toEqual([
    true,
    200,
    'bob',
  ])
  expect(bob.router.stats()).toMatchObject({ servedForwarded: 1, forged: 0 })
  const own = pathOwnedBy(ann, 'ann')
  expect(await (await ask(own, { key: own })).text()).toBe('ann')
})

test('a fetch carries method, fields and body, and gives what the owner answers', async () => {
  const [ann, , ask] = await start({
    router: {
      ...secret,
      serve: async (request, response) => {
        let body = ''
        for await (const chunk of request) body += String(chunk)
        response.writeHead(201, {
          'x-got': `${request.method} ${String(request.headers['x-sent'])}`,
        })
        response.end(body)
      },
    },
  })
  const path = `${pathOwnedBy(ann, 'bob')}`
  const init = { key: path, method: 'PUT', headers: { 'x-sent': 'word' }, body: 'whole' }
  const response = await ask(path, init)
  expect([response.status, response.headers.get('x-got'), await response.text()]).toEqual([
    201,
    'PUT word',
    'whole',
  ])
})

test('a fetch whose owner cannot be reached, or breaks off, says which', async () => {
  const [ann, bob, ask] = await start({
    router: { ...secret, serve: (request) => void request.socket.destroy() },
  })
  const path = pathOwnedBy(ann, 'bob')
  await expect(ask(path, { key: path })).rejects.toMatchObject({
    code: 'LIBRING_OWNER_FAILED',
    partition: ann.cluster.partitionForKey(path),
  })
  bob.server.close()
  bob.server.closeAllConnections()
  await expect(ask(path, { key: path })).rejects.toMatchObject({
    code: 'LIBRING_OWNER_UNREACHABLE',
  })
})

test('a fetch follows the name of whoever serves, with its body', async () => {
  const [ann, , ask] = await start({
    names: ['ann', 'bob', 'cat'],
    router: {
      ...secret,
      serve: async (request, response) => {
        let body = ''
        for await (const chunk of request) body += String(chunk)
        response.end(body)
      },
    },
    // Bob takes cat for the owner of everything, and serves nothing.
    perMember: (name) =>
      name === 'bob' ? { cluster: { onAcquire: () => new Promise(() => {}) } } : {},
  })
  const path = pathOwnedBy(ann, 'bob')
  const [, bob, cat] = members
  bob!.cluster.holdersForPartition = () => [bob!.cluster.memberNamed('cat')!]
  cat!.cluster.localRole = () => ({ replica: 0, isReady: true, isServing: true, token: 1n })
  cat!.cluster.held = () => ({
    partition: 0,
    token: 1n,
    tokenHex: '',
    valid: true,
    signal: new AbortController().signal,
  })
  const response = await ask(path, { key: path, method: 'POST', body: 'whole' })
  expect([response.status, await response.text()]).toEqual([200, 'whole'])
  const body = new Blob(['whole']).stream()
  await expect(
    ask(path, { key: path, method: 'POST', body, duplex: 'half' }),
  ).rejects.toMatchObject({
    code: 'LIBRING_NO_OWNER',
  })
})

test('a fetch ends with the reason of its signal', async () => {
  const [ann, , ask] = await start({ router: { ...secret, serve: () => {} } })
  const path = pathOwnedBy(ann, 'bob')
  const controller = new AbortController()
  const asked = ask(path, { key: path, signal: controller.signal })
  await expect.poll(() => members[1]!.router.stats().inFlight, { timeout: 60_000 }).toBe(1)
  controller.abort(new Error('enough'))
  await expect(asked).rejects.toThrow('enough')
})
