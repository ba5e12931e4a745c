import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../packages/libring/src/routing/admission.ts'
import { Itinerary } from '../../packages/libring/src/routing/itinerary.ts'
import { FakeCluster, type FakeState } from '../support/fake-cluster.ts'

// Goal: while members see different rings for seconds, no request goes in circles, each ends in time,
// and it is served where the owner changes once, or changes back.
// Method: four members, of which each sees each change of the owner at a time of its own; index 0
// is handed over when both see it, and is nobody's where the one that takes it sees another ring
// meanwhile. One request comes in at the first of them. Time goes in steps.

const NAMES = ['ann', 'bob', 'cat', 'dan'] as const
type Name = (typeof NAMES)[number]

const STEP_MS = 10
/** How long it takes from when both see the change until the other one serves. */
const HANDOFF_MS = 50
const LATE_MS = 1_200
const APART_MS = 3_000
const LIMITS = { maxHops: 3, acquireWaitMs: 6_000, failoverWaitMs: 1_000 }

interface Script {
  /** Who owns the partition, one after the other, and when that comes to be so. */
  readonly owners: readonly { readonly name: Name; readonly atMs: number }[]
  /** How much later each member sees each of them. */
  readonly lateMs: readonly (readonly number[])[]
  readonly askedAtMs: number
}

const aName = fc.constantFrom(...NAMES)
const aTime = fc.integer({ min: 0, max: APART_MS / STEP_MS }).map((at) => at * STEP_MS)
const late = fc.integer({ min: 0, max: LATE_MS / STEP_MS }).map((at) => at * STEP_MS)

function scripts(owners: fc.Arbitrary<readonly Name[]>): fc.Arbitrary<Script> {
  return owners.chain((names) =>
    fc.record({
      owners: fc
        .array(aTime, { minLength: names.length, maxLength: names.length })
        .map((times) => times.toSorted((one, other) => one - other))
        .map((times) =>
          names.map((name, at) => ({ name, atMs: at === 0 ? -APART_MS : times[at]! })),
        ),
      lateMs: fc.array(fc.array(late, { minLength: names.length, maxLength: names.length }), {
        minLength: NAMES.length,
        maxLength: NAMES.length,
      }),
      askedAtMs: aTime,
    }),
  )
}

/** The four, as time goes on. */
class Members {
  readonly #script: Script
  readonly clusters: ReadonlyMap<string, FakeCluster>
  nowMs = -APART_MS
  #holder: Name | undefined
  #taker: { readonly name: Name; readonly atMs: number } | undefined

  constructor(script: Script) {
    this.#script = script
    this.clusters = new Map(NAMES.map((name) => [name, new FakeCluster({ holders: [] }, name)]))
    this.#holder = script.owners[0]!.name
    this.#show()
  }

  step(): void {
    this.nowMs += STEP_MS
    const taker = this.#taker
    if (taker !== undefined && this.#ownerSeenBy(taker.name) !== taker.name) {
      // What was let go for it is nobody's now.
      this.#taker = undefined
    } else if (taker !== undefined && this.nowMs >= taker.atMs) {
      this.#holder = taker.name
      this.#taker = undefined
    } else if (taker === undefined) {
      this.#handOver()
    }
    this.#show()
  }

  #handOver(): void {
    const named = this.#holder === undefined ? NAMES : [this.#ownerSeenBy(this.#holder)]
    const name = named.find((each) => each !== this.#holder && this.#ownerSeenBy(each) === each)
    if (name === undefined) return
    this.#holder = undefined
    this.#taker = { name, atMs: this.nowMs + HANDOFF_MS }
  }

  #show(): void {
    for (const [name, cluster] of this.clusters) cluster.state = this.#stateOf(name as Name)
  }

  #stateOf(name: Name): FakeState {
    const owner = this.#ownerSeenBy(name)
    const holders = [owner, ...NAMES.filter((each) => each !== owner)]
    if (this.#holder === name) return { holders, local: { replica: 0 } }
    const isNext = owner === name && this.#holder !== undefined
    return { holders, local: { replica: 1 }, ...(isNext ? { servedBy: this.#holder! } : {}) }
  }

  /** The latest change that it has seen, as changes are seen in their order. */
  #ownerSeenBy(name: Name): Name {
    const lateMs = this.#script.lateMs[NAMES.indexOf(name)]!
    const { owners } = this.#script
    const seen = owners.findLast(({ atMs }, at) => at === 0 || atMs + lateMs[at]! <= this.nowMs)
    return seen!.name
  }
}

interface Journey {
  readonly outcome: string
  readonly hops: number
  readonly tookMs: number
  /** Whom it was sent to, and when. */
  readonly sent: readonly (readonly [to: string, atMs: number])[]
}

function travel(script: Script): Journey {
  const members = new Members(script)
  while (members.nowMs < script.askedAtMs) members.step()
  const beganMs = members.nowMs
  const ann = members.clusters.get('ann')!
  const way = new Itinerary(ann, { partition: 7, role: 'primary' }, LIMITS)
  const sent: [string, number][] = []
  for (;;) {
    const leg = way.next()
    const over = (outcome: string): Journey => {
      return { outcome, hops: way.hops, tookMs: members.nowMs - beganMs, sent }
    }
    if (leg.type === 'serve') return over('served')
    if (leg.type === 'fail') return over(leg.code)
    if (leg.type === 'wait') {
      const before = JSON.stringify(ann.state)
      const untilMs = members.nowMs + leg.timeoutMs
      do members.step()
      while (members.nowMs < untilMs && JSON.stringify(ann.state) === before)
      way.waited(leg.timeoutMs, Math.max(0, untilMs - members.nowMs))
      continue
    }
    sent.push([leg.member.name, members.nowMs])
    const there = members.clusters.get(leg.member.name)!
    const untilMs = members.nowMs + LIMITS.acquireWaitMs
    let admission = admit(there, way.mark(''), LIMITS.maxHops)
    while (admission.type === 'wait' && members.nowMs < untilMs) {
      members.step()
      admission = admit(there, way.mark(''), LIMITS.maxHops)
    }
    if (admission.type === 'serve') return over('served')
    const refusal = admission.type === 'wait' ? admission.otherwise : admission
    if (refusal === undefined) return over('nobody serves it')
    way.refused(leg.member.name, refusal.owner, refusal.isNext)
  }
}

const anyOwners = fc.array(aName, { minLength: 1, maxLength: 5 })
const oneChange = fc.uniqueArray(aName, { minLength: 2, maxLength: 2 })
const thereAndBack = oneChange.map(([one, other]) => [one!, other!, one!])

test('no request is sent to more members than it may, and each ends in time', () => {
  fc.assert(
    fc.property(scripts(anyOwners), (script) => {
      const { hops, tookMs, sent } = travel(script)
      expect(hops).toBeLessThanOrEqual(LIMITS.maxHops)
      expect(sent.length).toBe(hops)
      // Where it came in, and at each member that waits with it.
      const mostMs = (1 + LIMITS.maxHops) * (LIMITS.acquireWaitMs + STEP_MS)
      expect(tookMs).toBeLessThanOrEqual(mostMs + LIMITS.failoverWaitMs)
    }),
    { numRuns: 1_000 },
  )
})

test('a request is served while the owner changes, whoever sees it when', () => {
  fc.assert(
    fc.property(scripts(oneChange), (script) => {
      expect(travel(script).outcome).toBe('served')
    }),
    { numRuns: 1_000 },
  )
})

test('a request is served while the owner changes and changes back', () => {
  fc.assert(
    fc.property(scripts(thereAndBack), (script) => {
      expect(travel(script).outcome).toBe('served')
    }),
    { numRuns: 1_000 },
  )
})
