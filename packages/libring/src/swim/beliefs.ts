import { ipFromBytes, type Address } from '../base/address.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'
import type { Alive, Dead, NodeState, Suspect, Versions } from '../wire/messages.ts'
import { mayAccuse, mayLive } from './incarnations.ts'
import { Members, MEMBERS_MAX, type MemberRow } from './members.ts'
import { OwnIncarnation } from './own-incarnation.ts'
import { canSpeakWith } from './protocol-versions.ts'
import { isPresent, supersedes } from './standing.ts'
import { newSwimStats, type SwimStats } from './stats.ts'
import { Suspicion, suspicionBounds, type SuspicionSetting } from './suspicion.ts'

/** A statement about a member. */
export type Claim = Alive | Suspect | Dead

/** What a claim led to. Every field is absent when it led to nothing of the kind. */
export interface Verdict {
  /** Tell the others: the claim itself, or what refutes it. */
  readonly spread?: Claim
  /** The member's row changed in a way that the layer above hears of. */
  readonly change?: { readonly kind: 'up' | 'down' | 'left' | 'update'; readonly row: MemberRow }
  /** The member is suspect until then, or, when `undefined`, no longer. */
  readonly suspicion?: { readonly name: string; readonly untilMs: Millis | undefined }
  /** We were accused and have answered. */
  readonly refuted?: true
  /** Another address claims a name that is taken. */
  readonly conflict?: { readonly row: MemberRow; readonly claimed: Address }
  /** A dead member's name is claimed from another address, which has to answer for it first. */
  readonly unproven?: { readonly claim: Alive; readonly at: Address }
  /** The claim was dropped because it cannot be true, or there is no room for it. */
  readonly refused?: true
}

/** An alive claim that says which versions its member speaks. */
type AliveInFull = Alive & { readonly versions: Versions }

const NOTHING: Verdict = {}
const REFUSED: Verdict = { refused: true }

export interface BeliefsSetting extends SuspicionSetting {
  /** How long a dead member's name is kept from another address; 0 keeps it for ever. */
  readonly deadNodeReclaimMs: Millis
}

/** How the local member presents itself. */
export interface Identity {
  readonly addr: Uint8Array
  readonly port: number
  readonly meta: Uint8Array
  readonly versions: Versions
}

/**
 * What we believe of every member, and how claims change it.
 *
 * Every claim is judged at once and wholly; the verdict says what has to follow.
 *
 * @see SWIM section 4.2; memberlist state.go `aliveNode`, `suspectNode`, `deadNode`, `refute`.
 */
export class Beliefs {
  readonly members: Members
  readonly #setting: BeliefsSetting
  readonly #stats: Pick<SwimStats, 'suspicions' | 'suspicionsRefuted' | 'suspicionsConfirmed'>
  readonly #localName: string
  readonly #suspicions = new Map<string, Suspicion>()
  #port = 0
  #versions: Versions | undefined
  readonly #incarnation = new OwnIncarnation()
  #leaving = false

  constructor(
    localName: string,
    setting: BeliefsSetting,
    random: Random,
    stats: SwimStats = newSwimStats(),
  ) {
    this.#localName = localName
    this.#setting = setting
    this.#stats = stats
    this.members = new Members(random)
  }

  /** Whether the local member has said farewell. */
  get leaving(): boolean {
    return this.#leaving
  }

  /**
   * Present ourselves, at first and whenever address or meta change.
   *
   * @param least the lowest incarnation to do so at.
   */
  introduce(identity: Identity, nowMs: Millis, least = 1): Verdict {
    this.#port = identity.port
    this.#versions = identity.versions
    this.#incarnation.advance(least, this.#settleMs, nowMs)
    const { addr, port, meta, versions } = identity
    const claim = this.#aliveClaim({ addr, port, meta, versions })
    const own = this.members.get(this.#localName) ?? newRow(claim, nowMs)
    return this.#believeAlive(claim, own, nowMs)
  }

  /** Say farewell: from now on claims about ourselves are left standing. */
  depart(nowMs: Millis): Verdict {
    const own = this.members.get(this.#localName)
    if (own === undefined || this.#leaving) return NOTHING
    this.#leaving = true
    const { incarnation, name } = own
    return this.dead({ type: 'dead', incarnation, node: name, from: name }, nowMs)
  }

  /**
   * Judge a row of somebody else's table: its deaths are only suspicions to us. Whoever is suspected
   * is still a member to all others, and so it is to us, who may have come just now: memberlist would
   * pass it over, until it has something to say that reaches us.
   */
  remote(state: NodeState, nowMs: Millis): Verdict {
    const { name, incarnation, addr, port, meta, versions } = state
    const isNews = state.state === 'suspect' && this.members.get(name) === undefined
    switch (isNews ? 'alive' : state.state) {
      case 'alive':
        return this.alive(
          { type: 'alive', node: name, incarnation, addr, port, meta, versions },
          nowMs,
        )
      case 'left':
        return this.dead({ type: 'dead', node: name, incarnation, from: name }, nowMs)
      case 'suspect':
      case 'dead':
        return this.suspect(
          { type: 'suspect', node: name, incarnation, from: this.#localName },
          nowMs,
        )
    }
  }

  /** @param isProven whether the claimed address has answered to the name. */
  alive(received: Alive, nowMs: Millis, isProven = false): Verdict {
    const claim = received.port === 0 ? { ...received, port: this.#port } : received
    const row = this.members.get(claim.node)
    if (!this.#isPlausible(claim, row)) return REFUSED
    if (claim.node === this.#localName) return this.#aliveAboutUs(claim, row, nowMs)
    if (row === undefined) {
      // A brand-new member stands at incarnation 0: only a claim above that lets it in.
      if (claim.incarnation === 0) return NOTHING
      // Without versions it could not take part in a push/pull, and would break everybody's.
      const { versions } = claim
      if (versions === undefined || this.members.size >= MEMBERS_MAX) return REFUSED
      return this.#believeAlive(claim, newRow({ ...claim, versions }, nowMs), nowMs)
    }
    const isElsewhere = !isSamePlace(claim, row)
    if (isElsewhere && !this.#mayMove(row, nowMs)) return conflictOf(claim, row)
    // Who has left may come back as anybody. Who is dead may only have moved: what was said of it
    // in earlier places may still be under way, or be told by whoever was cut off since.
    if (isElsewhere && row.state === 'left') return this.#believeAlive(claim, row, nowMs)
    if (!supersedes({ state: 'alive', incarnation: claim.incarnation }, row)) return NOTHING
    if (isElsewhere && !isProven) return { unproven: { claim, at: addressOf(claim) } }
    return this.#believeAlive(claim, row, nowMs)
  }

  suspect(claim: Suspect, nowMs: Millis): Verdict {
    const row = this.members.get(claim.node)
    if (row === undefined || claim.incarnation < row.incarnation) return NOTHING
    if (!mayAccuse(claim, row)) return REFUSED
    const suspicion = this.#suspicions.get(claim.node)
    if (suspicion !== undefined) {
      if (!suspicion.confirm(claim.from)) return NOTHING
      return { spread: claim, suspicion: { name: row.name, untilMs: suspicion.deadlineMs } }
    }
    if (!supersedes({ state: 'suspect', incarnation: claim.incarnation }, row)) return NOTHING
    if (claim.node === this.#localName) return this.#refute(row, claim.incarnation, nowMs)

    row.incarnation = claim.incarnation
    this.members.setState(row, 'suspect', nowMs)
    const bounds = suspicionBounds(this.#setting, this.members.size)
    const raised = new Suspicion(claim.from, bounds, nowMs)
    this.#suspicions.set(row.name, raised)
    this.#stats.suspicions++
    return { spread: claim, suspicion: { name: row.name, untilMs: raised.deadlineMs } }
  }

  dead(claim: Dead, nowMs: Millis): Verdict {
    const row = this.members.get(claim.node)
    const left = claim.node === claim.from
    const state = left ? 'left' : 'dead'
    if (row === undefined || !supersedes({ state, incarnation: claim.incarnation }, row)) {
      return NOTHING
    }
    if (!mayAccuse(claim, row)) return REFUSED
    if (claim.node === this.#localName && !this.#leaving) {
      return this.#refute(row, claim.incarnation, nowMs)
    }
    if (this.#suspicions.delete(row.name) && !left) this.#stats.suspicionsConfirmed++
    row.incarnation = claim.incarnation
    this.members.setState(row, state, nowMs)
    return {
      spread: claim,
      change: { kind: left ? 'left' : 'down', row },
      suspicion: { name: row.name, untilMs: undefined },
    }
  }

  /** The time a suspect had to refute is over. */
  suspicionOver(name: string, nowMs: Millis): Verdict {
    const row = this.members.get(name)
    if (row === undefined || row.state !== 'suspect') return NOTHING
    const { incarnation } = row
    return this.dead({ type: 'dead', incarnation, node: name, from: this.#localName }, nowMs)
  }

  /** So much of the time that suspects have had to refute does not count: all of them, anew. */
  extendSuspicions(byMs: Millis): Required<Verdict>['suspicion'][] {
    return [...this.#suspicions].map(([name, suspicion]) => {
      suspicion.extend(byMs)
      return { name, untilMs: suspicion.deadlineMs }
    })
  }

  #aliveAboutUs(claim: Alive, own: MemberRow | undefined, nowMs: Millis): Verdict {
    if (own === undefined || this.#leaving) return NOTHING
    if (!isSamePlace(claim, own)) return conflictOf(claim, own)
    if (claim.incarnation < own.incarnation) return NOTHING
    const isEcho =
      claim.incarnation === own.incarnation &&
      equalBytes(claim.meta, own.meta) &&
      claim.versions !== undefined &&
      claim.versions.join() === own.versions.join()
    return isEcho ? NOTHING : this.#refute(own, claim.incarnation, nowMs)
  }

  /** @param row the member as it is known, if it is. */
  #isPlausible(claim: Alive, row: MemberRow | undefined): boolean {
    const { versions, port } = claim
    const isUnderstood = versions === undefined || canSpeakWith(versions, this.#versions)
    return mayLive(claim, row) && port !== 0 && isUnderstood
  }

  /** Answer an accusation: speak up at an incarnation above the accuser's, if all would believe it. */
  #refute(own: MemberRow, accusedAt: number, nowMs: Millis): Verdict {
    if (!this.#incarnation.refute(accusedAt, this.#settleMs, nowMs)) return REFUSED
    own.incarnation = this.#incarnation.value
    return { spread: this.#aliveClaim(own), refuted: true }
  }

  /** How long until what we say of ourselves has reached everybody, as suspects are given at least. */
  get #settleMs(): Millis {
    return suspicionBounds(this.#setting, this.members.size).minMs
  }

  /** Whether a name may turn up at another address: its holder left, or is dead for long enough. */
  #mayMove(row: MemberRow, nowMs: Millis): boolean {
    if (row.state === 'left') return true
    const { deadNodeReclaimMs } = this.#setting
    const deadForMs = nowMs - row.stateSinceMs
    return row.state === 'dead' && deadNodeReclaimMs > 0 && deadForMs > deadNodeReclaimMs
  }

  #believeAlive(claim: Alive, row: MemberRow, nowMs: Millis): Verdict {
    const wasPresent = isPresent(row.state)
    const metaChanged = !equalBytes(row.meta, claim.meta)
    row.addr = keepable(claim.addr)
    row.port = claim.port
    row.address = addressOf(claim)
    row.meta = keepable(claim.meta)
    row.incarnation = claim.incarnation
    row.versions = claim.versions ?? row.versions
    if (this.members.get(row.name) === undefined) this.members.add(row)
    if (row.state !== 'alive') this.members.setState(row, 'alive', nowMs)
    if (this.#suspicions.delete(row.name)) this.#stats.suspicionsRefuted++

    const kind = !wasPresent ? 'up' : metaChanged ? 'update' : undefined
    return {
      spread: { ...claim, versions: row.versions },
      suspicion: { name: row.name, untilMs: undefined },
      ...(kind !== undefined && { change: { kind, row } }),
    }
  }

  #aliveClaim(own: {
    readonly addr: Uint8Array
    readonly port: number
    readonly meta: Uint8Array
    readonly versions: Versions
  }): AliveInFull {
    const { addr, port, meta, versions } = own
    const incarnation = this.#incarnation.value
    return { type: 'alive', node: this.#localName, incarnation, addr, port, meta, versions }
  }
}

/** What was decoded is a view of a packet, which would stay as long as the row does: a copy. */
function keepable(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
}

/** Compared byte by byte, as memberlist does: the mapped form of an address is another address. */
function isSamePlace(claim: Alive, row: MemberRow): boolean {
  return claim.port === row.port && equalBytes(claim.addr, row.addr)
}

function conflictOf(claim: Alive, row: MemberRow): Verdict {
  return { conflict: { row, claimed: addressOf(claim) } }
}

/** Wire addresses are of 4 or 16 bytes, so there is always a text. */
function addressOf(claim: Alive): Address {
  return { host: ipFromBytes(claim.addr) ?? '0.0.0.0', port: claim.port }
}

/** A member never heard of stands as dead at incarnation 0 until its claim is believed. */
function newRow(claim: AliveInFull, nowMs: Millis): MemberRow {
  return {
    name: claim.node,
    addr: claim.addr,
    port: claim.port,
    address: addressOf(claim),
    meta: claim.meta,
    incarnation: 0,
    state: 'dead',
    stateSinceMs: nowMs,
    versions: claim.versions,
  }
}
