import type { Millis } from '../../base/time.ts'
import { roleAfter } from '../../ownership/event.ts'
import type { CheckFactory } from './check.ts'

/**
 * How long it may take a cluster to find out who is there, once something is wrong or right again.
 */
export const DETECTION_MS: Millis = 10_000

/** A double holding is told within this, once the two can talk. */
const TOLD_MS: Millis = 10_000

/**
 * Promises 3 and 8: index 0 is taken only once whoever held it let go, by all who can hear each
 * other; two that hold it all the same are told and resolved once they can.
 */
export const onePrimary: CheckFactory = ({ world, terms, ledger, hearing, report }) => {
  const doubles = new Map<string, { readonly sinceMs: Millis; isTold: boolean }>()
  const excuseMs = DETECTION_MS + terms.handoffTimeoutMs
  const keyOf = (partition: number, left: string, right: string): string =>
    left < right ? `${partition} ${left} ${right}` : `${partition} ${right} ${left}`
  return {
    onStep({ name }, event) {
      const { partition } = event
      if (roleAfter(event) !== 0) return
      for (const other of ledger.names) {
        if (other === name) continue
        const isHeld = ledger.roleOf(other, partition) === 0
        if (!isHeld && !ledger.isLettingGo(other, partition)) continue
        if (isHeld)
          doubles.set(keyOf(partition, name, other), { sinceMs: world.nowMs, isTold: false })
        if (hearing.togetherForMs(name, other) <= excuseMs) continue
        const how = isHeld ? 'holds it' : 'is still letting it go'
        report(
          `${partition} is taken by ${name} while ${other}, which it can hear, ${how}`,
          name,
          other,
        )
      }
    },
    onNews({ name }, { type, event }) {
      if (type !== 'double-holder') return
      for (const partition of event.partitions) {
        const double = doubles.get(keyOf(partition, name, event.member))
        if (double !== undefined) double.isTold = true
      }
    },
    onLook() {
      for (const [key, double] of doubles) {
        const [partition, left, right] = key.split(' ') as [string, string, string]
        if ([left, right].some((name) => ledger.roleOf(name, Number(partition)) !== 0)) {
          doubles.delete(key)
          continue
        }
        const heldMs = world.nowMs - double.sinceMs
        const talkedMs = Math.min(heldMs, hearing.togetherForMs(left, right))
        // What was told takes another word or two, on a network that may be slow.
        const isOver = talkedMs > TOLD_MS + (double.isTold ? terms.handoffTimeoutMs : 0)
        if (!isOver) continue
        doubles.delete(key)
        const what = double.isTold ? 'goes on holding' : 'is not told that it holds'
        report(`${left} ${what} ${partition}, as ${right} does`, left, right)
      }
    },
  }
}
