import type { Millis } from '../../base/time.ts'
import { roleBefore } from '../../ownership/event.ts'
import type { SimNode } from '../node.ts'
import type { CheckFactory } from './check.ts'
import { DETECTION_MS } from './one-primary.ts'

/**
 * Promise 3, of backups: one that leaves releases once all who are to hold the partition have it,
 * or `handoffTimeoutMs` after it was to leave.
 */
export const backupsStay: CheckFactory = ({ world, terms, ledger, hearing, report }) => {
  /** Since when each node holds what its plan does not have it hold, by partition. */
  const leaving = new Map<string, Map<number, Millis>>()
  /** When each node let a partition go last. */
  const hadUntilMs = new Map<string, Millis>()
  const excuseMs = DETECTION_MS + terms.handoffTimeoutMs
  const plan = ({ name, cluster }: SimNode): void => {
    const known = leaving.get(name)
    const now = new Map<number, Millis>()
    for (const partition of ledger.rolesOf(name).keys()) {
      const holders = cluster.holdersForPartition(partition)
      if (holders.some((holder) => holder.name === name)) continue
      now.set(partition, known?.get(partition) ?? world.nowMs)
    }
    leaving.set(name, now)
  }
  return {
    onBegin: ({ name }) => void leaving.delete(name),
    onNews(node, { type }) {
      if (type === 'rebalance') plan(node)
    },
    onStep({ name, cluster, farewell }, event) {
      const { partition, type } = event
      if (type !== 'release') return
      hadUntilMs.set(`${name} ${partition}`, world.nowMs)
      if (roleBefore(event) === 0 || farewell !== undefined) return
      const sinceMs = leaving.get(name)?.get(partition) ?? world.nowMs
      // As the deadline is computed: a difference may be rounded to a little less.
      if (world.nowMs >= sinceMs + terms.handoffTimeoutMs) return
      for (const { name: newcomer } of cluster.holdersForPartition(partition)) {
        if (ledger.roleOf(newcomer, partition) !== undefined) continue
        if ((hadUntilMs.get(`${newcomer} ${partition}`) ?? -Infinity) >= sinceMs) continue
        if (!ledger.names.includes(newcomer)) continue
        if (hearing.togetherForMs(name, newcomer) <= excuseMs) continue
        report(`${name} releases ${partition} before ${newcomer} has it`, name, newcomer)
      }
    },
  }
}
