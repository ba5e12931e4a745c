import type { Millis } from '../../base/time.ts'
import { roleAfter, roleBefore } from '../../ownership/event.ts'
import type { SimNode } from '../node.ts'
import type { Check, CheckFactory } from './check.ts'

/**
 * Promise 2, of iterators: however slow, each is told steps that follow each other, no more at once
 * than there are partitions, and in the end what is held.
 *
 * @param pauseMs how long a reader takes for an event, drawn by whoever makes the check.
 */
export function faithfulReaders(pauseMs: (node: SimNode) => Millis): CheckFactory {
  return ({ ledger, report }): Check => {
    const roles = new Map<string, Map<number, number>>()
    async function read(node: SimNode): Promise<void> {
      const { name } = node
      const held = new Map<number, number>()
      roles.set(name, held)
      let lastSeq = 0
      for await (const event of node.cluster.events) {
        // A process that is over reads nothing.
        if (roles.get(name) !== held) return
        const { partition, seq, type } = event
        const role = roleAfter(event)
        if (roleBefore(event) !== held.get(partition)) {
          report(`a reader is told ${type} of ${partition}, after ${held.get(partition)}`, name)
        }
        if (seq < lastSeq) report(`a reader is told step ${seq} after ${lastSeq}`, name)
        lastSeq = seq
        if (role === undefined) held.delete(partition)
        else held.set(partition, role)
        await node.sleep(pauseMs(node))
      }
    }
    return {
      onBegin: (node) => void read(node),
      onEnd: ({ name }) => void roles.delete(name),
      onRest() {
        for (const [name, held] of roles) {
          for (const [partition, role] of ledger.rolesOf(name)) {
            if (held.get(partition) === role && held.size === ledger.rolesOf(name).size) continue
            report(`a reader ends with ${held.get(partition)} for ${partition}, not ${role}`, name)
            break
          }
        }
      },
    }
  }
}
