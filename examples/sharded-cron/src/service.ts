/** Scheduled jobs, shared out over the members of a cluster. This is the file to copy. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from 'libring'
import type { Ledger } from './ledger.ts'

export interface Job {
  readonly name: string
  /** @returns what is to be kept of it. */
  run(tick: number): Promise<string>
}

/**
 * Fire every job once a tick, each at the one member that owns its name. Ticks are numbered by the
 * clock: tick `n` begins `n * everyMs` after 1970.
 */
export async function runJobs(
  cluster: Cluster,
  jobs: readonly Job[],
  everyMs: number,
  ledger: Ledger,
): Promise<void> {
  // This function runs once for every partition that this member owns, until `signal` aborts.
  await cluster.runPartitions(async (partition, { held, signal }) => {
    if (held === undefined) return
    const fence = { token: held.tokenHex, member: cluster.localName }
    const mine = jobs.filter(({ name }) => cluster.partitionForKey(name) === partition)

    // Show the token first, then read: from here on nothing of an earlier owner gets in any more.
    const lastTicks = new Map<Job, number>()
    for (const job of mine) {
      lastTicks.set(job, (await ledger.open(job.name, fence)) ?? tickNow(everyMs) - 1)
    }
    while (!signal.aborted) {
      for (const job of mine) {
        // More than one tick where the last owner died, and nobody fired for a while.
        for (let tick = lastTicks.get(job)! + 1; tick <= tickNow(everyMs); tick++) {
          if (signal.aborted) return
          await ledger.record(job.name, tick, await job.run(tick), fence)
          lastTicks.set(job, tick)
        }
      }
      const untilNextMs = (tickNow(everyMs) + 1) * everyMs - Date.now()
      await sleep(untilNextMs, undefined, { signal })
    }
  })
}

function tickNow(everyMs: number): number {
  return Math.floor(Date.now() / everyMs)
}
