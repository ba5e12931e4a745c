import { expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import { createRouter, type RouterCluster } from '../../../packages/libring/src/http/router.ts'
import { FakeCluster } from '../../support/fake-cluster.ts'

/** One whose members are told by an agent: it can hold nothing, and says so. */
class Observer extends FakeCluster implements RouterCluster {
  asked = 0

  on(): () => void {
    return () => {}
  }

  runPartitions(): Promise<void> {
    this.asked++
    return Promise.reject(new OptionError('membership', 'another to run partitions', this))
  }
}

test('a router before a cluster that only looks on does no harm to the process', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  const cluster = new Observer({ holders: ['bob'] })
  await using router = createRouter(cluster, { keyOf: () => 'k' })
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect([cluster.asked, unhandled, router.stats().pools]).toEqual([1, [], 0])
})
