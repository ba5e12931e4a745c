import { addressText, type Address } from '../base/address.ts'
import type { JoinAttempt } from '../base/errors.ts'
import type { MemberEvent } from '../base/member.ts'
import type { Random } from '../base/random.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Resolver } from '../ports/resolver.ts'
import { Bootstrap, type BootstrapEffect, type BootstrapInput, type Joiner } from './bootstrap.ts'
import { Driver } from './driver.ts'
import { lookUpAll } from './lookup.ts'
import type { ResolvedGossipOptions } from './options.ts'

/** What {@link Discovery} asks of the node it works for. */
export interface DiscoveryOwner {
  /** Push/pull with every seed. */
  join(
    seeds: readonly Address[],
    as: Joiner,
    onJoined: (contacted: number, failures: readonly JoinAttempt[]) => void,
  ): void
  /** Addresses of members present, the local one included. */
  presentAddresses(): readonly Address[]
  /** Hears that so many tries in a row found nobody. */
  failed(tries: number): void
}

/** Runs {@link Bootstrap}: asks the resolver for it, and has the node join. */
export class Discovery {
  readonly #driver: Driver<BootstrapInput, BootstrapEffect>
  readonly #means: { readonly resolver: Resolver; readonly clock: Clock }
  readonly #logger: Logger
  readonly #localName: string
  readonly #owner: DiscoveryOwner
  readonly #companions = new Set<string>()
  #hasToldOfSolitude = false

  constructor(
    setup: {
      readonly options: ResolvedGossipOptions
      readonly clock: Clock
      readonly random: Random
      readonly resolver: Resolver
      readonly logger: Logger
    },
    owner: DiscoveryOwner,
  ) {
    const { options, clock, random, resolver, logger } = setup
    const machine = new Bootstrap({
      hosts: options.bootstrapHosts,
      refreshMs: options.bootstrapRefreshMs,
      retryMs: options.bootstrapRetryMs,
      random,
    })
    this.#driver = new Driver(machine, clock, (effect) => this.#perform(effect))
    this.#means = { resolver, clock }
    this.#logger = logger
    this.#localName = options.hostName
    this.#owner = owner
  }

  /** Begin to look; see {@link BootstrapInput}. */
  start(from: Omit<Extract<BootstrapInput, { type: 'start' }>, 'type'>): void {
    this.#driver.feed({ type: 'start', ...from })
  }

  noteMembers({ type, members }: MemberEvent): void {
    for (const { name } of members) {
      if (name === this.#localName || type === 'member-update') continue
      if (type === 'member-join') this.#companions.add(name)
      else this.#companions.delete(name)
    }
    this.#driver.feed({ type: 'company', others: this.#companions.size })
  }

  [Symbol.dispose](): void {
    this.#driver[Symbol.dispose]()
  }

  #perform(effect: BootstrapEffect): void {
    switch (effect.type) {
      case 'resolve': {
        const { round, hosts } = effect
        lookUpAll(hosts, this.#means, (outcomes) => {
          const present = this.#owner.presentAddresses()
          this.#driver.feed({ type: 'resolved', round, outcomes, present })
        })
        return
      }
      case 'join': {
        const { round, seeds, as } = effect
        this.#logger.debug('joining', { addresses: seeds.map(addressText) })
        this.#owner.join(seeds, as, (contacted, failures) => {
          this.#report(contacted, failures, as !== 'member')
          this.#driver.feed({ type: 'joined', round, contacted })
        })
        return
      }
      case 'failed':
        return this.#owner.failed(effect.tries)
      case 'unresolved':
        this.#logger.warn('bootstrap host not resolved', {
          host: effect.host.host,
          error: effect.reason,
        })
    }
  }

  /** Where there are others, a look that finds nobody new is nothing to talk about. */
  #report(contacted: number, failures: readonly JoinAttempt[], wasAlone: boolean): void {
    if (contacted > 0) {
      this.#hasToldOfSolitude = false
      this.#logger[wasAlone ? 'info' : 'debug']('joined', { contacted })
    } else {
      const isNews = wasAlone && !this.#hasToldOfSolitude
      this.#hasToldOfSolitude ||= wasAlone
      this.#logger[isNews ? 'info' : 'debug']('no bootstrap host answered', { failures })
    }
  }
}
