import { roleAfter, roleBefore } from '../../ownership/event.ts'
import type { CheckFactory } from './check.ts'

const TOKEN_LIMIT = 1n << 63n

/**
 * Promise 1: folded, the steps give the role at every step; each changes a role, and their numbers
 * grow by one. Index 0 comes with a token, and nothing else does.
 */
export const exactSteps: CheckFactory = ({ ledger, report }) => {
  const seqs = new Map<string, number>()
  return {
    onBegin: ({ name }) => void seqs.set(name, 0),
    onStep({ name }, event) {
      const { partition, seq, type } = event
      const expected = (seqs.get(name) ?? 0) + 1
      seqs.set(name, seq)
      const before = ledger.roleOf(name, partition)
      const step = `${type} of ${partition}`
      if (seq !== expected) report(`${step} has number ${seq}, not ${expected}`, name)
      if (roleBefore(event) !== before) {
        report(`${step} is from ${roleBefore(event)}, but the role was ${before}`, name)
      }
      if (roleAfter(event) === roleBefore(event)) report(`${step} changes nothing`, name)
      const token = event.type === 'release' ? undefined : event.token
      const isPrimary = roleAfter(event) === 0
      if (isPrimary !== (token !== undefined)) report(`${step} has token ${token}`, name)
      if (token !== undefined && (token <= 0n || token >= TOKEN_LIMIT)) {
        report(`${step} has the impossible token ${token}`, name)
      }
    },
  }
}
