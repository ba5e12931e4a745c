/** One member: a process that handles the messages of the keys it owns. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'libring'
import { stagedMember, tellHoldings } from 'libring-example-stage/member'
import { consume } from './service.ts'
import { Store } from './store.ts'

const { serf, setting } = stagedMember()

const cluster = new Cluster({
  partitions: Number(setting('partitions')),
  redundancy: 1,
  // Short, because nobody wants to watch a demonstration for long.
  settleMs: 300,
  serf,
})
tellHoldings(cluster)
void consume(cluster, new Store(setting('store')), async ({ body }) => {
  // Stands for work that takes a while, now more, now less: two at once would overtake each other.
  await sleep(Math.random() * 10)
  return body
})
await cluster.run({ signals: ['SIGTERM'] })
