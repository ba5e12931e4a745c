import { STATE_BYTES_MAX, type AnswerGroup, type Legacy, type Standing } from './messages.ts'
import type { Waiter } from './waiters.ts'

/** What one answer says, beside who says it. */
export interface Reply {
  readonly groups: readonly AnswerGroup[]
  readonly legacies: readonly Legacy[]
}

/** What is answered about one partition. */
export interface Verdict {
  readonly partition: number
  readonly waiter: Waiter
  readonly standing: Standing
  /** What goes with it, where we let it go lately. */
  readonly legacy: Legacy | undefined
}

/** What a legacy takes up beside its state, at most. */
const LEGACY_BYTES = 48

/** As few answers as do not hold more state than one partition may leave. */
export function repliesOf(verdicts: Iterable<Verdict>): readonly Reply[] {
  const replies: Reply[] = []
  let batch: Verdict[] = []
  let stateBytes = 0
  for (const verdict of verdicts) {
    const bytes = verdict.legacy === undefined ? 0 : LEGACY_BYTES + verdict.legacy.state.length
    if (stateBytes + bytes > STATE_BYTES_MAX && batch.length > 0) {
      replies.push(replyOf(batch))
      batch = []
      stateBytes = 0
    }
    batch.push(verdict)
    stateBytes += bytes
  }
  if (batch.length > 0) replies.push(replyOf(batch))
  return replies
}

function replyOf(verdicts: readonly Verdict[]): Reply {
  const groups = new Map<string, AnswerGroup & { readonly partitions: number[] }>()
  for (const { partition, waiter, standing } of verdicts) {
    const { attempt } = waiter
    const key = `${attempt} ${standing}`
    const group = groups.get(key) ?? { attempt, standing, partitions: [] }
    groups.set(key, group)
    group.partitions.push(partition)
  }
  const legacies = verdicts.map(({ legacy }) => legacy).filter((legacy) => legacy !== undefined)
  return { groups: [...groups.values()], legacies }
}
