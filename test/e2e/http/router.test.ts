import { afterEach, expect, test } from 'vitest'
import { pathOwnedBy, RoutedStage } from '../../support/routed-cluster.ts'

const stage = new RoutedStage()
const { start } = stage

afterEach(async () => {
  await stage.clear()
})

test('a request is served by the owner of its key, wherever it comes in', async () => {
  const [ann, bob] = await start({ names: ['ann', 'bob'] })
  for (const owner of ['ann', 'bob']) {
    for (const member of [ann!, bob!]) {
      const response = await fetch(member.origin + pathOwnedBy(member, owner))
      expect(await response.text()).toBe(owner)
    }
  }
  expect(ann!.router.stats()).toMatchObject({ served: 1, servedForwarded: 1, forwarded: 1 })
})

test('a body goes to the owner whole', async () => {
  const [ann] = await start({
    names: ['ann', 'bob'],
    router: {
      serve: async (request, response) => {
        let bytes = 0
        for await (const chunk of request) bytes += (chunk as Buffer).length
        response.end(String(bytes))
      },
    },
  })
  for (const bytes of [0, 1, 100_000, 5_000_000]) {
    const response = await fetch(ann!.origin + pathOwnedBy(ann!, 'bob'), {
      method: 'POST',
      body: Buffer.alloc(bytes, 1),
    })
    expect(await response.text()).toBe(String(bytes))
  }
})
