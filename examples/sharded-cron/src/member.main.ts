/** One member: a process that fires the jobs it owns. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'libring'
import { stagedMember, tellHoldings } from 'libring-example-stage/member'
import { Ledger } from './ledger.ts'
import { runJobs, type Job } from './service.ts'

const { serf, setting } = stagedMember()

const jobs = setting('jobs')
  .split(',')
  .map((name): Job => {
    return {
      name,
      async run(tick) {
        // Stands for work that takes a while.
        await sleep(50)
        return `${name} of tick ${tick}`
      },
    }
  })

const cluster = new Cluster({
  partitions: Number(setting('partitions')),
  redundancy: 1,
  // Short, because nobody wants to watch a demonstration for long.
  settleMs: 300,
  serf,
})
tellHoldings(cluster)
void runJobs(cluster, jobs, Number(setting('everyMs')), new Ledger(setting('ledger')))
await cluster.run({ signals: ['SIGTERM'] })
