import { describe, expect, test } from 'vitest'
import { NotOwnerError, RoutingError } from '../../../packages/libring/src/base/errors.ts'
import {
  admitForwarded,
  route,
  type RouteOptions,
  type RouteTarget,
} from '../../../packages/libring/src/routing/route.ts'
import { FakeCluster, type FakeState } from '../../support/fake-cluster.ts'

const unreachable = new RoutingError('LIBRING_OWNER_UNREACHABLE', 'refused', 7)

/** The members that were asked, of which each does what the test says. */
async function run(
  cluster: FakeCluster,
  replies: Readonly<Record<string, () => string>>,
  options: RouteOptions = {},
): Promise<{ asked: readonly string[]; outcome: string; marks: readonly string[] }> {
  const asked: string[] = []
  const marks: string[] = []
  const attempt = ({ member, mark }: RouteTarget): string => {
    const name = member?.name ?? 'here'
    asked.push(name)
    marks.push(mark)
    return replies[name]!()
  }
  const outcome = await route(cluster, 'k', attempt, options).catch((error: unknown) => {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  })
  return { asked, outcome, marks }
}

function throwing(error: Error): () => never {
  return () => {
    throw error
  }
}

const served = (): string => 'served'

describe('route', () => {
  test('has the local member serve what it holds', async () => {
    const cluster = new FakeCluster({ holders: ['ann'], local: { replica: 0 } })
    expect(await run(cluster, { here: served })).toEqual({
      asked: ['here'],
      outcome: 'served',
      marks: [''],
    })
  })

  test('follows the names that members give, with a mark for each', async () => {
    const cluster = new FakeCluster({ holders: ['bob'] })
    const { asked, outcome, marks } = await run(cluster, {
      bob: throwing(new NotOwnerError('cat')),
      cat: served,
    })
    expect([asked, outcome]).toEqual([['bob', 'cat'], 'served'])
    expect(marks).toEqual(['1;7;p;1a2b3c4d;1;;', '1;7;p;1a2b3c4d;2;bob;'])
  })

  test('asks the next holder where the first got nothing, if any holder may serve', async () => {
    const replies = { bob: throwing(unreachable), cat: served }
    const state: FakeState = { holders: ['bob', 'cat'] }
    const all = await run(new FakeCluster(state), replies, { serveFrom: 'holders' })
    expect([all.asked, all.outcome]).toEqual([['bob', 'cat'], 'served'])
    const one = await run(new FakeCluster(state), replies, { failoverWaitMs: 0 })
    expect([one.asked, one.outcome]).toEqual([['bob'], 'LIBRING_OWNER_UNREACHABLE'])
  })

  test('asks nobody else where the first may have dealt with it', async () => {
    const { asked, outcome } = await run(
      new FakeCluster({ holders: ['bob', 'cat'] }),
      { bob: throwing(new Error('reset')), cat: served },
      { serveFrom: 'holders' },
    )
    expect([asked, outcome]).toEqual([['bob'], 'Error: reset'])
  })

  test('waits for the partition to move', async () => {
    const cluster = new FakeCluster({ holders: ['ann'] })
    cluster.moves.push(() => (cluster.state = { holders: ['ann'], local: { replica: 0 } }))
    expect((await run(cluster, { here: served })).outcome).toBe('served')
    expect(cluster.waits).toEqual([5_000])
  })

  test('gives up once the time to wait is over', async () => {
    const { outcome } = await run(new FakeCluster({ holders: ['ann'] }), {})
    expect(outcome).toBe('LIBRING_NO_OWNER')
  })

  test('gives up with the reason of its signal', async () => {
    const cluster = new FakeCluster({ holders: ['ann'] })
    const controller = new AbortController()
    cluster.moves.push(() => controller.abort('enough'))
    expect((await run(cluster, {}, { signal: controller.signal })).outcome).toBe('enough')
  })

  test.each<[object, string]>([
    [{ maxHops: 0 }, 'maxHops must be a whole number from 1 to 16'],
    [{ serveFrom: 'anyone' }, 'serveFrom must be one of primary, holders'],
    [{ acquireWaitMs: -1 }, 'acquireWaitMs must be a whole number'],
    [{ maxhops: 3 }, 'did you mean maxHops'],
  ])('refuses the options %j', async (options, message) => {
    const cluster = new FakeCluster({ holders: [] })
    await expect(route(cluster, 'k', served, options as RouteOptions)).rejects.toThrow(message)
  })
})

describe('admitForwarded', () => {
  const mark = '1;7;p;1a2b3c4d;1;;'

  test('serves with the holding, refuses with the owner, waits for a move', async () => {
    const cluster = new FakeCluster({ holders: ['ann'], local: { replica: 0 } })
    expect(await admitForwarded(cluster, 'k', mark)).toMatchObject({
      type: 'serve',
      partition: 7,
      held: { token: 1n },
    })
    cluster.state = { holders: ['bob'] }
    expect(await admitForwarded(cluster, 'k', mark)).toEqual({
      type: 'refuse',
      reason: 'not-owner',
      owner: 'bob',
    })
    cluster.state = { holders: ['ann'] }
    cluster.moves.push(() => (cluster.state = { holders: ['ann'], local: { replica: 0 } }))
    expect(await admitForwarded(cluster, 'k', mark)).toMatchObject({ type: 'serve' })
    cluster.state = { holders: ['ann'] }
    expect(await admitForwarded(cluster, 'k', mark)).toEqual({ type: 'unavailable' })
  })

  test('refuses a mark that is none, or of another key', async () => {
    const cluster = new FakeCluster({ holders: ['ann'], local: { replica: 0 } })
    const refusal = { type: 'refuse', reason: 'key', owner: undefined }
    expect(await admitForwarded(cluster, 'k', 'rubbish')).toEqual(refusal)
    expect(await admitForwarded(cluster, 'k', mark.replace('7', '8'))).toEqual(refusal)
  })
})
