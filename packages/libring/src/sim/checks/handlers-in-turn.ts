import { roleAfter, roleBefore } from '../../ownership/event.ts'
import type { CheckFactory } from './check.ts'

interface Told {
  readonly seq: number
  readonly role: number | undefined
  /** An acquire that came to nothing is told again, with what has changed since. */
  readonly isRepeated: boolean
}

/**
 * Promise 2, of handlers: for one partition one after the other, and what each is told follows what
 * the one before was told. One whose time was over is not waited for.
 */
export const handlersInTurn: CheckFactory = ({ report }) => {
  /** By node and partition: the step being dealt with, and the role last told. */
  const running = new Map<string, number>()
  const told = new Map<string, Told>()
  const forget = (name: string): void => {
    for (const map of [running, told]) {
      for (const key of map.keys()) if (key.startsWith(`${name} `)) map.delete(key)
    }
  }
  return {
    onBegin: ({ name }) => forget(name),
    onEnd: ({ name }) => forget(name),
    onHandler({ name }, event) {
      const { partition, seq, type, signal } = event
      const key = `${name} ${partition}`
      const step = `handler of ${type} of ${partition}`
      const before = told.get(key)
      const isAgain = before?.seq === seq || (before?.isRepeated === true && type === 'acquire')
      if (running.has(key) && !signal.aborted) report(`${step} begins while another runs`, name)
      if (!isAgain && before?.role !== roleBefore(event)) {
        report(`${step} is told of ${roleBefore(event)}, after ${before?.role}`, name)
      }
      if (before !== undefined && seq < before.seq) report(`${step} comes late`, name)
      told.set(key, { seq, role: roleAfter(event), isRepeated: false })
      if (!signal.aborted) running.set(key, seq)
    },
    onHandled({ name }, { partition, seq, type }, outcome) {
      const key = `${name} ${partition}`
      if (running.get(key) === seq) running.delete(key)
      const last = told.get(key)
      if (last?.seq !== seq || outcome.type !== 'failed' || type !== 'acquire') return
      told.set(key, { ...last, isRepeated: true })
    },
    onNews({ name }, { type, event }) {
      if (type === 'handler-overdue') running.delete(`${name} ${event.event.partition}`)
    },
  }
}
