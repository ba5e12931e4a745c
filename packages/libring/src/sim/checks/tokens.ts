import type { Millis } from '../../base/time.ts'
import { roleAfter } from '../../ownership/event.ts'
import type { CheckFactory } from './check.ts'
import { DETECTION_MS } from './one-primary.ts'

interface Drawn {
  readonly token: bigint
  readonly name: string
  readonly atMs: Millis
  readonly skewMs: Millis
}

/**
 * Promise 6: tokens of index 0 strictly grow along hand-offs; and after a crash, unless the clock
 * of the one that is gone was ahead by more than the time between.
 */
export const tokensGrow: CheckFactory = ({ world, terms, ledger, hearing, report }) => {
  const highest = new Map<number, Drawn>()
  const excuseMs = DETECTION_MS + terms.handoffTimeoutMs
  const isExcused = (before: Drawn, drawn: Drawn): boolean => {
    const isUp = ledger.beganAtMs(before.name) <= before.atMs
    if (isUp && before.name === drawn.name) return false
    if (isUp) return hearing.togetherForMs(before.name, drawn.name) <= excuseMs
    return before.skewMs - drawn.skewMs >= drawn.atMs - before.atMs
  }
  return {
    onStep({ name, skewMs }, event) {
      const { partition } = event
      if (event.type === 'release' || roleAfter(event) !== 0 || event.token === undefined) return
      const drawn = { token: event.token, name, skewMs, atMs: world.nowMs }
      const before = highest.get(partition)
      if (before === undefined || drawn.token > before.token) highest.set(partition, drawn)
      else if (!isExcused(before, drawn)) {
        const order = `${drawn.token} of ${name} follows ${before.token} of ${before.name}`
        report(`tokens of ${partition} do not grow: ${order}`, name, before.name)
      }
    },
  }
}
