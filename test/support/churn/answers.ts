import type { Trouble } from './troubles.ts'
import type { Answer, Kind } from './words.ts'

/** One holding, as its holder told of it. */
export interface Tenure {
  readonly member: string
  readonly from: number
  until: number
}

/** Who held what, as the members told, by partition. */
export interface Tenures {
  readonly primaries: Map<number, (Tenure & { readonly token: string })[]>
  /** Under whatever index. */
  readonly holders: Map<number, Tenure[]>
}

/** What was answered under one token. */
interface Term {
  readonly token: string
  readonly member: string
  firstServedAt: number
  lastServedAt: number
  lastEndedAt: number
}

/**
 * Whether every answer is of the acting primary of its partition, or for a read of a holder: of
 * one that held it when it began to serve, and never of one that another has followed.
 */
export function judgeAnswers(
  answers: readonly (Answer & { readonly kind: Kind })[],
  tenures: Tenures,
  troubles: readonly Trouble[],
): string[] {
  const faults: string[] = []
  const terms = new Map<number, Map<string, Term>>()
  for (const answer of answers) {
    const { partition, member, token, servedAt, endedAt, kind } = answer
    const what = `partition ${partition}: ${member} served at ${servedAt.toFixed(1)}`
    const covers = ({ member: holder, from, until }: Tenure): boolean =>
      holder === member && from <= servedAt && servedAt <= until
    if (token === undefined) {
      if (kind !== 'read') faults.push(`${what} without a token`)
      if (tenures.holders.get(partition)?.some(covers) !== true) faults.push(`${what} as no holder`)
      continue
    }
    const held = tenures.primaries.get(partition)?.find((tenure) => tenure.token === token)
    if (held === undefined || !covers(held)) faults.push(`${what} without holding token ${token}`)
    const byToken = terms.get(partition) ?? new Map<string, Term>()
    terms.set(partition, byToken)
    const term = byToken.get(token)
    if (term === undefined) {
      const times = { firstServedAt: servedAt, lastServedAt: servedAt, lastEndedAt: endedAt }
      byToken.set(token, { token, member, ...times })
      continue
    }
    if (term.member !== member) faults.push(`${what} under the token of ${term.member}`)
    term.firstServedAt = Math.min(term.firstServedAt, servedAt)
    term.lastServedAt = Math.max(term.lastServedAt, servedAt)
    term.lastEndedAt = Math.max(term.lastEndedAt, endedAt)
  }
  for (const [partition, byToken] of terms) {
    faults.push(...outOfOrder(partition, [...byToken.values()], troubles))
  }
  return faults
}

function outOfOrder(
  partition: number,
  terms: readonly Term[],
  troubles: readonly Trouble[],
): string[] {
  const faults: string[] = []
  const sorted = terms.toSorted((left, right) => (left.token < right.token ? -1 : 1))
  for (let at = 1; at < sorted.length; at++) {
    const before = sorted[at - 1]!
    const after = sorted[at]!
    const kinds = new Set(
      troubles
        .filter(({ member, from }) => member === before.member && from <= after.firstServedAt)
        .filter(
          ({ backAt, heardAt }) => Math.max(backAt, ...heardAt.values()) >= before.firstServedAt,
        )
        .map(({ kind }) => kind),
    )
    // One that runs and is taken for dead hears of it a moment after its successor: what it writes
    // meanwhile is for the token to refuse.
    if (kinds.has('mistake')) continue
    const what = `partition ${partition}: ${before.member} under ${before.token}`
    const next = `${after.member} under ${after.token}`
    if (before.lastServedAt >= after.firstServedAt) {
      const lateMs = (before.lastServedAt - after.firstServedAt).toFixed(1)
      faults.push(`${what} began to serve ${lateMs} ms after ${next} had`)
    } else if (before.lastEndedAt > after.firstServedAt && !kinds.has('stop')) {
      const lateMs = (before.lastEndedAt - after.firstServedAt).toFixed(1)
      faults.push(`${what} ended ${lateMs} ms after ${next} began`)
    }
  }
  return faults
}
