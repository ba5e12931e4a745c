import { afterEach, describe, expect, test } from 'vitest'
import { decodeRefusal } from '../../../packages/libring/src/routing/forward-mark.ts'
import { rawExchange, requestText } from '../../support/raw-http.ts'
import { pathOwnedBy, RoutedStage, type RoutedMember } from '../../support/routed-cluster.ts'

const stage = new RoutedStage()
const { start } = stage

afterEach(async () => {
  await stage.clear()
})

function markFor({ cluster }: RoutedMember, path: string, hop = 1, tried = ''): string {
  const partition = cluster.partitionForKey(path)
  return `1;${partition};p;${cluster.configurationDigest};${hop};${tried};`
}

function refusalOf(answer: string): unknown {
  const [, text] = /^libring-refusal: (.*)\r$/m.exec(answer) ?? []
  return text === undefined ? answer : decodeRefusal(text)
}

describe('a member that was sent what it does not serve', () => {
  test('says so, names the owner, and never sends it on', async () => {
    const [ann, bob] = await start({ names: ['ann', 'bob'] })
    const path = pathOwnedBy(ann!, 'bob')
    const mark = { 'libring-forward': markFor(ann!, path) }
    const answer = await rawExchange(ann!.origin, requestText(path, mark))
    expect(answer).toMatch(/^HTTP\/1.1 421 /)
    expect(refusalOf(answer)).toEqual({ reason: 'not-owner', owner: 'bob' })
    expect(bob!.router.stats().servedForwarded).toBe(0)
  })

  test('waits with what it could only send to one that has refused, where it is asked last', async () => {
    const [ann] = await start({ names: ['ann', 'bob'], router: { acquireWaitMs: 100 } })
    const path = pathOwnedBy(ann!, 'bob')
    const mark = { 'libring-forward': markFor(ann!, path, 3, 'bob') }
    const answer = await rawExchange(ann!.origin, requestText(path, mark))
    expect(refusalOf(answer)).toEqual({ reason: 'not-owner', owner: 'bob' })
    expect(ann!.router.stats()).toMatchObject({ waited: 1, refused: 1, unavailable: 0 })
  })

  test('refuses what has gone too far, or comes from another configuration', async () => {
    const [ann] = await start({ names: ['ann', 'bob'] })
    const path = pathOwnedBy(ann!, 'ann')
    const ask = async (mark: string): Promise<unknown> => {
      return refusalOf(
        await rawExchange(ann!.origin, requestText(path, { 'libring-forward': mark })),
      )
    }
    expect(await ask(markFor(ann!, path, 6))).toEqual({ reason: 'hops', owner: undefined })
    const other = markFor(ann!, path).replace(ann!.cluster.configurationDigest, '00000000')
    expect(await ask(other)).toEqual({ reason: 'configuration', owner: undefined })
  })
})

describe('a partition that is about to be served', () => {
  test('a request waits for the handler, here and forwarded', async () => {
    let letIn = (): void => {}
    const open = new Promise<void>((resolve) => (letIn = resolve))
    const [ann, bob] = await start({
      names: ['ann', 'bob'],
      router: { acquireWaitMs: 60_000, upstreamTimeoutMs: 90_000 },
      perMember: (name) => (name === 'bob' ? { cluster: { onAcquire: () => open } } : {}),
    })
    const path = pathOwnedBy(ann!, 'bob')
    const answers = [ann!, bob!].map(
      async ({ origin }) => await (await fetch(origin + path)).text(),
    )
    await expect.poll(() => bob!.router.stats().waited, { timeout: 60_000 }).toBe(2)
    letIn()
    expect(await Promise.all(answers)).toEqual(['bob', 'bob'])
  })

  test('a handler that keeps failing is 503 with Retry-After', async () => {
    const [ann] = await start({
      names: ['ann', 'bob'],
      router: { acquireWaitMs: 100 },
      perMember: (name) =>
        name === 'bob'
          ? { cluster: { onAcquire: () => Promise.reject(new Error('no disk')) } }
          : {},
    })
    const response = await fetch(ann!.origin + pathOwnedBy(ann!, 'bob'))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(response.headers.get('libring-error')).toBe('LIBRING_NO_OWNER')
  })
})
