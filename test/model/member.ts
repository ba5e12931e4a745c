import { TIMES, type Rule } from './rules.ts'

/** What one member believes of another; the higher incarnation wins, then the worse news. */
export interface Belief {
  readonly incarnation: number
  readonly status: 'alive' | 'draining' | 'dead' | 'left'
}

export interface Message {
  readonly kind: 'ask' | 'answer' | 'offer' | 'acquired'
  readonly from: string
  readonly process: number
  readonly seq: number
  readonly clock: number
  /** The members its sender sees. */
  readonly digest: string
  readonly items: readonly Item[]
}

export interface Item {
  readonly partition: number
  /** In a question and its answer: the attempt that asks. */
  readonly attempt?: number
  readonly status?: 'not I' | 'holding' | 'taking'
  /** In the answer of a taker: whether it waits for the asker. */
  readonly waits?: boolean
  readonly token?: number
}

/** What travels between members, as far as the world around them looks into it. */
export interface Parcel {
  readonly from: string
  readonly kind: string
  readonly items: unknown
}

/** A member as the world around it sees it. */
export interface Participant<P extends Parcel> {
  readonly name: string
  readonly beliefs: ReadonlyMap<string, Belief>
  /** Partitions of which it is primary, those that it is letting go included. */
  readonly held: ReadonlyMap<number, { readonly token: number | bigint }>
  /** Whom it could name in a plan. */
  readonly serving: readonly string[]
  readonly exit: 'no' | 'draining' | 'stopping'
  /** Believe what is newer. */
  merge(name: string, belief: Belief): void
  receive(parcel: P): void
  tick(): void
  /**
   * It goes on, having been paused for at least `TIMES.stall`. Whoever has this holds nothing while
   * it is paused, and nothing is excused by that it was.
   */
  wake?(): void
  /** Take no more part: hand over one by one, or let everything go at once. */
  leave(how: 'draining' | 'stopping'): void
  /** Whom it would have hold a partition, should it know better than the model. */
  named?(partition: number): string | undefined
}

/** What a member asks of the world around it. */
export interface Surroundings<P extends Parcel> {
  nowMs(): number
  /** How long the handler of this release takes. */
  handlerMs(): number
  /** A number that nothing else has. */
  unique(): number
  planOf(member: Participant<P>, partition: number): string | undefined
  send(to: string, parcel: P): void
  /** Have the two exchange what they believe; `then` runs once, whether they have or could not. */
  exchange(member: Participant<P>, peer: string, then: (isDone: boolean) => void): void
  onTake(member: Participant<P>, partition: number): void
  onLeft(member: Participant<P>): void
  /** Something that must not be. */
  onFault(what: string): void
}

/** What is given to a member that starts. */
export interface Beginning<P extends Parcel> {
  readonly scenario: Scenario
  readonly skewMs: number
  /** Whether it is the first. */
  readonly isFirst: boolean
  readonly world: Surroundings<P>
}

/** What kind of trouble a run sees. Drawn from its seed. */
export interface Scenario {
  readonly members: number
  readonly partitions: number
  /** Whether a join moves few partitions or nearly all. */
  readonly assignment: 'moves little' | 'moves much'
  /** Whether the members never agree on the assignment. Then nothing else goes wrong. */
  readonly stubborn: boolean
  /** Whether nothing happens but a crash at a time, over a good network. */
  readonly calm: boolean
  /** Whether members come and go in order only, over a good network. */
  readonly gentle?: boolean
  readonly faults: number
  readonly lossPercent: number
  /** Whether word of members, and messages between them, take seconds as a rule. */
  readonly slow: boolean
  readonly skewMs: number
  /** Whether peer messages of one member never arrive, to the end. */
  readonly mute: boolean
}

/** What a taker knows of one member it asked. */
interface Wait {
  asks: number
  /** Asks since it was last heard of, and since it was first known to wait for us as well. */
  silentAsks: number
  mutualAsks: number
  askedAtMs: number
  answered: boolean
}

interface Take {
  readonly attempt: number
  /** Whom the taker knew when it began, for members without the rule `askNewcomers`. */
  readonly known: ReadonlySet<string>
  readonly beganMs: number
  readonly waits: Map<string, Wait>
}

interface Holding {
  readonly token: number
  /** Until then its release handler is at work; undefined while it is not let go. */
  lettingGoUntilMs: number | undefined
  /** How often it was offered to the member that the plan names, in vain. */
  offers: number
}

const SILENT_ASKS = TIMES.handoffTimeout / TIMES.repeat

export class Member implements Participant<Message> {
  readonly name: string
  readonly process: number
  readonly beliefs: Map<string, Belief> = new Map()
  readonly held: Map<number, Holding> = new Map()
  readonly takes: Map<number, Take> = new Map()
  /** How far its wall clock is off. */
  readonly skewMs: number
  exit: 'no' | 'draining' | 'stopping' = 'no'
  readonly #world: Surroundings<Message>
  readonly #rules: ReadonlySet<Rule>
  readonly #partitions: number
  readonly #plan: (string | undefined)[] = []
  readonly #heard = new Map<number, number>()
  readonly #waiters = new Map<number, Map<string, { attempt: number; atMs: number }>>()
  readonly #strangers = new Map<string, number>()
  #digest: string | undefined
  #serving: readonly string[] | undefined
  #others: readonly string[] | undefined
  #seq = 0
  #clock = 0
  #settleAtMs: number
  #offerAtMs = 0

  constructor(
    name: string,
    { scenario, skewMs, world }: Beginning<Message>,
    rules: ReadonlySet<Rule>,
  ) {
    this.name = name
    this.process = world.unique()
    this.skewMs = skewMs
    this.#partitions = scenario.partitions
    this.#world = world
    this.#rules = rules
    this.#settleAtMs = world.nowMs() + TIMES.settle
  }

  get digest(): string {
    return (this.#digest ??= this.names(isPresent).join())
  }

  /** Whom it could name in a plan. */
  get serving(): readonly string[] {
    return (this.#serving ??= this.names((status) => status === 'alive'))
  }

  names(accept: (status: Belief['status']) => boolean): string[] {
    return [...this.beliefs]
      .filter(([, { status }]) => accept(status))
      .map(([name]) => name)
      .sort()
  }

  merge(name: string, belief: Belief): void {
    const known = this.beliefs.get(name)
    if (known !== undefined && !isNewer(belief, known)) return
    this.beliefs.set(name, belief)
    this.#digest = undefined
    this.#serving = undefined
    this.#others = undefined
    if (known?.status === belief.status) return
    const isLoss = belief.status === 'dead'
    if (isLoss || belief.status === 'left') this.#strangers.delete(name)
    const inMs = isLoss ? 0 : TIMES.settle
    this.#settleAtMs = Math.min(this.#settleAtMs, this.#world.nowMs() + inMs)
  }

  receive(message: Message): void {
    if (!this.#isInOrder(message)) return
    if (this.#has('clock')) this.#clock = Math.max(this.#clock, message.clock)
    for (const take of this.takes.values()) {
      const wait = take.waits.get(message.from)
      if (wait !== undefined) wait.silentAsks = 0
    }
    switch (message.kind) {
      case 'ask':
        this.#onAsk(message)
        break
      case 'answer':
        this.#onAnswer(message)
        break
      case 'offer':
      case 'acquired':
        for (const { partition, token } of message.items) {
          this.#onOtherHolder(message.from, partition, token ?? 0)
        }
        break
    }
    this.#advance()
  }

  tick(): void {
    const nowMs = this.#world.nowMs()
    if (nowMs >= this.#settleAtMs) this.#decide()
    for (const [partition, { lettingGoUntilMs }] of this.held) {
      if (lettingGoUntilMs !== undefined && nowMs >= lettingGoUntilMs) this.#onLetGo(partition)
    }
    this.#advance()
    if (nowMs >= this.#offerAtMs) this.#offer()
    if (this.exit !== 'no' && this.held.size === 0) this.#world.onLeft(this)
  }

  leave(how: 'draining' | 'stopping'): void {
    this.exit = how
    this.#settleAtMs = this.#world.nowMs()
    if (how === 'stopping') for (const partition of this.held.keys()) this.#letGo(partition)
  }

  #has(rule: Rule): boolean {
    return this.#rules.has(rule)
  }

  /** Each process of a sender is an order of its own: of two, nobody can tell which came first. */
  #isInOrder({ process, seq }: Message): boolean {
    if (seq <= (this.#heard.get(process) ?? 0) && this.#has('inOrder')) return false
    this.#heard.set(process, seq)
    return true
  }

  #decide(): void {
    this.#settleAtMs = Infinity
    for (let partition = 0; partition < this.#partitions; partition++) {
      const named = this.#world.planOf(this, partition)
      this.#plan[partition] = named
      const isOurs = named === this.name
      if (isOurs && !this.held.has(partition)) this.#beginTake(partition)
      if (!isOurs && this.takes.delete(partition)) this.#tellWaiters(partition)
      const holding = this.held.get(partition)
      const waiter = named === undefined ? undefined : this.#waitersOf(partition).get(named)
      if (holding !== undefined && !isOurs && waiter !== undefined) this.#letGo(partition)
    }
  }

  #beginTake(partition: number): void {
    if (this.takes.has(partition)) return
    const known = new Set(this.#present())
    const attempt = this.#world.unique()
    this.takes.set(partition, { attempt, known, beganMs: this.#world.nowMs(), waits: new Map() })
  }

  #present(): readonly string[] {
    return (this.#others ??= this.names(isPresent).filter((name) => name !== this.name))
  }

  /** Whom the take of `partition` must hear from. */
  #asked(take: Take): string[] {
    let names = this.#has('dropGone')
      ? [...this.#present()]
      : [...this.beliefs.keys()].filter((name) => name !== this.name)
    if (!this.#has('askNewcomers')) names = names.filter((name) => take.known.has(name))
    // One of them, as if it could be known which one holds.
    if (!this.#has('askEverybody')) names = names.slice(0, 1)
    if (this.#has('askAskers')) {
      const sinceMs = this.#world.nowMs() - TIMES.handoffTimeout
      for (const [name, atMs] of this.#strangers) {
        if (atMs >= sinceMs && !names.includes(name)) names.push(name)
      }
    }
    return names
  }

  /** Ask who has to be asked, and take what nobody stands in the way of any more. */
  #advance(): void {
    const nowMs = this.#world.nowMs()
    const asks = new Map<string, Item[]>()
    for (const [partition, take] of this.takes) {
      const asked = this.#asked(take)
      for (const name of take.waits.keys()) if (!asked.includes(name)) take.waits.delete(name)
      for (const name of asked) {
        const wait = take.waits.get(name) ?? newWait()
        take.waits.set(name, wait)
        if (wait.answered || nowMs < wait.askedAtMs + TIMES.repeat) continue
        if (wait.asks > 0 && !this.#has('repeat')) continue
        wait.asks++
        wait.silentAsks++
        if (wait.mutualAsks > 0) wait.mutualAsks++
        wait.askedAtMs = nowMs
        const items = asks.get(name) ?? []
        items.push({ partition, attempt: take.attempt })
        asks.set(name, items)
      }
      const isFree = [...take.waits].every(([name, wait]) => this.#isOver(name, wait))
      if (isFree) this.#take(partition)
    }
    for (const [name, items] of asks) this.#send(name, 'ask', items)
  }

  #isOver(name: string, wait: Wait): boolean {
    if (wait.answered) return true
    if (this.#has('silence') && wait.silentAsks > SILENT_ASKS) return true
    if (!this.#has('holdersStay') && wait.asks > SILENT_ASKS) return true
    return this.#has('smallerFirst') && this.name < name && wait.mutualAsks > SILENT_ASKS
  }

  #take(partition: number): void {
    const asked = [...this.takes.get(partition)!.waits.keys()]
    this.takes.delete(partition)
    const token = this.#drawToken()
    this.held.set(partition, { token, lettingGoUntilMs: undefined, offers: 0 })
    this.#world.onTake(this, partition)
    this.#tellWaiters(partition)
    for (const name of asked) this.#send(name, 'acquired', [{ partition, token }])
  }

  #drawToken(): number {
    this.#clock = Math.max(this.#clock + 1, (this.#world.nowMs() + this.skewMs) * 1_000)
    return this.#clock
  }

  #onAsk({ from, items }: Message): void {
    if (!this.#present().includes(from)) this.#strangers.set(from, this.#world.nowMs())
    const answers: Item[] = []
    for (const { partition, attempt } of items) {
      this.#waitersOf(partition).set(from, { attempt: attempt!, atMs: this.#world.nowMs() })
      this.#giveBack(partition, from)
      const holding = this.held.get(partition)
      const isNamed = this.#plan[partition] === from || !this.#has('namedOnly')
      if (holding !== undefined && isNamed) this.#letGo(partition)
      answers.push(this.#answerTo(from, partition, attempt!))
    }
    this.#send(from, 'answer', answers)
  }

  #giveBack(partition: number, from: string): void {
    const take = this.takes.get(partition)
    const wait = take?.waits.get(from)
    if (take === undefined || wait?.answered !== true || !this.#has('giveBack')) return
    if (this.#world.nowMs() - take.beganMs < TIMES.handoffTimeout) return
    Object.assign(wait, newWait())
  }

  #answerTo(from: string, partition: number, attempt: number): Item {
    const holding = this.held.get(partition)
    const isBusy = holding?.lettingGoUntilMs !== undefined
    if (holding !== undefined && !(isBusy && !this.#has('holdersWithhold'))) {
      return { partition, attempt, status: 'holding', token: holding.token }
    }
    const take = this.takes.get(partition)
    if (take !== undefined && this.#has('takersWithhold')) {
      return { partition, attempt, status: 'taking', waits: !take.waits.get(from)?.answered }
    }
    return { partition, attempt, status: 'not I' }
  }

  #onAnswer({ from, digest, items }: Message): void {
    for (const { partition, attempt, status, waits } of items) {
      const take = this.takes.get(partition)
      const wait = take?.waits.get(from)
      if (take === undefined || wait === undefined) continue
      if (take.attempt !== attempt && this.#has('matchAttempts')) continue
      if (status !== 'taking' || waits !== true) wait.mutualAsks = 0
      else if (wait.mutualAsks === 0) wait.mutualAsks = 1
      if (status !== 'not I') continue
      if (digest === this.digest || !this.#has('exchange')) {
        wait.answered = true
        continue
      }
      this.#world.exchange(this, from, (isDone) => {
        if (!isDone || this.takes.get(partition) !== take) return
        wait.answered = true
        this.#advance()
      })
    }
  }

  #onOtherHolder(from: string, partition: number, token: number): void {
    const holding = this.held.get(partition)
    if (holding === undefined || !this.#has('yield')) return
    const isLower = holding.token < token || (holding.token === token && this.name < from)
    if (isLower) this.#letGo(partition)
    else this.#send(from, 'acquired', [{ partition, token: holding.token }])
  }

  #letGo(partition: number): void {
    const holding = this.held.get(partition)
    if (holding === undefined || holding.lettingGoUntilMs !== undefined) return
    const limit = this.#has('releaseTimeout') ? TIMES.releaseTimeout : Infinity
    holding.lettingGoUntilMs = this.#world.nowMs() + Math.min(limit, this.#world.handlerMs())
  }

  #onLetGo(partition: number): void {
    this.held.delete(partition)
    if (this.#plan[partition] === this.name && this.exit === 'no') this.#beginTake(partition)
    this.#tellWaiters(partition)
  }

  #tellWaiters(partition: number): void {
    for (const [name, { attempt }] of this.#waitersOf(partition)) {
      this.#send(name, 'answer', [this.#answerTo(name, partition, attempt)])
    }
  }

  #waitersOf(partition: number): Map<string, { attempt: number; atMs: number }> {
    const waiters = this.#waiters.get(partition) ?? new Map()
    this.#waiters.set(partition, waiters)
    for (const [name, { atMs }] of waiters) {
      if (atMs < this.#world.nowMs() - 3 * TIMES.repeat) waiters.delete(name)
    }
    return waiters
  }

  #offer(): void {
    this.#offerAtMs = this.#world.nowMs() + TIMES.offer
    if (!this.#has('offer')) return
    const offers = new Map<string, Item[]>()
    for (const [partition, holding] of this.held) {
      const named = this.#plan[partition]
      const isWaitedFor = named !== undefined && this.#waitersOf(partition).has(named)
      if (named === undefined || named === this.name || isWaitedFor) {
        holding.offers = 0
        continue
      }
      const isInVain = holding.offers++ > 0 && this.#has('offerToAll')
      for (const name of isInVain ? this.#present() : [named]) {
        offers.set(name, [...(offers.get(name) ?? []), { partition, token: holding.token }])
      }
    }
    for (const [name, items] of offers) this.#send(name, 'offer', items)
  }

  #send(to: string, kind: Message['kind'], items: readonly Item[]): void {
    if (items.length === 0) return
    const { name: from, process, digest } = this
    const clock = Math.max(this.#clock, (this.#world.nowMs() + this.skewMs) * 1_000)
    this.#world.send(to, { kind, from, process, seq: ++this.#seq, clock, digest, items })
  }
}

function newWait(): Wait {
  return { asks: 0, silentAsks: 0, mutualAsks: 0, askedAtMs: -Infinity, answered: false }
}

export function isPresent(status: Belief['status']): boolean {
  return status === 'alive' || status === 'draining'
}

export function isNewer(claim: Belief, known: Belief): boolean {
  if (claim.incarnation !== known.incarnation) return claim.incarnation > known.incarnation
  return rank(claim) > rank(known)
}

function rank({ status }: Belief): number {
  return ['alive', 'draining', 'dead', 'left'].indexOf(status)
}
