import type { Millis } from '../../base/time.ts'
import type { SimNode } from '../node.ts'
import type { CheckFactory } from './check.ts'

/** A process that is stopped. */
interface Stop {
  readonly atMs: Millis
  /** From so long on others may have what it holds. */
  readonly limitMs: Millis
  /** Whether it saw anybody else. */
  readonly hasOthers: boolean
}

/**
 * Promise 7: whoever was stopped for longer than the others wait holds nothing that is valid, from
 * its first instruction on, and tells no step before it can have reached anybody. A wall clock that
 * is set forward by as much is taken for the same.
 */
export const selfFenced: CheckFactory = ({ world, terms, ledger, report }) => {
  const stops = new Map<string, Stop>()
  const skews = new Map<string, { readonly skewMs: Millis; readonly atMs: Millis }>()
  /** When each went on that had others. */
  const wokeAtMs = new Map<string, Millis>()
  const limitOf = (node: SimNode): Millis => Math.min(node.deathAfterMs(), terms.handoffTimeoutMs)
  const hasOthers = (node: SimNode): boolean =>
    node.members().some(({ name, status }) => name !== node.name && status === 'alive')
  const expectNothing = (node: SimNode, why: string): void => {
    for (const [partition, role] of ledger.rolesOf(node.name)) {
      if (role !== 0 || node.cluster.held(partition)?.valid !== true) continue
      report(`${node.name} holds ${partition}, as it believes, ${why}`, node.name)
      return
    }
  }
  const wake = (node: SimNode): void => {
    const stop = stops.get(node.name)
    stops.delete(node.name)
    if (stop === undefined || !node.isUp || node.isPaused) return
    const forMs = world.nowMs - stop.atMs
    if (forMs <= stop.limitMs) return
    if (stop.hasOthers) wokeAtMs.set(node.name, world.nowMs)
    expectNothing(node, `after ${forMs.toFixed(0)} ms in which it was stopped`)
  }
  const skew = (node: SimNode, skewMs: Millis): void => {
    const before = skews.get(node.name) ?? { skewMs: 0, atMs: -Infinity }
    const forMs = skewMs - before.skewMs
    skews.set(node.name, { skewMs, atMs: world.nowMs })
    // Set back and forward again while it did not look, a clock shows nothing.
    const hasLooked = world.nowMs >= before.atMs + terms.handoffTimeoutMs
    if (!hasLooked || !node.isUp || node.isPaused || forMs <= limitOf(node)) return
    expectNothing(node, `after its clock was set ${forMs} ms forward`)
  }
  return {
    onBegin({ name }) {
      stops.delete(name)
      wokeAtMs.delete(name)
    },
    onFault(fault) {
      if (fault.type === 'resume') wake(world.node(fault.node))
      if (fault.type === 'skew') skew(world.node(fault.node), fault.skewMs)
      if (fault.type !== 'pause') return
      const node = world.node(fault.node)
      if (!node.isPaused || stops.has(node.name)) return
      const stop = { atMs: world.nowMs, limitMs: limitOf(node), hasOthers: hasOthers(node) }
      stops.set(node.name, stop)
    },
    onStep({ name }, { type, partition }) {
      if (wokeAtMs.get(name) !== world.nowMs) return
      report(`${name} tells ${type} of ${partition} as it wakes`, name)
    },
  }
}
