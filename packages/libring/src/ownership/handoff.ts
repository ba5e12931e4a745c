import { compareUtf8 } from '../base/bytes.ts'
import { Deadlines } from '../base/deadlines.ts'
import { KeyedFifo } from '../base/keyed-fifo.ts'
import { TimeTally } from '../base/time-tally.ts'
import { soonestMs, type Millis } from '../base/time.ts'
import { Exchanges } from './exchanges.ts'
import { dropUnmerged, newInquiry, type Inquiry } from './inquiry.ts'
import type { AnswerGroup, AskGroup, Standing } from './messages.ts'

/** Longest time between two questions to a member that has yet to answer. */
const REPEAT_MS = 1_000

/** After every so many questions in vain it is seen whether the member knows us at all. */
const ASKS_UNHEARD = 2

/** One partition whose index 0 the local member is taking. */
interface Take {
  readonly attempt: number
  readonly beganMs: Millis
  /** How many members have yet to give an answer that counts. */
  open: number
  /** Members that say they hold it. */
  readonly holders: Set<string>
  /** Since when its holder is asked to let it go; `undefined` while it is not. */
  grantedAtMs: Millis | undefined
  /** Whether its holder has begun to let it go. */
  isComing: boolean
}

/** A question that was answered by nothing but time. */
export interface Override {
  /** `silent`: said nothing. `deadlock`: each waited for the other, and our name is smaller. */
  readonly why: 'silent' | 'deadlock'
  readonly member: string
  readonly partitions: readonly number[]
}

/** All that one member is asked now. */
interface Ask {
  readonly to: string
  readonly groups: readonly AskGroup[]
}

/** What has become due. */
export interface TakesDue {
  readonly asks: readonly Ask[]
  /**
   * With whom members are to be exchanged: they answer out of another view, or say nothing, and
   * may not see us, so that their answers find no way. {@link Takes.exchanged} is to follow.
   */
  readonly exchanges: readonly string[]
  /** Partitions that nobody stands in the way of, in the order in which they were begun. */
  readonly free: readonly number[]
  readonly overrides: readonly Override[]
  /** Partitions that nobody is known to hold, and that wait for long; each told once. */
  readonly stuck: readonly number[]
}

const NOTHING_DUE: TakesDue = { asks: [], exchanges: [], free: [], overrides: [], stuck: [] }

/**
 * What the local member waits for: the partitions it is taking, and what it has to hear from
 * whom before it may.
 *
 * Silence is counted in questions, not in time, so that a process that was stopped for a while
 * does not take the silence for that of the others.
 */
export class Takes {
  readonly #localName: string
  readonly #handoffTimeoutMs: Millis
  readonly #concurrentHandoffs: number
  readonly #repeatMs: Millis
  readonly #asksMax: number
  readonly #stuckMs: Millis
  readonly #takes = new Map<number, Take>()
  /** Who has to be heard from before anything is taken. */
  readonly #asked = new Set<string>()
  /** Of these, the ones that there is something to ask. */
  readonly #inquiries = new Map<string, Inquiry>()
  /** When members are asked next. */
  readonly #dues = new TimeTally()
  readonly #exchanges = new Exchanges()
  /** Whether there may be any with whom members are to be exchanged. */
  #mayMerge = false
  /** When takes are stuck. */
  readonly #stuck = new Deadlines()
  /** Takes with a holder that is not asked to let go yet, and those with one that is. */
  readonly #queue = new KeyedFifo<number, number>()
  readonly #granted = new Set<number>()
  readonly #free = new Set<number>()
  #attempts = 0

  constructor(setup: {
    readonly localName: string
    readonly handoffTimeoutMs: Millis
    /** After so long a take is stuck. */
    readonly stuckMs: Millis
    readonly concurrentHandoffs: number
  }) {
    this.#localName = setup.localName
    this.#handoffTimeoutMs = setup.handoffTimeoutMs
    this.#stuckMs = setup.stuckMs
    this.#concurrentHandoffs = setup.concurrentHandoffs
    this.#repeatMs = Math.min(REPEAT_MS, setup.handoffTimeoutMs)
    this.#asksMax = Math.ceil(setup.handoffTimeoutMs / this.#repeatMs)
  }

  get size(): number {
    return this.#takes.size
  }

  /** How many members have to be heard from. */
  get asked(): number {
    return this.#asked.size
  }

  has(partition: number): boolean {
    return this.#takes.has(partition)
  }

  /** Who serves the partition that is being taken, as far as somebody says so. */
  servedBy(partition: number): string | undefined {
    const take = this.#takes.get(partition)
    if (take === undefined || take.isComing) return undefined
    const [holder] = take.holders
    return holder
  }

  /** Begin to take partitions, as one attempt. One that is being taken already goes on. */
  begin(partitions: readonly number[], nowMs: Millis): void {
    const attempt = ++this.#attempts
    for (const partition of partitions) {
      if (this.#takes.has(partition)) continue
      this.#takes.set(partition, {
        attempt,
        beganMs: nowMs,
        open: this.#asked.size,
        holders: new Set(),
        grantedAtMs: undefined,
        isComing: false,
      })
      this.#stuck.set(String(partition), nowMs + this.#stuckMs)
      if (this.#asked.size === 0) this.#free.add(partition)
      for (const name of this.#asked) {
        const inquiry = this.#inquiryOf(name, nowMs)
        if (inquiry.pending.size === 0) {
          inquiry.asksInVain = 0
          inquiry.countedAtMs = -Infinity
        }
        inquiry.pending.add(partition)
        inquiry.nextAskMs = nowMs
        this.#retime(inquiry)
      }
    }
  }

  /**
   * Whatever was answered so far counts no more: all of it is asked for anew, as one attempt. What
   * holders were asked to let go may be on its way, and keeps its place.
   */
  restart(nowMs: Millis): void {
    const partitions = [...this.#takes.keys()]
    const granted = [...this.#granted]
    for (const partition of partitions) this.end(partition, nowMs)
    this.begin(partitions, nowMs)
    for (const partition of granted) {
      this.#takes.get(partition)!.grantedAtMs = nowMs
      this.#granted.add(partition)
    }
  }

  /** It was taken, or is not wanted any more. */
  end(partition: number, nowMs: Millis): void {
    if (!this.#takes.delete(partition)) return
    this.#free.delete(partition)
    this.#stuck.clear(String(partition))
    this.#queue.delete(partition)
    this.#granted.delete(partition)
    for (const inquiry of this.#inquiries.values()) {
      dropUnmerged(inquiry, partition)
      inquiry.mutual.delete(partition)
      if (!inquiry.pending.delete(partition)) continue
      inquiry.isOutdated = true
      inquiry.nextAskMs = nowMs
      this.#retime(inquiry)
    }
  }

  /** These members have to be heard from no more. */
  spare(names: Iterable<string>): void {
    for (const name of names) {
      this.#asked.delete(name)
      this.#exchanges.forget(name)
      const inquiry = this.#inquiries.get(name)
      if (inquiry === undefined) continue
      for (const partition of inquiry.pending) this.#close(partition, inquiry)
      this.#dues.move(inquiry.dueMs, undefined)
      this.#inquiries.delete(name)
    }
  }

  /** These members have to be heard from as well, though they became known only now. */
  ask(names: Iterable<string>, nowMs: Millis): void {
    for (const name of names) {
      if (this.#asked.has(name)) continue
      this.#asked.add(name)
      if (this.#takes.size === 0) continue
      const inquiry = this.#inquiryOf(name, nowMs)
      for (const [partition, take] of this.#takes) {
        inquiry.pending.add(partition)
        take.open++
        this.#free.delete(partition)
      }
      this.#retime(inquiry)
    }
  }

  /** Whether `name` has yet to give an answer that counts. */
  isWaitingFor(name: string, partition: number): boolean {
    return this.#inquiries.get(name)?.pending.has(partition) === true
  }

  /** `name` said something, whatever it was. */
  hear(name: string): void {
    const inquiry = this.#inquiries.get(name)
    if (inquiry !== undefined) inquiry.asksInVain = 0
  }

  /**
   * Whether its view agrees with ours decides if what it says it is not counts at once; otherwise
   * it does once members were exchanged, from then on.
   */
  answer(name: string, groups: readonly AnswerGroup[], views: 'agree' | 'differ'): void {
    const inquiry = this.#inquiries.get(name)
    if (inquiry === undefined) return
    for (const { attempt, standing, partitions } of groups) {
      for (const partition of partitions) {
        const take = this.#takes.get(partition)
        if (take?.attempt !== attempt || !inquiry.pending.has(partition)) continue
        if (standing !== 'none' || views === 'agree') {
          this.#note(standing, partition, inquiry)
        } else if (!inquiry.unmerged.has(partition)) {
          inquiry.unmerged.set(partition, 'since')
          inquiry.isToMerge = true
          this.#mayMerge = true
        }
      }
    }
  }

  /**
   * The exchange of members with `name` has come to its end. Where it is done, what `name` had said
   * when it began counts. What it said since then may be out of a view that it did not tell us of,
   * and is asked for once more: most likely the two see the same by now.
   */
  exchanged(name: string, outcome: 'done' | 'failed', nowMs: Millis): void {
    this.#exchanges.end(name)
    if (!this.#asked.has(name)) this.#exchanges.forget(name)
    const inquiry = this.#inquiries.get(name)
    if (inquiry === undefined) return
    for (const [partition, said] of inquiry.unmerged) {
      if (outcome === 'failed') inquiry.unmerged.set(partition, 'since')
      else if (said === 'before') this.#close(partition, inquiry)
      else inquiry.nextAskMs = nowMs
    }
    inquiry.isToMerge = inquiry.unmerged.size > 0
    this.#retime(inquiry)
    this.#mayMerge ||= inquiry.isToMerge
  }

  /**
   * `name` is taking the partition too. Once a take is stuck, its answer is given back, so that
   * each waits for the other and the names decide: else three could wait in a circle for ever.
   */
  giveBack(name: string, partition: number, nowMs: Millis): void {
    const take = this.#takes.get(partition)
    if (take === undefined || !this.#asked.has(name)) return
    if (this.isWaitingFor(name, partition)) return
    if (nowMs < take.beganMs + this.#handoffTimeoutMs) return
    this.#open(take, partition, name, nowMs)
  }

  /**
   * `name` holds the partition, as it says unasked: whatever it answered before does not count any
   * more. It may have taken it since, while it did not see us.
   */
  reopen(name: string, partition: number, nowMs: Millis): void {
    const take = this.#takes.get(partition)
    if (take === undefined || !this.#asked.has(name)) return
    const inquiry = this.#inquiries.get(name)
    if (inquiry !== undefined) dropUnmerged(inquiry, partition)
    if (!this.isWaitingFor(name, partition)) this.#open(take, partition, name, nowMs)
  }

  /** Ask whoever is due, and give up on whoever has had its time. */
  advance(nowMs: Millis): TakesDue {
    this.#grant(nowMs)
    // Mostly there is nothing, and this is asked after every message.
    const isDue = this.#mayMerge || nowMs >= (this.deadlineMs() ?? Infinity)
    if (!isDue && this.#free.size === 0) return NOTHING_DUE
    const { asks, exchanges, overrides } = this.#inquire(nowMs)
    const free = [...this.#free]
    this.#free.clear()
    return { asks, exchanges, free, overrides, stuck: this.#takeStuck(nowMs) }
  }

  deadlineMs(): Millis | undefined {
    return soonestMs(this.#stuck.nextMs(), this.#dues.soonestMs())
  }

  #inquire(nowMs: Millis): Pick<TakesDue, 'asks' | 'exchanges' | 'overrides'> {
    const asks: Ask[] = []
    const exchanges: string[] = []
    const overrides: Override[] = []
    this.#mayMerge = false
    for (const [name, inquiry] of this.#inquiries) {
      if (nowMs >= (inquiry.dueMs ?? Infinity)) {
        if (this.#isCounted(inquiry, nowMs)) this.#giveUp(inquiry, overrides)
        this.#ask(inquiry, asks, nowMs)
      }
      if (inquiry.isToMerge && this.#exchanges.begin(name, nowMs)) {
        for (const partition of inquiry.unmerged.keys()) inquiry.unmerged.set(partition, 'before')
        inquiry.isToMerge = false
        this.#retime(inquiry)
        exchanges.push(name)
      }
      this.#mayMerge ||= inquiry.isToMerge
    }
    return { asks, exchanges, overrides }
  }

  /** Whether a question asked now counts: the last that did has had its time to be answered. */
  #isCounted(inquiry: Inquiry, nowMs: Millis): boolean {
    return nowMs >= inquiry.countedAtMs + this.#repeatMs
  }

  #takeStuck(nowMs: Millis): readonly number[] {
    const stuck: number[] = []
    for (;;) {
      const key = this.#stuck.takeDue(nowMs)
      if (key === undefined) return stuck
      const partition = Number(key)
      // Where a holder is known it is served, if not by whom the plan names.
      if (this.#takes.get(partition)!.holders.size === 0) stuck.push(partition)
      else this.#stuck.set(key, nowMs + this.#stuckMs)
    }
  }

  /** After anything that decides when it is asked. */
  #retime(inquiry: Inquiry): void {
    const isAsked = inquiry.pending.size > 0 || inquiry.isOutdated
    const dueMs = isAsked ? inquiry.nextAskMs : undefined
    this.#dues.move(inquiry.dueMs, dueMs)
    inquiry.dueMs = dueMs
    if (!isAsked && !inquiry.isToMerge) this.#inquiries.delete(inquiry.name)
  }

  #inquiryOf(name: string, nowMs: Millis): Inquiry {
    const known = this.#inquiries.get(name)
    if (known !== undefined) return known
    const inquiry = newInquiry(name, nowMs)
    this.#inquiries.set(name, inquiry)
    return inquiry
  }

  #note(standing: Standing, partition: number, inquiry: Inquiry): void {
    const { name } = inquiry
    const take = this.#takes.get(partition)!
    if (standing === 'none') return this.#close(partition, inquiry)
    dropUnmerged(inquiry, partition)
    if (standing !== 'waiting') inquiry.mutual.delete(partition)
    else if (!inquiry.mutual.has(partition)) inquiry.mutual.set(partition, 0)
    if (standing === 'holding' || standing === 'letting-go') {
      take.holders.add(name)
      take.isComing ||= standing === 'letting-go'
      if (take.grantedAtMs === undefined) this.#queue.push(partition, partition)
    } else {
      this.#dropHolder(take, partition, name)
    }
  }

  /** Ask it for all that it has yet to answer, or say that nothing is wanted any more. */
  #ask(inquiry: Inquiry, asks: Ask[], nowMs: Millis): void {
    if (inquiry.pending.size === 0 && !inquiry.isOutdated) return
    inquiry.isOutdated = false
    if (this.#isCounted(inquiry, nowMs)) {
      inquiry.countedAtMs = nowMs
      if (inquiry.asksInVain % ASKS_UNHEARD === ASKS_UNHEARD - 1) inquiry.isToMerge = true
      if (inquiry.pending.size > 0) inquiry.asksInVain++
      for (const [partition, asked] of inquiry.mutual) inquiry.mutual.set(partition, asked + 1)
    }
    inquiry.nextAskMs = inquiry.countedAtMs + this.#repeatMs
    this.#retime(inquiry)
    asks.push({ to: inquiry.name, groups: this.#groups(inquiry) })
  }

  /** It has to answer once more. */
  #open(take: Take, partition: number, name: string, nowMs: Millis): void {
    const inquiry = this.#inquiryOf(name, nowMs)
    take.open++
    this.#free.delete(partition)
    inquiry.pending.add(partition)
    inquiry.nextAskMs = nowMs
    this.#retime(inquiry)
  }

  /** It has answered, or need not. */
  #close(partition: number, inquiry: Inquiry): void {
    if (!inquiry.pending.delete(partition)) return
    dropUnmerged(inquiry, partition)
    inquiry.mutual.delete(partition)
    this.#retime(inquiry)
    const take = this.#takes.get(partition)!
    this.#dropHolder(take, partition, inquiry.name)
    if (--take.open === 0) this.#free.add(partition)
  }

  #dropHolder(take: Take, partition: number, name: string): void {
    take.holders.delete(name)
    if (take.holders.size === 0) this.#queue.delete(partition)
  }

  #giveUp(inquiry: Inquiry, overrides: Override[]): void {
    const { name } = inquiry
    if (inquiry.asksInVain >= this.#asksMax && inquiry.pending.size > 0) {
      const partitions = [...inquiry.pending]
      for (const partition of partitions) this.#close(partition, inquiry)
      overrides.push({ why: 'silent', member: name, partitions })
      inquiry.asksInVain = 0
    }
    if (compareUtf8(this.#localName, name) > 0) return
    const stuck = [...inquiry.mutual].filter(([, asked]) => asked >= this.#asksMax)
    if (stuck.length === 0) return
    const partitions = stuck.map(([partition]) => partition)
    for (const partition of partitions) this.#close(partition, inquiry)
    overrides.push({ why: 'deadlock', member: name, partitions })
  }

  /** Have holders let go, of as many partitions at a time as may be in flight. */
  #grant(nowMs: Millis): void {
    if (this.#queue.size > 0) this.#putBack(nowMs)
    while (this.#granted.size < this.#concurrentHandoffs) {
      const partition = this.#queue.take()
      if (partition === undefined) return
      const take = this.#takes.get(partition)!
      take.grantedAtMs = nowMs
      this.#granted.add(partition)
      for (const holder of take.holders) {
        const inquiry = this.#inquiries.get(holder)
        if (inquiry === undefined) continue
        inquiry.nextAskMs = nowMs
        this.#retime(inquiry)
      }
    }
  }

  /** A holder that does not let go, as its plan is another, must not keep others waiting. */
  #putBack(nowMs: Millis): void {
    for (const partition of this.#granted) {
      const take = this.#takes.get(partition)!
      if (take.isComing || nowMs < take.grantedAtMs! + this.#handoffTimeoutMs) continue
      this.#granted.delete(partition)
      take.grantedAtMs = undefined
      if (take.holders.size > 0) this.#queue.push(partition, partition)
    }
  }

  #groups(inquiry: Inquiry): AskGroup[] {
    const groups = new Map<string, AskGroup & { readonly partitions: number[] }>()
    for (const partition of inquiry.pending) {
      const { attempt, grantedAtMs } = this.#takes.get(partition)!
      const letGo = grantedAtMs !== undefined
      const key = `${attempt} ${letGo}`
      const group = groups.get(key) ?? { attempt, letGo, partitions: [] }
      groups.set(key, group)
      group.partitions.push(partition)
    }
    return [...groups.values()]
  }
}
