import { isWellFormed } from '../base/bytes.ts'
import { LIBRING_TAG, type Member } from '../base/member.ts'
import type { Candidacy } from '../ownership/effects.ts'
import type { ClusterMember } from '../ownership/cluster-member.ts'
import { decodeRingTags, type RingTag } from '../ownership/ring-tag.ts'
import { memberUrl } from './member-url.ts'
import type { TagFilter } from './watch-tags.ts'

const WEIGHT_MAX = 65_535

/** How a ring reads members. The same on every member of the ring. */
export interface MemberRules {
  /** Name of the ring. */
  readonly ring: string
  readonly filter: TagFilter
  /** The tags that hold weight and zone; `undefined` where members have neither. */
  readonly shareTags: { readonly weight: string; readonly zone: string } | undefined
  /** Whether a member that is saying farewell still takes part. */
  readonly whileLeaving: 'part' | 'no part'
  readonly foreignHosts: 'allow' | 'refuse'
}

/** The record to keep of two that say the same. */
export type RecordPool = (record: ClusterMember) => ClusterMember

/** Reads what Serf shows of members as what a ring needs to know of them. */
export class MemberReader {
  readonly #rules: MemberRules
  readonly #onIgnored: (member: Member, tag: string) => void
  readonly #pool: RecordPool
  // A member's record is never changed, only replaced, so each needs reading once.
  readonly #read = new WeakMap<Member, ClusterMember>()
  #tagsIgnored = 0

  /**
   * @param onIgnored told of each tag that was not what it should be.
   * @param pool where others keep records as well. By default each reader keeps its own.
   */
  constructor(
    rules: MemberRules,
    onIgnored: (member: Member, tag: string) => void,
    pool: RecordPool = (record) => record,
  ) {
    this.#rules = rules
    this.#onIgnored = onIgnored
    this.#pool = pool
  }

  /**
   * Tags that were not what they should be: a weight that is no whole number from 1 to 65,535
   * counted as 1, a zone that is no well-formed text as none. Counted once for each record.
   */
  get tagsIgnored(): number {
    return this.#tagsIgnored
  }

  /** The member with what its tags say, whether it takes part or not. */
  read(member: Member): ClusterMember {
    const known = this.#read.get(member)
    if (known !== undefined) return known
    const record = Object.freeze({
      name: member.name,
      host: member.host,
      port: member.port,
      tags: member.tags,
      status: member.status,
      weight: this.#weight(member),
      zone: this.#zone(member),
      url: memberUrl(member, this.#rules.foreignHosts),
    })
    const read = this.#pool(record)
    this.#read.set(member, read)
    return read
  }

  /**
   * What the member is to the ring, as far as its status and its tags go.
   *
   * @param incarnation at which it went, if it did.
   */
  candidacy(member: Member, incarnation = 0): Candidacy {
    const { name, status } = member
    const tag = this.#tagOf(member)
    if (this.#takesPart(member, tag)) return { name, member: this.read(member), tag }
    // Whoever ceases to take part is a router, or away, only once it holds nothing any more.
    const holdsNothing = tag === undefined || tag.standing === 'router' || tag.standing === 'away'
    const mayHold = status === 'alive' && !holdsNothing
    const bystander = mayHold ? this.read(member) : undefined
    return {
      name,
      member: undefined,
      bystander,
      tag,
      absence: this.#absence(member, tag, incarnation),
    }
  }

  /** Who fails may come back; who leaves does not, unless it has said so. */
  #absence(member: Member, tag: RingTag | undefined, incarnation: number): Candidacy['absence'] {
    const { name, status, tags } = member
    const standing = tag?.standing ?? 'serving'
    const isReturning = standing === 'returning' || standing === 'away'
    if (status === 'alive' && !isReturning) return undefined
    const isMissed = status === 'failed' && (standing === 'serving' || standing === 'forming')
    const hasHome =
      (isReturning || isMissed) && isWellFormed(name) && this.#rules.filter.matches(tags)
    return { incarnation, home: hasHome ? this.read(member) : undefined }
  }

  #takesPart(member: Member, tag: RingTag | undefined): boolean {
    const { filter, whileLeaving } = this.#rules
    const { name, status, tags } = member
    const isPresent = status === 'alive' || (status === 'leaving' && whileLeaving === 'part')
    const isGoing = tag !== undefined && tag.standing !== 'serving' && tag.standing !== 'forming'
    return isPresent && !isGoing && isWellFormed(name) && filter.matches(tags)
  }

  #tagOf(member: Member): RingTag | undefined {
    const text = tagOf(member, LIBRING_TAG)
    if (text === undefined || !isWellFormed(member.name)) return undefined
    return decodeRingTags(text).find(({ name }) => name === this.#rules.ring)
  }

  #weight(member: Member): number {
    const tag = this.#rules.shareTags?.weight
    const text = tagOf(member, tag)
    if (tag === undefined || text === undefined) return 1
    const weight = /^\d{1,5}$/.test(text) ? Number(text) : 0
    if (weight >= 1 && weight <= WEIGHT_MAX) return weight
    this.#ignore(member, tag)
    return 1
  }

  #zone(member: Member): string {
    const tag = this.#rules.shareTags?.zone
    const text = tagOf(member, tag)
    if (tag === undefined || text === undefined) return ''
    if (isWellFormed(text)) return text
    this.#ignore(member, tag)
    return ''
  }

  #ignore(member: Member, tag: string): void {
    this.#tagsIgnored++
    this.#onIgnored(member, tag)
  }
}

/** A tag name is the user's, so it may be the name of something every object has. */
function tagOf(member: Member, tag: string | undefined): string | undefined {
  return tag !== undefined && Object.hasOwn(member.tags, tag) ? member.tags[tag] : undefined
}
