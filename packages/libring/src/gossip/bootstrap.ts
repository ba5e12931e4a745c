import { addressText, sameAddress, type Address, type HostAndPort } from '../base/address.ts'
import { Fifo } from '../base/fifo.ts'
import type { Machine } from '../base/machine.ts'
import { fraction, sample, type Random } from '../base/random.ts'
import type { Millis } from '../base/time.ts'

/** How one host of a round was resolved. */
export interface HostOutcome {
  readonly host: HostAndPort
  /** Empty when it could not be. Ports are those of a service. */
  readonly addresses: readonly HostAndPort[]
  /** Why there are no addresses. */
  readonly reason: string | undefined
}

export type BootstrapInput =
  /** The node listens at `own`; hosts without a port are sought at `port`. */
  | {
      readonly type: 'start'
      readonly own: Address
      readonly port: number
      /** Where members were before this process began. */
      readonly remembered: readonly Address[]
      /** Whether that process had met others, whose words since then it has missed. */
      readonly isBack: boolean
    }
  /** The answer to `resolve`, with the addresses of all members present, our own among them. */
  | {
      readonly type: 'resolved'
      readonly round: number
      readonly outcomes: readonly HostOutcome[]
      readonly present: readonly Address[]
    }
  /** The answer to `join`: how many addresses answered with a member other than ourselves. */
  | { readonly type: 'joined'; readonly round: number; readonly contacted: number }
  /** How many members other than ourselves are present, whoever found whom. */
  | { readonly type: 'company'; readonly others: number }

export type BootstrapEffect =
  | { readonly type: 'resolve'; readonly round: number; readonly hosts: readonly HostAndPort[] }
  /** Push/pull with every address. */
  | {
      readonly type: 'join'
      readonly round: number
      readonly seeds: readonly Address[]
      readonly as: Joiner
    }
  /** Told when the reason changes, not at every try. */
  | { readonly type: 'unresolved'; readonly host: HostAndPort; readonly reason: string }
  /** So many tries found nobody, one after the other. */
  | { readonly type: 'failed'; readonly tries: number }

/**
 * What we were when the round began: one who has met nobody yet, one who has lost everybody, or one
 * among others. Who is met while the round goes on changes nothing about what we know of.
 */
export type Joiner = 'newcomer' | 'returner' | 'member'

/** The first wait after a try that found nobody, doubled after each, up to the maximum. */
const RETRY_MS = 500
const RETRY_MS_MAX = 15_000

/** Addresses tried at once while alone. */
const SEEDS_MAX = 64

/** Remembered addresses tried at first, beside those of hosts; twice as many each time after that. */
const REMEMBERED_SEEDS = 4

/** Addresses looked at of one host. */
const HOST_ADDRESSES_MAX = 1_024

/** A resolver or a join that never answers is given up after this. */
const PATIENCE_MS = 60_000

type Phase = 'idle' | 'waiting' | 'resolving' | 'joining'

/**
 * Finds the cluster, and goes on looking.
 *
 * Alone, it resolves the hosts and joins all their addresses, and those remembered from before, some
 * at a time and each once, until one answers; then again and again: the wait doubles from 500 ms to
 * 15 s, each drawn evenly between half of it and the whole, unless `retryMs` says how long it is. In
 * company it does so every `refreshMs`, give or take a fifth, with one of the addresses, picked among
 * those that no present member has: an island that went its own way is behind one of those.
 *
 * Addresses remembered from before count only until there is company.
 */
export class Bootstrap implements Machine<BootstrapInput, BootstrapEffect> {
  readonly #hosts: readonly HostAndPort[]
  readonly #refreshMs: Millis
  readonly #retryMs: Millis | undefined
  readonly #random: Random
  readonly #effects = new Fifo<BootstrapEffect>()
  readonly #reasons = new Map<HostAndPort, string>()
  #own: Address = { host: '', port: 0 }
  #remembered: readonly Address[] = []
  /** What is still to be tried before the present try is over, and how many at once. */
  #untried: readonly Address[] = []
  #batch = 0
  #port = 0
  #phase: Phase = 'idle'
  #dueMs: Millis | undefined
  #round = 0
  #failures = 0
  #tries = 0
  #others = 0
  #hasMetOthers = false
  #joiner: Joiner = 'newcomer'

  constructor(setup: {
    readonly hosts: readonly HostAndPort[]
    readonly refreshMs: Millis
    readonly retryMs?: Millis | undefined
    readonly random: Random
  }) {
    this.#hosts = setup.hosts
    this.#refreshMs = setup.refreshMs
    this.#retryMs = setup.retryMs
    this.#random = setup.random
  }

  handle(input: BootstrapInput, nowMs: Millis): void {
    switch (input.type) {
      case 'start':
        if (this.#phase !== 'idle') return
        this.#own = input.own
        this.#port = input.port
        this.#hasMetOthers = input.isBack
        this.#remembered = input.remembered.filter((address) => !sameAddress(address, input.own))
        if (!this.#hasAim) return
        return this.#resolve(nowMs)
      case 'resolved':
        if (this.#phase !== 'resolving' || input.round !== this.#round) return
        return this.#join(input.outcomes, input.present, nowMs)
      case 'joined':
        if (this.#phase !== 'joining' || input.round !== this.#round) return
        return this.#goOn(input.contacted > 0, nowMs)
      case 'company':
        return this.#noteCompany(input.others, nowMs)
    }
  }

  tick(nowMs: Millis): void {
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return
    if (this.#phase === 'waiting') this.#resolve(nowMs)
    else this.#goOn(false, nowMs)
  }

  deadlineMs(): Millis | undefined {
    return this.#dueMs
  }

  poll(): BootstrapEffect | undefined {
    return this.#effects.take()
  }

  /** Whether there is anywhere to look for others. */
  get #hasAim(): boolean {
    return this.#hosts.length > 0 || this.#remembered.length > 0
  }

  #resolve(nowMs: Millis): void {
    this.#round++
    if (this.#others > 0) this.#joiner = 'member'
    else this.#joiner = this.#hasMetOthers ? 'returner' : 'newcomer'
    if (this.#hosts.length === 0) return this.#join([], [], nowMs)
    this.#enter('resolving', nowMs + PATIENCE_MS)
    this.#effects.push({ type: 'resolve', round: this.#round, hosts: this.#hosts })
  }

  #join(outcomes: readonly HostOutcome[], present: readonly Address[], nowMs: Millis): void {
    this.#report(outcomes)
    const found = this.#addresses(outcomes)
    this.#untried = this.#others > 0 ? this.#glance(found, present) : this.#all(found)
    this.#batch = Math.min(SEEDS_MAX, found.length + REMEMBERED_SEEDS)
    this.#joinSome(nowMs)
  }

  #joinSome(nowMs: Millis): void {
    const seeds = this.#untried.slice(0, this.#batch)
    if (seeds.length === 0) return this.#conclude(false, nowMs)
    this.#untried = this.#untried.slice(this.#batch)
    this.#batch = Math.min(SEEDS_MAX, 2 * this.#batch)
    this.#enter('joining', nowMs + PATIENCE_MS)
    this.#effects.push({ type: 'join', round: this.#round, seeds, as: this.#joiner })
  }

  /** An answer has come, or none will: who is still alone tries what is left. */
  #goOn(hasMet: boolean, nowMs: Millis): void {
    const isSettled = hasMet || this.#others > 0 || this.#phase !== 'joining'
    if (isSettled || this.#untried.length === 0) return this.#conclude(hasMet, nowMs)
    this.#round++
    this.#joinSome(nowMs)
  }

  /** A try is over. */
  #conclude(hasMet: boolean, nowMs: Millis): void {
    this.#tries = hasMet || this.#others > 0 ? 0 : this.#tries + 1
    if (this.#tries > 0) this.#effects.push({ type: 'failed', tries: this.#tries })
    this.#rest(nowMs)
  }

  /** Wait for the next round, for long when there is company and for a moment when there is none. */
  #rest(nowMs: Millis): void {
    const isSettled = this.#others > 0
    this.#failures = isSettled ? 0 : this.#failures + 1
    const waitMs = isSettled ? this.#refreshWaitMs() : this.#retryWaitMs()
    this.#enter('waiting', this.#hasAim ? nowMs + waitMs : undefined)
  }

  /** Losing the last companion, or finding the first, changes how long to wait. */
  #noteCompany(others: number, nowMs: Millis): void {
    const hadCompany = this.#others > 0
    this.#others = others
    if (others > 0) {
      this.#hasMetOthers = true
      this.#remembered = []
    }
    if (hadCompany === others > 0 || this.#phase !== 'waiting') return
    this.#rest(nowMs)
  }

  /** Every address once, our own left out: nobody new is to be met there. */
  #addresses(outcomes: readonly HostOutcome[]): Address[] {
    const found = new Map<string, Address>()
    for (const { host, addresses } of outcomes) {
      for (const address of addresses.slice(0, HOST_ADDRESSES_MAX)) {
        const candidate = { host: address.host, port: address.port ?? host.port ?? this.#port }
        if (!sameAddress(candidate, this.#own)) found.set(addressText(candidate), candidate)
      }
    }
    return [...found.values()]
  }

  /** Whatever there is, in random order, the addresses of hosts first. */
  #all(found: readonly Address[]): readonly Address[] {
    const texts = new Set(found.map(addressText))
    const others = this.#remembered.filter((address) => !texts.has(addressText(address)))
    return [found, others].flatMap((addresses) => {
      return sample(addresses, addresses.length, this.#random, () => true)
    })
  }

  /** One, if there is any. */
  #glance(found: readonly Address[], present: readonly Address[]): readonly Address[] {
    const isStranger = (address: Address) => !present.some((known) => sameAddress(known, address))
    const strangers = sample(found, 1, this.#random, isStranger)
    return strangers.length > 0 ? strangers : sample(found, 1, this.#random, () => true)
  }

  #report(outcomes: readonly HostOutcome[]): void {
    for (const { host, reason } of outcomes) {
      if (reason === this.#reasons.get(host)) continue
      if (reason === undefined) {
        this.#reasons.delete(host)
        continue
      }
      this.#reasons.set(host, reason)
      this.#effects.push({ type: 'unresolved', host, reason })
    }
  }

  #enter(phase: Phase, dueMs: Millis | undefined): void {
    this.#phase = phase
    this.#dueMs = dueMs
  }

  #retryWaitMs(): Millis {
    if (this.#retryMs !== undefined) return this.#retryMs
    const doublings = Math.min(this.#failures - 1, 10)
    const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** doublings)
    return waitMs * (0.5 + 0.5 * fraction(this.#random))
  }

  #refreshWaitMs(): Millis {
    return this.#refreshMs * (0.8 + 0.4 * fraction(this.#random))
  }
}
