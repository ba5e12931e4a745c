import type { Parcel, Participant } from './member.ts'
import { TIMES } from './rules.ts'

export interface Violation {
  readonly promise: 'one primary' | 'served' | 'at rest' | 'token grows' | 'exact' | 'fenced'
  readonly atMs: number
  readonly what: string
}

type Member = Participant<Parcel>

/**
 * What stands between two members: nothing; a cut, a pause, or the belief that the other is gone;
 * or that they are on two islands, so that neither could know of the other.
 */
export type Trouble = 'none' | 'apart' | 'strangers'

/** Two members can hear each other when they have not been apart for so long. */
export const HEARING_MS: number = TIMES.detection + TIMES.handoffTimeout

/** A partition that is held twice is held once again so long after the trouble: told, let go. */
const AFTERMATH_MS = HEARING_MS + TIMES.releaseTimeout

/** Time to take over from a member that is known to be gone. */
const UNSERVED_MS = 4_000

/** Partitions taken later than this in a run would be taken for ever. */
const REST_MS = 60_000

/** What the promises say, watched from outside. */
export class Checks {
  violation: Violation | undefined
  /** When two members were kept apart last, and when neither could know of the other. */
  readonly #apartAtMs = new Map<string, number>()
  readonly #strangersAtMs = new Map<string, number>()
  /** What two members hold both. */
  readonly #doubles = new Map<string, ReadonlySet<number>>()
  /** The highest token of each partition, and who held it. */
  readonly #tokens = new Map<number, { token: number | bigint; holder: Member }>()
  readonly #taken: { readonly member: Member; readonly partition: number }[] = []
  readonly #servedAtMs: number[] = []
  readonly #takesAtMs = new Map<number, number[]>()
  /** When each member took what it holds. */
  readonly #tookAtMs = new Map<string, number>()
  /** The last time that a member was stopped. */
  readonly #stalls = new Map<Member, { readonly sinceMs: number; readonly untilMs: number }>()

  /**
   * After every event: no partition gets two primaries that can hear each other, and none keeps
   * them for long once they can.
   */
  look(
    nowMs: number,
    running: ReadonlyMap<string, Member>,
    troubleBetween: (left: string, right: string) => Trouble,
    hears: (member: Member, other: Member) => boolean,
  ): void {
    const members = [...running.values()]
    for (const [i, left] of members.entries()) {
      for (const right of members.slice(i + 1)) {
        const pair = pairOf(left.name, right.name)
        const trouble = troubleBetween(left.name, right.name)
        if (trouble === 'apart') this.#apartAtMs.set(pair, nowMs)
        if (trouble === 'strangers') this.#strangersAtMs.set(pair, nowMs)
        this.#lookAtPair(nowMs, pair, left, right)
      }
    }
    for (const { member, partition } of this.#taken.splice(0)) {
      this.#lookAtToken(nowMs, member, partition, running)
      this.#lookAtStall(nowMs, member, partition, running, hears)
    }
  }

  #lookAtPair(nowMs: number, pair: string, left: Member, right: Member): void {
    const shared = [...left.held.keys()].filter((partition) => right.held.has(partition))
    const known = this.#doubles.get(pair)
    if (shared.length === 0) {
      if (known !== undefined) this.#doubles.delete(pair)
      return
    }
    const mayBegin =
      nowMs - (this.#apartAtMs.get(pair) ?? -Infinity) <= HEARING_MS ||
      nowMs === this.#strangersAtMs.get(pair)
    for (const partition of shared) {
      const isNew = known?.has(partition) !== true
      if ((isNew && !mayBegin) || !this.#isExcused(nowMs, left.name, right.name)) {
        this.#fail('one primary', nowMs, `${partition} is held by ${left.name} and ${right.name}`)
      }
    }
    this.#doubles.set(pair, new Set(shared))
  }

  /** Where nothing happens but crashes: no partition is long without a primary. */
  lookCalm(nowMs: number, running: ReadonlyMap<string, Member>, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++) {
      if ([...running.values()].some((member) => member.held.has(partition))) {
        this.#servedAtMs[partition] = nowMs
      } else if (nowMs - (this.#servedAtMs[partition] ?? 0) > TIMES.detection + UNSERVED_MS) {
        this.#fail('served', nowMs, `${partition} has been held by nobody for too long`)
      }
    }
  }

  onTake(nowMs: number, member: Member, partition: number): void {
    this.#taken.push({ member, partition })
    this.#tookAtMs.set(`${member.name} ${partition}`, nowMs)
    const takes = this.#takesAtMs.get(partition) ?? []
    this.#takesAtMs.set(partition, takes)
    takes.push(nowMs)
  }

  /** A process that was stopped goes on: it holds nothing that another took meanwhile. */
  onWake(
    nowMs: number,
    member: Member,
    sinceMs: number,
    running: ReadonlyMap<string, Member>,
  ): void {
    const stall = { sinceMs, untilMs: nowMs }
    this.#stalls.set(member, stall)
    for (const partition of member.held.keys()) {
      for (const other of this.#tookWhile(stall, partition, member, running)) {
        const what = `${member.name} was stopped, and holds ${partition}, as does ${other.name}`
        this.#fail('fenced', nowMs, what)
      }
    }
  }

  /** Nor does it take that because of what it had been told before. */
  #lookAtStall(
    nowMs: number,
    member: Member,
    partition: number,
    running: ReadonlyMap<string, Member>,
    hears: (member: Member, other: Member) => boolean,
  ): void {
    const stall = this.#stalls.get(member)
    if (stall === undefined) return
    for (const other of this.#tookWhile(stall, partition, member, running)) {
      if (!hears(member, other)) continue
      const what = `${member.name} was stopped, and takes ${partition}, which ${other.name} holds`
      this.#fail('fenced', nowMs, what)
    }
  }

  #tookWhile(
    { sinceMs, untilMs }: { readonly sinceMs: number; readonly untilMs: number },
    partition: number,
    member: Member,
    running: ReadonlyMap<string, Member>,
  ): readonly Member[] {
    return [...running.values()].filter((other) => {
      if (other === member || !other.held.has(partition)) return false
      const tookAtMs = this.#tookAtMs.get(`${other.name} ${partition}`) ?? -Infinity
      return tookAtMs >= sinceMs && tookAtMs <= untilMs
    })
  }

  /** Looked at once it is known how the members see one another now. */
  #lookAtToken(
    nowMs: number,
    member: Member,
    partition: number,
    running: ReadonlyMap<string, Member>,
  ): void {
    const token = member.held.get(partition)?.token
    if (token === undefined) return
    const before = this.#tokens.get(partition)
    // Nobody may have heard of the token of a holder that is gone.
    const isThere = before !== undefined && running.get(before.holder.name) === before.holder
    const isHandOff = isThere && before.holder !== member
    const isExcused = isHandOff && this.#isExcused(nowMs, before.holder.name, member.name)
    if (isHandOff && !isExcused && token <= before.token) {
      const was = `${before.token} of ${before.holder.name}`
      this.#fail('token grows', nowMs, `${partition}: ${token} of ${member.name} follows ${was}`)
    }
    if (before === undefined || token > before.token) {
      this.#tokens.set(partition, { token, holder: member })
    }
  }

  /** Steps that do not lead from one role to the next, and the like. */
  onFault(nowMs: number, what: string): void {
    this.#fail('exact', nowMs, what)
  }

  /** Long after the last fault: everything is served, by one, and nothing moves any more. */
  end(
    scenario: { readonly partitions: number; readonly stubborn: boolean },
    running: ReadonlyMap<string, Member>,
    muted: string | undefined,
    planOf: (member: Member, partition: number) => string | undefined,
  ): void {
    const members = [...running.values()]
    const atMs = Infinity
    for (let partition = 0; partition < scenario.partitions; partition++) {
      const holders = members.filter((member) => member.held.has(partition))
      const names = holders.map(({ name }) => name).join(' and ') || 'nobody'
      // Where nobody is named by its own plan, nobody takes.
      if (!members.some((member) => planOf(member, partition) === member.name)) continue
      // Nobody can make a holder that hears nothing let go.
      const isMuted = holders.some(({ name }) => name === muted)
      const isRight =
        (holders.length === 1 || isMuted) &&
        (scenario.stubborn || holders.some((it) => planOf(it, partition) === it.name))
      if (!isRight) this.#fail('served', atMs, `${partition} is held by ${names} in the end`)
      const late = (this.#takesAtMs.get(partition) ?? []).filter((takenMs) => {
        return takenMs > 160_000 - REST_MS
      })
      if (late.length > 2) {
        this.#fail('at rest', atMs, `${partition} was taken ${late.length} times in the quiet`)
      }
    }
  }

  #isExcused(nowMs: number, left: string, right: string): boolean {
    const pair = pairOf(left, right)
    const apartAtMs = this.#apartAtMs.get(pair) ?? -Infinity
    const strangersAtMs = this.#strangersAtMs.get(pair) ?? -Infinity
    return nowMs - Math.max(apartAtMs, strangersAtMs) <= AFTERMATH_MS
  }

  #fail(promise: Violation['promise'], atMs: number, what: string): void {
    this.violation ??= { promise, atMs, what }
  }
}

function pairOf(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`
}

/**
 * What was broken, and how to see it again.
 *
 * @param options of the run, besides its seed.
 */
export function describeViolation(
  seed: number,
  { promise, atMs, what }: Violation,
  options = '',
): string {
  const at = atMs === Infinity ? 'in the end' : `at ${(atMs / 1_000).toFixed(3)} s`
  return `${promise}: ${what}, ${at}\n  replay  npm run test:model -- --seed ${seed}${options} --trace`
}
