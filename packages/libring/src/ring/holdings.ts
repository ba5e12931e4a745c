import { compareUtf8 } from '../base/bytes.ts'
import { VACANT, type Assignment } from './assignment.ts'
import type { RingMember } from './ring-member.ts'

/** A partition held by a member, and at which replica index. */
export interface Holding {
  readonly partition: number
  /** 0 is the primary. */
  readonly replica: number
}

/**
 * What each member holds: the table of an assignment turned round. Two arrays of numbers, as a list
 * for each member would be far larger than the table, and mostly only one is asked for.
 */
export class Holdings {
  readonly #members: readonly RingMember[]
  readonly #holdersPerPartition: number
  /** Where the places of each member begin among all; one more than there are members. */
  readonly #starts: Uint32Array
  /** Indexes into the table, in order for each member. */
  readonly #places: Uint32Array

  /** @param members in the order of the bytes of their names, as rows count them. */
  constructor(members: readonly RingMember[], { holders, holdersPerPartition }: Assignment) {
    this.#members = members
    this.#holdersPerPartition = holdersPerPartition
    const starts = new Uint32Array(members.length + 1)
    for (const index of holders) if (index !== VACANT) starts[index + 1]!++
    for (let index = 0; index < members.length; index++) starts[index + 1]! += starts[index]!
    const places = new Uint32Array(starts[members.length]!)
    const next = starts.slice()
    for (let place = 0; place < holders.length; place++) {
      const index = holders[place]!
      if (index !== VACANT) places[next[index]!++] = place
    }
    this.#starts = starts
    this.#places = places
  }

  /** In the order of the partitions; frozen. Empty for a stranger. */
  of(name: string): readonly Holding[] {
    const index = indexOf(this.#members, name)
    if (index < 0) return NO_HOLDINGS
    const places = this.#places.subarray(this.#starts[index]!, this.#starts[index + 1]!)
    return Object.freeze(Array.from(places, (place) => this.#at(place)))
  }

  #at(place: number): Holding {
    const replica = place % this.#holdersPerPartition
    return Object.freeze({ partition: (place - replica) / this.#holdersPerPartition, replica })
  }
}

const NO_HOLDINGS: readonly Holding[] = Object.freeze([])

/** Of the member called `name`, or -1. */
function indexOf(members: readonly RingMember[], name: string): number {
  let low = 0
  let high = members.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareUtf8(members[middle]!.name, name) < 0) low = middle + 1
    else high = middle
  }
  return members[low]?.name === name ? low : -1
}
