import type { Millis } from '../../base/time.ts'
import { roleBefore } from '../../ownership/event.ts'
import type { SimNode } from '../node.ts'
import type { CheckFactory } from './check.ts'

/** Promise 4: changes within the settle window are one plan, unless somebody failed. */
export const onePlanAWindow: CheckFactory = ({ world, terms, report }) => {
  const plannedAtMs = new Map<string, Millis>()
  return {
    onBegin: ({ name }) => void plannedAtMs.delete(name),
    onNews({ name, farewell }, { type, event }) {
      if (type !== 'rebalance') return
      const beforeMs = plannedAtMs.get(name) ?? -Infinity
      plannedAtMs.set(name, world.nowMs)
      const hasFailure = event.cause.some((cause) => cause.type === 'member-failed')
      // The end of somebody's grace has no cause, and is acted on when it comes.
      const isExcused = hasFailure || event.cause.length === 0 || farewell !== undefined
      if (isExcused || world.nowMs >= beforeMs + terms.settleMs) return
      report(`${name} plans again after ${(world.nowMs - beforeMs).toFixed(0)} ms`, name)
    },
  }
}

/** Promise 4: no member has others hand over more than `concurrentHandoffs` partitions at a time. */
export const fewHandoffs: CheckFactory = ({ world, terms, ledger, report }) => {
  const plannedAtMs = new Map<string, Millis>()
  /** Who lets go what for whom, and since when. */
  const underWay = new Map<string, Map<string, Millis>>()
  const count = (taker: string): number => {
    const since = plannedAtMs.get(taker) ?? Infinity
    let found = 0
    for (const [key, atMs] of underWay.get(taker) ?? []) {
      const [holder, partition] = key.split(' ') as [string, string]
      if (!ledger.isLettingGo(holder, Number(partition))) underWay.get(taker)?.delete(key)
      // What an earlier plan of the taker asked for does not count.
      else if (atMs >= since) found++
    }
    return found
  }
  const isHeld = (name: string, partition: number): boolean =>
    ledger.roleOf(name, partition) === 0 || ledger.isLettingGo(name, partition)
  const isAsking = (taker: SimNode | undefined): boolean =>
    taker?.isUp === true &&
    world.nowMs - (plannedAtMs.get(taker.name) ?? -Infinity) < terms.handoffTimeoutMs
  return {
    onBegin: ({ name }) => void plannedAtMs.delete(name),
    onNews({ name }, { type }) {
      if (type === 'rebalance') plannedAtMs.set(name, world.nowMs)
    },
    onStep({ name, farewell }, event) {
      if (event.type !== 'release' || roleBefore(event) !== 0 || farewell === 'stop') return
      if (ledger.isLapsing(name)) return
      // One of two holders gives way: nobody asked for that.
      if (ledger.names.some((other) => other !== name && isHeld(other, event.partition))) return
      const taker = world.nodes.find((node) => node.name === event.to?.name)
      if (taker === undefined || !isAsking(taker)) return
      const known = underWay.get(taker.name) ?? new Map<string, Millis>()
      underWay.set(taker.name, known.set(`${name} ${event.partition}`, world.nowMs))
    },
    onLook() {
      for (const taker of underWay.keys()) {
        const found = count(taker)
        if (found > terms.concurrentHandoffs)
          report(`${found} hand-offs at once to ${taker}`, taker)
      }
    },
  }
}

/** Promise 4: nothing is acquired before `minMembers` of the ring were seen at once by somebody. */
export const enoughMembers: CheckFactory = ({ terms, report }) => {
  let isFormed = false
  return {
    onNews(_node, { type, event }) {
      if (type === 'rebalance') isFormed ||= event.members.length >= terms.minMembers
    },
    onStep({ name }, { type, partition }) {
      if (!isFormed && type === 'acquire') {
        report(`${name} acquires ${partition} before ${terms.minMembers} members were seen`, name)
      }
    },
  }
}
