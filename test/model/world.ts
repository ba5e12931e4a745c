import {
  below,
  fraction,
  seededRandom,
  type Random,
} from '../../packages/libring/src/base/random.ts'
import { Checks, HEARING_MS, type Trouble, type Violation } from './checks.ts'
import {
  Member,
  type Beginning,
  type Belief,
  type Message,
  type Parcel,
  type Participant,
  type Scenario,
  type Surroundings,
} from './member.ts'
import { namedBy } from './naming.ts'
import { ALL_RULES, TIMES, type Rule } from './rules.ts'
import { scenarioOf } from './scenario.ts'

/** How long faults happen, and how long it is quiet afterwards. */
const FAULTS_MS = 60_000
const QUIET_MS = 100_000
const TICK_MS = 200

const FAULTS = [
  'join',
  'join',
  'join twins',
  'drain',
  'stop',
  'crash',
  'restart',
  'restart',
  'false death',
  'flap',
  'cut',
  'pause',
] as const

/** Writes what happens, one line each. */
export type Log = (line: string) => void

/** How a member of the world comes to be. */
export type Create<P extends Parcel> = (name: string, beginning: Beginning<P>) => Participant<P>

/** Run the model with the scenario of `seed`. The first promise it breaks, or `undefined`. */
export function runModel(
  seed: number,
  rules: ReadonlySet<Rule> = new Set(ALL_RULES),
  log?: Log,
): Violation | undefined {
  const create: Create<Message> = (name, beginning) => new Member(name, beginning, rules)
  return runWorld(seed, scenarioOf(seed), create, log)
}

/** Run members of any make. The first promise they break, or `undefined`. */
export function runWorld<P extends Parcel>(
  seed: number,
  scenario: Scenario,
  create: Create<P>,
  log: Log = () => {},
): Violation | undefined {
  return new World(seed, scenario, create, log).run()
}

class World<P extends Parcel> implements Surroundings<P> {
  readonly #scenario: Scenario
  readonly #create: Create<P>
  readonly #random: Random
  readonly #log: Log
  readonly #running = new Map<string, Participant<P>>()
  readonly #incarnations = new Map<string, number>()
  readonly #pausedUntil = new Map<string, number>()
  readonly #pausedSince = new Map<string, number>()
  readonly #cuts = new Map<string, number>()
  readonly #checks = new Checks()
  readonly #events: { atMs: number; order: number; run: () => void }[] = []
  #nowMs = 0
  #counter = 0
  #muted: string | undefined
  #born = 0

  constructor(seed: number, scenario: Scenario, create: Create<P>, log: Log) {
    this.#scenario = scenario
    this.#create = create
    this.#random = seededRandom(seed, 'world')
    this.#log = (line) => log(`${(this.#nowMs / 1_000).toFixed(3)} ${line}`)
  }

  run(): Violation | undefined {
    for (let i = 0; i < this.#scenario.members; i++) this.#join()
    if (this.#scenario.mute) this.#muted = this.#anyMember().name
    for (let i = 0; i < this.#scenario.faults; i++) {
      const atMs = this.#scenario.calm ? 30_000 * (i + 1) : 5_000 + below(this.#random, 55_000)
      this.#in(atMs, () => this.#fault())
    }
    const endMs = FAULTS_MS + QUIET_MS
    while (this.#nowMs < endMs && this.#checks.violation === undefined) {
      const next = this.#events.shift()!
      this.#nowMs = next.atMs
      next.run()
      this.#checks.look(
        this.#nowMs,
        this.#holding(),
        (left, right) => this.#trouble(left, right),
        (member, other) => {
          const [name, its] = [member.name, other.name]
          return isIn(member, its) && !this.#wasCut(name, its) && !this.#wasCut(its, name)
        },
      )
      if (this.#scenario.calm) {
        this.#checks.lookCalm(this.#nowMs, this.#running, this.#scenario.partitions)
      }
    }
    if (this.#checks.violation === undefined) {
      this.#checks.end(this.#scenario, this.#running, this.#muted, (member, partition) => {
        return this.planOf(member, partition)
      })
    }
    return this.#checks.violation
  }

  nowMs(): number {
    return this.#nowMs
  }

  handlerMs(): number {
    return [50, 500, 3_000, 60_000][below(this.#random, 4)]!
  }

  unique(): number {
    return ++this.#counter
  }

  planOf(member: Participant<P>, partition: number): string | undefined {
    return namedBy(member, partition, this.#scenario)
  }

  send(to: string, parcel: P): void {
    const { from, kind, items } = parcel
    const copies = below(this.#random, 20) === 0 ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (below(this.#random, 100) < this.#scenario.lossPercent) continue
      this.#in(this.#delayMs(), () => {
        if (this.#isCut(from, to) || from === this.#muted || to === this.#muted) return
        this.#onceAwake(to, () => {
          this.#log(`${from} to ${to}: ${kind} ${describeItems(items)}`)
          this.#running.get(to)?.receive(parcel)
        })
      })
    }
  }

  /** Each is told what the other believed when it spoke, and may believe something else by then. */
  exchange(member: Participant<P>, peer: string, then: (isDone: boolean) => void): void {
    const ours = [...member.beliefs]
    this.#in(5 + below(this.#random, 100), () => {
      const other = this.#running.get(peer)
      const isReached = this.#isThere(member) && this.#canMeet(member.name, peer)
      const theirs = other !== undefined && isReached ? [...other.beliefs] : undefined
      if (theirs !== undefined) for (const news of ours) this.#hear(other!, ...news)
      this.#in(5 + below(this.#random, 100), () => {
        this.#onceAwake(member.name, () => {
          if (!this.#isThere(member)) return
          const isDone = theirs !== undefined && !this.#isCut(peer, member.name)
          if (isDone) for (const news of theirs) this.#hear(member, ...news)
          then(isDone)
        })
      })
    })
  }

  onTake(member: Participant<P>, partition: number): void {
    const { token } = member.held.get(partition)!
    this.#log(`${member.name} takes ${partition} with token ${token}`)
    this.#checks.onTake(this.#nowMs, member, partition)
  }

  onLeft(member: Participant<P>): void {
    this.#log(`${member.name} has left`)
    this.#running.delete(member.name)
    this.#spread(member.name, { ...member.beliefs.get(member.name)!, status: 'left' })
  }

  onFault(what: string): void {
    this.#checks.onFault(this.#nowMs, what)
  }

  #in(ms: number, run: () => void): void {
    const event = { atMs: this.#nowMs + ms, order: ++this.#counter, run }
    let at = this.#events.length
    while (at > 0 && this.#events[at - 1]!.atMs > event.atMs) at--
    this.#events.splice(at, 0, event)
  }

  /** Whether nothing comes late. */
  get #isGood(): boolean {
    return this.#scenario.calm || this.#scenario.gentle === true
  }

  #delayMs(): number {
    if (this.#isGood) return 1 + below(this.#random, 50)
    const kind = below(this.#random, this.#scenario.slow ? 6 : 20)
    if (this.#scenario.slow && below(this.#random, 12) === 0) return below(this.#random, 25_000)
    if (kind === 0) return below(this.#random, 4_000)
    return 1 + below(this.#random, kind < 4 ? 1_000 : 50)
  }

  #fault(): void {
    if (this.#running.size === 0) return
    const kind = this.#faultKind()
    const { name } = this.#anyMember()
    this.#log(`fault: ${kind} ${name}`)
    const mayLose = this.#serving().length > 2
    switch (kind) {
      case 'join':
        this.#join()
        break
      case 'join twins':
        this.#join()
        this.#join()
        break
      case 'drain':
        if (mayLose) this.#leave(name, 'draining')
        break
      case 'stop':
        if (mayLose) this.#leave(name, 'stopping')
        break
      case 'crash':
        if (mayLose) this.#crash(name)
        break
      case 'restart':
        this.#crash(name)
        this.#in(100 + below(this.#random, 2_000), () => this.#start(name))
        break
      case 'false death':
        this.#declareDead(name)
        break
      case 'flap':
        for (let i = 0; i < 5; i++) this.#in(i * 1_500, () => this.#declareDead(name))
        break
      case 'cut':
        this.#cut()
        break
      case 'pause':
        this.#pause(name)
        break
    }
  }

  #faultKind(): (typeof FAULTS)[number] {
    if (this.#scenario.calm) return 'crash'
    if (this.#scenario.gentle === true) return below(this.#random, 2) === 0 ? 'join' : 'drain'
    return FAULTS[below(this.#random, FAULTS.length)]!
  }

  #join(): void {
    if (this.#running.size < 8) this.#start(String.fromCharCode(97 + this.#born++))
  }

  #start(name: string): void {
    const member = this.#create(name, {
      scenario: this.#scenario,
      skewMs: Math.round((2 * fraction(this.#random) - 1) * this.#scenario.skewMs),
      isFirst: this.#running.size === 0,
      world: this,
    })
    const incarnation = (this.#incarnations.get(name) ?? 0) + 1
    this.#incarnations.set(name, incarnation)
    member.merge(name, { incarnation, status: 'alive' })
    const seeds = [...this.#running.values()].filter((seed) => {
      return !this.#isPaused(seed.name) && !this.#isCut(name, seed.name)
    })
    const seed = seeds[below(this.#random, Math.max(1, seeds.length))]
    if (seed === undefined && this.#running.size > 0) {
      this.#in(1_000, () => this.#start(name))
      return
    }
    this.#log(`${name} starts, by ${seed?.name}`)
    this.#running.set(name, member)
    if (seed !== undefined) this.#pushPull(member, seed)
    this.#spread(name, { incarnation, status: 'alive' })
    this.#in(below(this.#random, TICK_MS), () => this.#tick(member))
    this.#in(below(this.#random, 5_000), () => this.#antiEntropy(member))
  }

  #leave(name: string, how: 'draining' | 'stopping'): void {
    const member = this.#running.get(name)!
    if (member.exit !== 'no' || this.#isPaused(name)) return
    const incarnation = this.#incarnations.get(name)! + 1
    this.#incarnations.set(name, incarnation)
    const belief = { incarnation, status: 'draining' } as const
    member.merge(name, belief)
    member.leave(how)
    this.#spread(name, belief)
  }

  #crash(name: string): void {
    this.#running.delete(name)
    this.#pausedUntil.delete(name)
    this.#pausedSince.delete(name)
    this.#in(TIMES.stall + below(this.#random, TIMES.detection - TIMES.stall), () => {
      if (!this.#running.has(name)) this.#declareDead(name)
    })
  }

  /** Somebody who believes it alive ceases to, and spreads the word. */
  #declareDead(name: string): void {
    const accusers = [...this.#running.values()].filter((member) => {
      return member.name !== name && !this.#isPaused(member.name) && isIn(member, name)
    })
    const accuser = accusers[below(this.#random, Math.max(1, accusers.length))]
    if (accuser !== undefined) this.#accuse(accuser, name)
  }

  #accuse(accuser: Participant<P>, name: string): void {
    const belief = { ...accuser.beliefs.get(name)!, status: 'dead' } as const
    this.#hear(accuser, name, belief)
    this.#spread(name, belief, accuser.name)
  }

  #cut(): void {
    const names = [...this.#running.keys()]
    const side = new Set(names.filter(() => below(this.#random, 2) === 0))
    const lastsMs = 1_000 + below(this.#random, 20_000)
    const oneWay = below(this.#random, 3) === 0
    for (const left of names.filter((name) => side.has(name))) {
      for (const right of names.filter((name) => !side.has(name))) {
        this.#cuts.set(`${left} ${right}`, this.#nowMs + lastsMs)
        if (!oneWay) this.#cuts.set(`${right} ${left}`, this.#nowMs + lastsMs)
        this.#accuseLater(left, right)
        this.#accuseLater(right, left)
      }
    }
  }

  #accuseLater(accuser: string, name: string): void {
    this.#in(TIMES.stall + below(this.#random, TIMES.detection - TIMES.stall), () => {
      const member = this.#running.get(accuser)
      if (member === undefined || this.#isPaused(accuser) || !isIn(member, name)) return
      if (this.#isCut(accuser, name) || this.#isCut(name, accuser)) this.#accuse(member, name)
    })
  }

  #pause(name: string): void {
    const lastsMs = 500 + below(this.#random, 20_000)
    if (!this.#isPaused(name)) this.#pausedSince.set(name, this.#nowMs)
    this.#pausedUntil.set(name, this.#nowMs + lastsMs)
    this.#in(lastsMs, () => this.#wake(name))
    this.#in(TIMES.stall + below(this.#random, TIMES.detection - TIMES.stall), () => {
      if (this.#isPaused(name)) this.#declareDead(name)
    })
  }

  #wake(name: string): void {
    const member = this.#running.get(name)
    const sinceMs = this.#pausedSince.get(name)
    if (member === undefined || sinceMs === undefined || this.#isPaused(name)) return
    this.#pausedSince.delete(name)
    if (member.wake === undefined || this.#nowMs - sinceMs < TIMES.stall) return
    member.wake()
    this.#checks.onWake(this.#nowMs, member, sinceMs, this.#holding())
  }

  #tick(member: Participant<P>): void {
    if (!this.#isThere(member)) return
    if (!this.#isPaused(member.name)) member.tick()
    this.#in(TICK_MS, () => this.#tick(member))
  }

  #antiEntropy(member: Participant<P>): void {
    if (!this.#isThere(member)) return
    this.#in(4_000 + below(this.#random, 2_000), () => this.#antiEntropy(member))
    const known = [...member.beliefs.keys()].filter((name) => name !== member.name)
    const peer = known[below(this.#random, Math.max(1, known.length))]
    if (peer === undefined) return
    if (this.#running.has(peer)) this.exchange(member, peer, () => {})
    else if (isIn(member, peer) && !this.#isPaused(member.name)) this.#accuse(member, peer)
  }

  /** Gossip: heard of by most, after a while. */
  #spread(name: string, belief: Belief, origin = name): void {
    for (const to of this.#running.keys()) {
      if (to === origin) continue
      if (!this.#isGood && below(this.#random, this.#scenario.slow ? 2 : 10) === 0) continue
      const isLate = below(this.#random, this.#scenario.slow ? 2 : 4) === 0
      this.#in(20 + below(this.#random, isLate ? 3_000 : 300), () => {
        const member = this.#running.get(to)
        if (member === undefined || this.#isPaused(to) || this.#isCut(origin, to)) return
        this.#hear(member, name, belief)
      })
    }
  }

  #pushPull(left: Participant<P>, right: Participant<P>): void {
    const mine = [...left.beliefs]
    for (const [name, belief] of right.beliefs) this.#hear(left, name, belief)
    for (const [name, belief] of mine) this.#hear(right, name, belief)
  }

  #hear(member: Participant<P>, name: string, belief: Belief): void {
    if (name !== member.name) {
      member.merge(name, belief)
      return
    }
    const own = member.beliefs.get(name)!
    if (belief.incarnation < own.incarnation || belief.status === own.status) return
    if (belief.incarnation === own.incarnation && belief.status === 'alive') return
    const refutation = { ...own, incarnation: belief.incarnation + 1 }
    this.#incarnations.set(name, refutation.incarnation)
    member.merge(name, refutation)
    this.#spread(name, refutation)
  }

  #isThere(member: Participant<P>): boolean {
    return this.#running.get(member.name) === member
  }

  #canMeet(left: string, right: string): boolean {
    if (this.#isPaused(left) || this.#isPaused(right)) return false
    return !this.#isCut(left, right) && !this.#isCut(right, left)
  }

  #isCut(from: string, to: string): boolean {
    return (this.#cuts.get(`${from} ${to}`) ?? 0) > this.#nowMs
  }

  /** Lately, or where no message arrives. */
  #wasCut(from: string, to: string): boolean {
    if (from === this.#muted || to === this.#muted) return true
    return (this.#cuts.get(`${from} ${to}`) ?? -Infinity) > this.#nowMs - HEARING_MS
  }

  #onceAwake(name: string, run: () => void): void {
    const untilMs = this.#pausedUntil.get(name) ?? 0
    if (untilMs > this.#nowMs) this.#in(untilMs - this.#nowMs, () => this.#onceAwake(name, run))
    else run()
  }

  #isPaused(name: string): boolean {
    return (this.#pausedUntil.get(name) ?? 0) > this.#nowMs
  }

  /** Whoever does anything for what it holds. */
  #holding(): ReadonlyMap<string, Participant<P>> {
    const members = [...this.#running]
    return new Map(members.filter(([name, { wake }]) => !wake || !this.#isPaused(name)))
  }

  /** What excuses a partition that the two hold both. */
  #trouble(left: string, right: string): Trouble {
    if (left === this.#muted || right === this.#muted) return 'apart'
    if (this.#isCut(left, right) || this.#isCut(right, left)) return 'apart'
    const one = this.#running.get(left)
    const other = this.#running.get(right)
    if (this.#isPaused(left) && one?.wake === undefined) return 'apart'
    if (this.#isPaused(right) && other?.wake === undefined) return 'apart'
    if (one === undefined || other === undefined) return 'none'
    if (isGone(one, right) || isGone(other, left)) return 'apart'
    if (isIn(one, right) && isIn(other, left)) return 'none'
    return this.#haveCommonFriend(one, other) ? 'none' : 'strangers'
  }

  /** Somebody whom both would ask, and who knows both. Without one, they are on two islands. */
  #haveCommonFriend(left: Participant<P>, right: Participant<P>): boolean {
    for (const friend of this.#running.values()) {
      const { name } = friend
      if (this.#isPaused(name) || !isIn(left, name) || !isIn(right, name)) continue
      if (isIn(friend, left.name) && isIn(friend, right.name)) return true
    }
    return false
  }

  #serving(): Participant<P>[] {
    return [...this.#running.values()].filter(({ exit }) => exit === 'no')
  }

  #anyMember(): Participant<P> {
    const members = [...this.#running.values()]
    return members[below(this.#random, members.length)]!
  }
}

function isIn(member: Participant<Parcel>, name: string): boolean {
  const status = member.beliefs.get(name)?.status
  return status === 'alive' || status === 'draining'
}

function isGone(member: Participant<Parcel>, name: string): boolean {
  const status = member.beliefs.get(name)?.status
  return status === 'dead' || status === 'left'
}

function describeItems(items: unknown): string {
  return JSON.stringify(items, (_, value: unknown) => {
    return typeof value === 'bigint' ? String(value) : value
  })
}
