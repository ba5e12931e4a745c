import type { Millis } from '../../base/time.ts'
import { roleAfter } from '../../ownership/event.ts'
import { tokenMs, type Token } from '../../ownership/token.ts'
import type { CheckFactory } from './check.ts'
import { DETECTION_MS } from './one-primary.ts'

interface Drawn {
  readonly token: Token
  readonly name: string
  readonly atMs: Millis
  /** What the clock on the wall showed. */
  readonly wallMs: number
}

/**
 * Promise 6: tokens of index 0 strictly grow along hand-offs, and do not lag behind the clock of
 * whoever draws them; so they grow after a crash, too, unless the clock by which the one that is
 * gone drew was ahead.
 */
export const tokensGrow: CheckFactory = ({ world, terms, ledger, hearing, report }) => {
  const highest = new Map<number, Drawn>()
  const excuseMs = DETECTION_MS + terms.handoffTimeoutMs
  const isExcused = (before: Drawn, drawn: Drawn): boolean => {
    const isUp = ledger.beganAtMs(before.name) <= before.atMs
    if (isUp && before.name === drawn.name) return false
    if (isUp) return hearing.togetherForMs(before.name, drawn.name) <= excuseMs
    return tokenMs(before.token) >= Math.floor(drawn.wallMs)
  }
  return {
    onStep({ name, clock }, event) {
      const { partition } = event
      if (event.type === 'release' || roleAfter(event) !== 0 || event.token === undefined) return
      const drawn = { token: event.token, name, atMs: world.nowMs, wallMs: clock.wallMs() }
      if (tokenMs(drawn.token) < Math.floor(drawn.wallMs)) {
        report(`the token ${drawn.token} of ${partition} lags behind the clock of ${name}`, name)
      }
      const before = highest.get(partition)
      if (before === undefined || drawn.token > before.token) highest.set(partition, drawn)
      else if (!isExcused(before, drawn)) {
        const order = `${drawn.token} of ${name} follows ${before.token} of ${before.name}`
        report(`tokens of ${partition} do not grow: ${order}`, name, before.name)
      }
    },
  }
}
