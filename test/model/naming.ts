import type { Parcel, Participant, Scenario } from './member.ts'

/** Whom the member would have hold the partition, by those that it sees serving. */
export function namedBy<P extends Parcel>(
  member: Participant<P>,
  partition: number,
  { stubborn, assignment }: Scenario,
): string | undefined {
  if (member.named !== undefined) return member.named(partition)
  const names = member.serving
  const salt = stubborn ? member.name : ''
  if (assignment === 'moves much') return names[(partition + hash(salt)) % names.length]
  const score = (name: string): number => hash(`${name} ${partition} ${salt}`)
  let best: string | undefined
  for (const name of names) if (best === undefined || score(name) > score(best)) best = name
  return best
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
    value ^= value >>> 15
  }
  return value >>> 0
}
