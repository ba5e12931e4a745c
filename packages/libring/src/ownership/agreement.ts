import { compareUtf8 } from '../base/bytes.ts'
import { configurationText, type RingConfiguration, type RingTag } from './ring-tag.ts'

/** One member as far as the agreement goes. */
export interface Party {
  readonly name: string
  /** What it says of the ring; `undefined` of a plain agent, and of Go libring. */
  readonly tag: RingTag | undefined
}

export function sameConfiguration(left: RingConfiguration, right: RingConfiguration): boolean {
  return left === right || configurationText(left) === configurationText(right)
}

/** A field in which members differ, and who bears which value. */
export interface Disagreement {
  readonly field: keyof RingConfiguration
  readonly values: readonly { readonly value: string; readonly members: readonly string[] }[]
}

/**
 * The configuration that forms the ring: the one that most members bear, in any state; routers do
 * not count. Of equally many, the one whose text comes first by bytes. `undefined` when nobody
 * bears one.
 */
export function agreedConfiguration(parties: readonly Party[]): RingConfiguration | undefined {
  const votes = new Map<string, { readonly configuration: RingConfiguration; count: number }>()
  for (const { tag } of parties) {
    if (tag === undefined || tag.standing === 'router') continue
    const text = configurationText(tag.configuration)
    const known = votes.get(text)
    if (known === undefined) votes.set(text, { configuration: tag.configuration, count: 1 })
    else known.count++
  }
  const [winner] = [...votes].sort(([leftText, left], [rightText, right]) => {
    return right.count - left.count || compareUtf8(leftText, rightText)
  })
  return winner?.[1].configuration
}

/**
 * Whether a member takes part in a ring of this configuration. One that says nothing of itself
 * does in the modes that Go libring has, and in others only where `untagged` are accepted.
 */
export function bears(
  { tag }: Pick<Party, 'tag'>,
  agreed: RingConfiguration,
  untagged: 'accept' | 'refuse',
): boolean {
  if (tag === undefined) return agreed.assignment.startsWith('go-') || untagged === 'accept'
  return sameConfiguration(tag.configuration, agreed)
}

/** Each field in which `own` is another than `agreed`, in words. */
export function differences(own: RingConfiguration, agreed: RingConfiguration): readonly string[] {
  return FIELDS.filter((field) => own[field] !== agreed[field]).map((field) => {
    return `${field} ${own[field]} here, ${agreed[field]} there`
  })
}

/** Every field in which members differ, in the order of the fields; none when all agree. */
export function disagreements(parties: readonly Party[]): readonly Disagreement[] {
  const tagged = parties.filter(({ tag }) => tag !== undefined && tag.standing !== 'router')
  const found: Disagreement[] = []
  for (const field of FIELDS) {
    const members = new Map<string, string[]>()
    for (const { name, tag } of tagged) {
      const value = String(tag?.configuration[field])
      const known = members.get(value)
      if (known === undefined) members.set(value, [name])
      else known.push(name)
    }
    if (members.size < 2) continue
    const values = [...members].map(([value, names]) => ({
      value,
      members: names.toSorted(compareUtf8),
    }))
    found.push({ field, values: values.toSorted((a, b) => compareUtf8(a.value, b.value)) })
  }
  return found
}

const FIELDS: readonly (keyof RingConfiguration)[] = [
  'partitions',
  'redundancy',
  'assignment',
  'slack',
  'primarySlack',
  'keyHash',
  'rest',
]
