import { roleBefore } from '../../ownership/event.ts'
import type { SimNode } from '../node.ts'
import type { CheckFactory } from './check.ts'
import { DETECTION_MS } from './one-primary.ts'

/**
 * Promise 5: whoever drains serves each partition until somebody is there who takes it, as long as
 * there is anybody, and its time is not over. What it held when it was stopped for long has ended.
 */
export const drainsInOrder: CheckFactory = ({ world, terms, ledger, hearing, report }) => {
  const excuseMs = DETECTION_MS + terms.handoffTimeoutMs
  const isThere = (other: SimNode, name: string): boolean =>
    other.isUp &&
    other.name !== name &&
    other.farewell === undefined &&
    hearing.togetherForMs(name, other.name) > excuseMs
  return {
    onStep({ name, farewell }, event) {
      if (farewell !== 'drain' || event.type !== 'release' || roleBefore(event) !== 0) return
      if (event.to !== undefined && event.to.name !== name) return
      if (ledger.isLapsing(name)) return
      // One of two holders gives way.
      if (ledger.primariesOf(event.partition).some((other) => other !== name)) return
      if (!world.nodes.some((other) => isThere(other, name))) return
      report(`${name} lets ${event.partition} go for nobody, while others could take it`, name)
    },
  }
}
