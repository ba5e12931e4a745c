import { disagreement } from '../world.ts'
import type { CheckFactory } from './check.ts'

/**
 * All promises in the end: members agree, and every index of every partition is held by whom all
 * plans name, and by nobody else.
 */
export const servedAsPlanned: CheckFactory = ({ world, terms, ledger, report }) => ({
  onRest() {
    const difference = disagreement(world)
    if (difference !== undefined) report(`members do not agree: ${difference}`)
    const up = world.nodes.filter(({ isUp, farewell }) => isUp && farewell === undefined)
    for (const { name, cluster } of up) {
      for (let partition = 0; partition < terms.partitions; partition++) {
        const holders = cluster.holdersForPartition(partition)
        const index = holders.findIndex((holder) => holder.name === name)
        const planned = index < 0 ? undefined : index
        const held = ledger.roleOf(name, partition)
        if (planned === held) continue
        report(`${name} holds ${partition} as ${held}, though planned as ${planned}`, name)
        break
      }
    }
    for (let partition = 0; partition < terms.partitions && up.length > 0; partition++) {
      const primaries = ledger.primariesOf(partition)
      if (primaries.length === 1) continue
      report(`${partition} is held by ${primaries.join(' and ') || 'nobody'}`, ...primaries)
    }
  },
})
