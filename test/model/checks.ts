import type { Member } from './member.ts'
import { TIMES } from './rules.ts'

export interface Violation {
  readonly promise: 'one primary' | 'served' | 'at rest' | 'token grows'
  readonly atMs: number
  readonly what: string
}

/** Trouble between two members excuses them for so long after it is over: told, and let go. */
const AFTERMATH_MS = TIMES.detection + TIMES.handoffTimeout + TIMES.releaseTimeout

/** Time to take over from a member that is known to be gone. */
const UNSERVED_MS = 4_000

/** Partitions taken later than this in a run would be taken for ever. */
const REST_MS = 60_000

/** What the promises say, watched from outside. */
export class Checks {
  violation: Violation | undefined
  readonly #troubledAtMs = new Map<string, number>()
  /** The highest token of each partition, and who held it. */
  readonly #tokens = new Map<number, { token: number; holder: Member }>()
  readonly #servedAtMs: number[] = []
  readonly #takesAtMs = new Map<number, number[]>()

  /** After every event: no partition may have two primaries that can hear each other. */
  look(
    nowMs: number,
    running: ReadonlyMap<string, Member>,
    isTroubled: (left: string, right: string) => boolean,
  ): void {
    const members = [...running.values()]
    for (const [i, left] of members.entries()) {
      for (const right of members.slice(i + 1)) {
        const pair = `${left.name} ${right.name}`
        if (isTroubled(left.name, right.name)) this.#troubledAtMs.set(pair, nowMs)
        if (nowMs - (this.#troubledAtMs.get(pair) ?? -Infinity) <= AFTERMATH_MS) continue
        for (const partition of left.held.keys()) {
          if (!right.held.has(partition)) continue
          this.#fail('one primary', nowMs, `${partition} is held by ${left.name} and ${right.name}`)
        }
      }
    }
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

  onTake(
    nowMs: number,
    member: Member,
    partition: number,
    isTroubled: (other: string) => boolean,
  ): void {
    const { token } = member.held.get(partition)!
    const before = this.#tokens.get(partition)
    const isExcused = before === undefined || isTroubled(before.holder.name)
    if (!isExcused && before.holder.name !== member.name && token <= before.token) {
      const was = `${before.token} of ${before.holder.name}`
      this.#fail('token grows', nowMs, `${partition}: ${token} of ${member.name} follows ${was}`)
    }
    if (before === undefined || token > before.token) {
      this.#tokens.set(partition, { token, holder: member })
    }
    const takes = this.#takesAtMs.get(partition) ?? []
    this.#takesAtMs.set(partition, takes)
    takes.push(nowMs)
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

  #fail(promise: Violation['promise'], atMs: number, what: string): void {
    this.violation ??= { promise, atMs, what }
  }
}

/** What was broken, and how to see it again. */
export function describeViolation(seed: number, { promise, atMs, what }: Violation): string {
  const at = atMs === Infinity ? 'in the end' : `at ${(atMs / 1_000).toFixed(3)} s`
  return `${promise}: ${what}, ${at}\n  replay  npm run test:model -- --seed ${seed} --trace`
}
