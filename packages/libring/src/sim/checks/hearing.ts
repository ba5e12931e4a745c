import type { Member } from '../../base/member.ts'
import type { Millis } from '../../base/time.ts'
import type { SimNode } from '../node.ts'
import type { World } from '../world.ts'

/** More loss than this, and two members count as unable to hear each other. */
const LOSS_MAX = 0.3

type Belief = Pick<Member, 'status' | 'host'>

/**
 * Since when which members can hear each other.
 *
 * Two are apart while something is cut between them, more than 30 % is lost, or one is paused;
 * while one holds the other for gone, or knows it at another address than it has, as it does not
 * talk to it then; and while one does not know of the other, and nobody who can hear them knows of
 * both: they are on two islands. Who has begun lately is apart from those that were paused before,
 * for as long as anybody else.
 */
export class Hearing {
  readonly #world: World
  /** What each process that is up has heard of others. */
  readonly #beliefs = new Map<string, Map<string, Belief>>()
  readonly #apartAtMs = new Map<string, Millis>()
  /** When each was seen paused last. */
  readonly #pausedAtMs = new Map<string, Millis>()

  constructor(world: World) {
    this.#world = world
  }

  begin({ name }: SimNode): void {
    this.#beliefs.set(name, new Map())
    this.#pausedAtMs.delete(name)
  }

  end({ name }: SimNode): void {
    this.#beliefs.delete(name)
  }

  /** The node has heard of these, as they are now. */
  hear(node: SimNode, members: readonly Member[]): void {
    const beliefs = this.#beliefs.get(node.name)
    for (const { name, status, host } of members) {
      beliefs?.set(name, { status, host })
      if (status !== 'alive') this.#apartAtMs.set(pairOf(node.name, name), this.#world.nowMs)
    }
  }

  /** Note who is apart now. */
  look(): void {
    const up = this.#world.nodes.filter(({ isUp }) => isUp)
    for (const [index, left] of up.entries()) {
      if (left.isPaused) this.#pausedAtMs.set(left.name, this.#world.nowMs)
      for (let i = index + 1; i < up.length; i++) {
        this.#lookAt(left, up[i]!)
      }
    }
  }

  /** A process that has begun since the last look may be on another island. */
  #lookAt(left: SimNode, right: SimNode): void {
    if (!left.isUp || !right.isUp || !this.#areApart(left, right)) return
    this.#apartAtMs.set(pairOf(left.name, right.name), this.#world.nowMs)
  }

  /** How long two have heard each other without a break. */
  togetherForMs(left: string, right: string): Millis {
    this.#lookAt(this.#world.node(left), this.#world.node(right))
    const apart = [this.#apartAtMs.get(pairOf(left, right))]
    // A process that has begun since was apart from whoever was paused as well.
    const paused = [left, right].map((name) => this.#pausedAtMs.get(name))
    const lastMs = Math.max(...[...apart, ...paused].map((atMs) => atMs ?? -Infinity))
    return this.#world.nowMs - lastMs
  }

  #areApart(left: SimNode, right: SimNode): boolean {
    if (left.isPaused || right.isPaused) return true
    if (this.#isBad(left, right) || this.#isBad(right, left)) return true
    const seen = this.#seenBy(left, right)
    const seenBack = this.#seenBy(right, left)
    if (isGone(seen) || isGone(seenBack)) return true
    return (seen === undefined || seenBack === undefined) && !this.#haveFriend(left, right)
  }

  #isBad(from: SimNode, to: SimNode): boolean {
    const { isCut, lossRate } = this.#world.conditions(from, to)
    return isCut || lossRate > LOSS_MAX
  }

  /** Somebody whom both see, who sees both, and whom nothing keeps from telling each of the other. */
  #haveFriend(left: SimNode, right: SimNode): boolean {
    for (const name of this.#beliefs.get(left.name)?.keys() ?? []) {
      const friend = this.#world.node(name)
      if (friend.isUp && [left, right].every((node) => this.#areFriends(node, friend))) return true
    }
    return false
  }

  #areFriends(left: SimNode, right: SimNode): boolean {
    if (left.isPaused || right.isPaused) return false
    if (this.#isBad(left, right) || this.#isBad(right, left)) return false
    return this.#seenBy(left, right) === 'alive' && this.#seenBy(right, left) === 'alive'
  }

  /** One that has begun anew elsewhere is gone to whoever still knows it where it was. */
  #seenBy(node: SimNode, other: SimNode): Member['status'] | undefined {
    const belief = this.#beliefs.get(node.name)?.get(other.name)
    return belief === undefined || belief.host === other.host ? belief?.status : 'failed'
  }
}

function isGone(status: Member['status'] | undefined): boolean {
  return status === 'failed' || status === 'left'
}

function pairOf(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`
}
