import type { Millis } from '../base/time.ts'
import { resolveOwnershipOptions } from '../ownership/options.ts'
import type { OwnershipEvent } from '../ownership/event.ts'
import { resolveRingOptions } from '../ring/options.ts'
import { backupsStay } from './checks/backups.ts'
import { servedAsPlanned } from './checks/at-rest.ts'
import type { Check, CheckFactory, News, Terms } from './checks/check.ts'
import { drainsInOrder } from './checks/drain.ts'
import { exactSteps } from './checks/exact.ts'
import { handlersInTurn } from './checks/handlers-in-turn.ts'
import { selfFenced } from './checks/fencing.ts'
import { homesAreKept } from './checks/grace.ts'
import { Hearing } from './checks/hearing.ts'
import { Ledger } from './checks/ledger.ts'
import { enoughMembers, fewHandoffs, onePlanAWindow } from './checks/no-storm.ts'
import { onePrimary } from './checks/one-primary.ts'
import { tokensGrow } from './checks/tokens.ts'
import type { SimClusterOptions } from './clusters.ts'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

/** All that can be checked without any help, by the name of the promise. */
export const CHECKS: Readonly<Record<string, CheckFactory>> = {
  exactSteps,
  handlersInTurn,
  onePrimary,
  backupsStay,
  onePlanAWindow,
  fewHandoffs,
  enoughMembers,
  homesAreKept,
  drainsInOrder,
  tokensGrow,
  selfFenced,
  servedAsPlanned,
}

/** A promise that was not kept. */
export interface Breach {
  /** Which one, as in {@link CHECKS}. */
  readonly check: string
  readonly atMs: Millis
  readonly what: string
  /** Names of the nodes concerned. */
  readonly nodes: readonly string[]
}

/** So many breaches are kept; the first is what matters. */
const BREACHES_MAX = 100

const NEWS: readonly News['type'][] = [
  'rebalance',
  'handler-error',
  'handler-overdue',
  'config-mismatch',
  'handoff-timeout',
  'double-holder',
  'stalled',
]

/**
 * The promises of ownership, watched from outside in a world whose nodes have one cluster each.
 *
 * What gossip alone cannot promise is excused: two that cannot hear each other, or could not until
 * lately, may hold the same.
 */
export class Promises {
  readonly #world: World
  readonly #terms: Terms
  readonly #ledger: Ledger
  readonly #hearing: Hearing
  readonly #checks: readonly Check[]
  readonly #breaches: Breach[] = []
  /** Where breaches go. */
  #found = this.#breaches

  /** @param options those of the clusters. */
  constructor(
    world: World,
    options: SimClusterOptions,
    checks: Readonly<Record<string, CheckFactory>> = CHECKS,
  ) {
    this.#world = world
    const { partitions, redundancy } = resolveRingOptions(options)
    this.#terms = { ...resolveOwnershipOptions(options), partitions, redundancy }
    this.#ledger = new Ledger(() => world.nowMs, this.#terms.releaseTimeoutMs)
    this.#hearing = new Hearing(world)
    this.#checks = Object.entries(checks).map(([check, create]) => {
      return create({
        world,
        terms: this.#terms,
        ledger: this.#ledger,
        hearing: this.#hearing,
        report: (what, ...nodes) => this.#report({ check, atMs: world.nowMs, what, nodes }),
      })
    })
    world.observe({
      onBegin: (node) => this.#begin(node),
      onEnd: (node) => this.#end(node),
      onFault: (fault) => {
        this.#hearing.look()
        for (const check of this.#checks) check.onFault?.(fault)
      },
      onLook: () => this.#look(),
      onHandler: (node, event) => {
        this.#ledger.handler(node, event)
        for (const check of this.#checks) check.onHandler?.(node, event)
      },
      onHandled: (node, event, outcome) => {
        this.#ledger.handled(node, event, outcome)
        for (const check of this.#checks) check.onHandled?.(node, event, outcome)
      },
    })
  }

  /** What was broken so far, the earliest first. */
  get breaches(): readonly Breach[] {
    return this.#breaches
  }

  /** Who holds what. */
  get ledger(): Ledger {
    return this.#ledger
  }

  /** What is not yet as it should be long after the last thing went wrong. Not kept. */
  unrest(): readonly Breach[] {
    const found: Breach[] = []
    this.#found = found
    for (const check of this.#checks) check.onRest?.()
    this.#found = this.#breaches
    return found
  }

  #begin(node: SimNode): void {
    this.#ledger.begin(node)
    this.#hearing.begin(node)
    const { cluster } = node
    cluster.on('member', ({ members }) => this.#hearing.hear(node, members))
    for (const type of ['acquire', 'change', 'release'] as const) {
      cluster.on(type, (event: OwnershipEvent) => this.#step(node, cluster, event))
    }
    for (const type of NEWS) {
      cluster.on(type, (event) => this.#tell(node, cluster, { type, event } as News))
    }
    for (const check of this.#checks) check.onBegin?.(node)
  }

  #end(node: SimNode): void {
    this.#ledger.end(node)
    this.#hearing.end(node)
    for (const check of this.#checks) check.onEnd?.(node)
  }

  #step(node: SimNode, cluster: SimNode['cluster'], event: OwnershipEvent): void {
    if (!node.isUp || node.cluster !== cluster) return
    this.#guard(() => {
      for (const check of this.#checks) check.onStep?.(node, event)
      this.#ledger.step(node, event)
    })
  }

  #tell(node: SimNode, cluster: SimNode['cluster'], news: News): void {
    if (!node.isUp || node.cluster !== cluster) return
    if (news.type === 'stalled') this.#ledger.stalled(node)
    this.#guard(() => {
      for (const check of this.#checks) check.onNews?.(node, news)
    })
  }

  #look(): void {
    this.#hearing.look()
    for (const check of this.#checks) check.onLook?.()
  }

  /** A cluster catches what its listeners throw, so that nobody would hear of it. */
  #guard(look: () => void): void {
    try {
      look()
    } catch (error) {
      const what = `a check failed: ${String(error)}`
      this.#report({ check: 'checks', atMs: this.#world.nowMs, what, nodes: [] })
    }
  }

  #report(breach: Breach): void {
    if (this.#found.length < BREACHES_MAX) this.#found.push(breach)
  }
}
