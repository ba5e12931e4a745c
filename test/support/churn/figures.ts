import type { Evidence } from './evidence.ts'
import type { Trouble } from './troubles.ts'
import type { Kind, Sent } from './words.ts'

/** Milliseconds at parts of all that were measured. */
export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).toSorted()
  const part = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN
  return {
    ...{ count: sorted.length, p50: part(0.5), p95: part(0.95), p99: part(0.99) },
    max: sorted.at(-1) ?? NaN,
  }
}

/** From when a request should have been sent until its answer was there. */
export function latencies(records: readonly Sent[]): number[] {
  return records.filter(({ status }) => status === 200).map(({ doneAt, dueAt }) => doneAt - dueAt)
}

/** How many there are of each, the most frequent first. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([, left], [, right]) => right - left))
}

/** What a request came to: its status and the code of the error, or that its address was silent. */
export function outcomeOf({ status, code, trouble }: Sent): string {
  if (status === 0) return `address lost (${trouble})`
  return code === undefined ? String(status) : `${status} ${code}`
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** What came of one trouble. */
export interface WindowFigures {
  readonly kind: Trouble['kind']
  readonly member: string
  /** Until the last one had heard of it; `undefined` where nobody did. */
  readonly detectedMs: number | undefined
  readonly openMs: number
  /** Requests that failed in it, by outcome. Those of windows that overlap count in the first. */
  readonly failed: Record<string, number>
  /** From its beginning until the last of them. */
  readonly lastFailedMs: number | undefined
}

export function windowFigures(evidence: Evidence): WindowFigures[] {
  const failed = evidence.records.filter(({ status }) => status !== 200)
  const byTrouble = groupBy(failed, (record) => evidence.excuseOf(record))
  return evidence.troubles.map((trouble) => {
    const { kind, member, from, heardAt } = trouble
    const records = byTrouble.get(trouble) ?? []
    const typed = records.filter(({ status }) => status !== 0)
    return {
      kind,
      member,
      detectedMs: heardAt.size === 0 ? undefined : Math.max(...heardAt.values()) - from,
      openMs: evidence.windowOf(trouble)[1] - from,
      failed: tally(records.map(outcomeOf)),
      lastFailedMs:
        typed.length === 0 ? undefined : Math.max(...typed.map(({ doneAt }) => doneAt)) - from,
    }
  })
}

/** For partitions whose primary was killed: how soon requests of a kind were answered again. */
export interface Recovery {
  /** From the first request that was due after the kill until the first of them had its answer. */
  readonly firstAnswer: Spread
  /** From the kill until the last request that failed; 0 where none did. */
  readonly lastFailure: Spread
}

export function recoveryOf(evidence: Evidence, kind: Kind): Recovery {
  const firstAnswer: number[] = []
  const lastFailure: number[] = []
  const ofKind = evidence.records.filter((record) => record.kind === kind)
  const byPartition = groupBy(ofKind, ({ key }) => evidence.partitionOf(key))
  for (const trouble of evidence.troubles) {
    if (trouble.kind !== 'kill') continue
    const [from, until] = evidence.windowOf(trouble)
    for (const [partition, tenures] of evidence.tenures.primaries) {
      const isHit = tenures.some(
        (tenure) => tenure.member === trouble.member && tenure.from <= from && tenure.until >= from,
      )
      if (!isHit) continue
      const records = byPartition.get(partition) ?? []
      const after = records.filter(({ dueAt }) => dueAt >= from)
      const answered = after.filter(({ status }) => status === 200)
      if (answered.length > 0) {
        const askedAt = Math.min(...after.map(({ dueAt }) => dueAt))
        firstAnswer.push(Math.min(...answered.map(({ doneAt }) => doneAt)) - askedAt)
      }
      const failed = records
        .filter(({ status, doneAt }) => status > 200 && doneAt >= from && doneAt <= until)
        .map(({ doneAt }) => doneAt - from)
      lastFailure.push(Math.max(0, ...failed))
    }
  }
  return { firstAnswer: spreadOf(firstAnswer), lastFailure: spreadOf(lastFailure) }
}
