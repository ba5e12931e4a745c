import type { Handled } from '../../packages/libring/src/cluster/handlers.ts'
import type { OwnershipEvent } from '../../packages/libring/src/ownership/event.ts'
import type {
  Check,
  CheckFactory,
  News,
  Terms,
} from '../../packages/libring/src/sim/checks/check.ts'
import { Hearing } from '../../packages/libring/src/sim/checks/hearing.ts'
import { Ledger } from '../../packages/libring/src/sim/checks/ledger.ts'
import type { Fault, SimNode, World } from 'libring/sim'
import { aClusterMember } from './ownership.ts'

/** A node as checks see it. */
interface Actor {
  readonly name: string
  host: string
  isUp: boolean
  isPaused: boolean
  farewell: 'stop' | 'drain' | undefined
  wallMs: number
  /** Whether it believes to hold what it holds. */
  isSure: boolean
}

export const TERMS: Terms = {
  partitions: 4,
  redundancy: 2,
  settleMs: 1_000,
  releaseTimeoutMs: 10_000,
  handoffTimeoutMs: 15_000,
  concurrentHandoffs: 2,
  minMembers: 2,
  graceMs: 60_000,
}

/**
 * A check on a stage: actors that do as they are told, whether or not a promise is broken by it.
 * What the plan says is the same for all of them.
 */
export class Stage {
  readonly reports: string[] = []
  /** Names of the holders of every partition by plan, and of its homes. */
  plan: readonly (readonly string[])[] = [[], [], [], []]
  homes: readonly (readonly string[])[] = [[], [], [], []]
  nowMs = 1_000_000
  readonly #check: Check
  readonly #actors: Actor[] = []
  readonly #ledger = new Ledger(() => this.nowMs, TERMS.releaseTimeoutMs)
  readonly #hearing: Hearing
  readonly #seqs = new Map<string, number>()
  #isCut = false

  constructor(create: CheckFactory, names: readonly string[] = ['ann', 'bob', 'cat']) {
    const nodes = this.#actors
    const world = {
      nodes,
      node: (name: string) => this.#actor(name),
      conditions: () => ({ isCut: this.#isCut, lossRate: 0 }),
    }
    Object.defineProperty(world, 'nowMs', { get: () => this.nowMs })
    this.#hearing = new Hearing(world as unknown as World)
    this.#check = create({
      world: world as unknown as World,
      terms: TERMS,
      ledger: this.#ledger,
      hearing: this.#hearing,
      report: (what) => void this.reports.push(what),
    })
    for (const name of names) this.begin(name)
  }

  begin(name: string): void {
    const members = (index: number) => (this.plan[index] ?? []).map((it) => aClusterMember(it))
    const cluster = {
      holdersForPartition: members,
      homesForPartition: (index: number) =>
        (this.homes[index] ?? []).map((it) => aClusterMember(it)),
      members: this.#actors,
      held: () => ({ valid: this.#actor(name).isSure }),
      events: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
    }
    const actor = {
      ...{
        name,
        host: aClusterMember(name).host,
        isUp: true,
        isPaused: false,
        farewell: undefined,
        wallMs: 0,
      },
      ...{ isSure: true, cluster, deathAfterMs: () => 5_000 },
      clock: { wallMs: () => this.#actor(name).wallMs },
      members: () => this.#actors.filter(({ isUp }) => isUp).map((it) => aClusterMember(it.name)),
    }
    const known = this.#actors.findIndex((it) => it.name === name)
    if (known >= 0) this.#actors.splice(known, 1)
    this.#actors.push(actor)
    this.#seqs.set(name, 0)
    this.#ledger.begin(node(actor))
    this.#hearing.begin(node(actor))
    this.#check.onBegin?.(node(actor))
    for (const other of this.#actors) {
      const all = this.#actors.map((it) => aClusterMember(it.name))
      this.#hearing.hear(node(other), all)
    }
  }

  end(name: string): void {
    this.#actor(name).isUp = false
    this.#ledger.end(node(this.#actor(name)))
    this.#hearing.end(node(this.#actor(name)))
    this.#check.onEnd?.(node(this.#actor(name)))
  }

  change(name: string, fields: Partial<Actor>): void {
    Object.assign(this.#actor(name), fields)
  }

  pass(durationMs: number): void {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 250) {
      this.nowMs += Math.min(250, leftMs)
      this.#hearing.look()
      this.#check.onLook?.()
    }
  }

  cut(durationMs: number): void {
    this.#isCut = true
    this.pass(durationMs)
    this.#isCut = false
  }

  step(name: string, fields: Fields): OwnershipEvent {
    const seq = (this.#seqs.get(name) ?? 0) + 1
    this.#seqs.set(name, seq)
    const event = { seq, cause: [], from: undefined, to: undefined, ...fields } as OwnershipEvent
    this.#check.onStep?.(node(this.#actor(name)), event)
    this.#ledger.step(node(this.#actor(name)), event)
    return event
  }

  acquire(
    name: string,
    partition: number,
    replica = 0,
    token: bigint = BigInt(this.nowMs),
  ): OwnershipEvent {
    const tenancy = replica === 0 ? { token } : {}
    return this.step(name, { type: 'acquire', partition, replica, ...tenancy })
  }

  release(name: string, partition: number, replica = 0, to?: string): OwnershipEvent {
    const taker = to === undefined ? undefined : aClusterMember(to)
    return this.step(name, { type: 'release', partition, replica, to: taker })
  }

  tell(name: string, type: News['type'], event: unknown): void {
    if (type === 'stalled') this.#ledger.stalled(node(this.#actor(name)))
    this.#check.onNews?.(node(this.#actor(name)), { type, event } as News)
  }

  /** Something goes wrong, or right again. */
  fault(fault: Fault): void {
    if ('node' in fault) {
      if (fault.type === 'pause') this.change(fault.node, { isPaused: true })
      if (fault.type === 'resume') this.change(fault.node, { isPaused: false })
    }
    this.#check.onFault?.(fault)
  }

  /** A handler begins with a step. */
  handle(name: string, event: OwnershipEvent): void {
    const handled = { ...event, signal: new AbortController().signal } as Handled<OwnershipEvent>
    this.#ledger.handler(node(this.#actor(name)), event)
    this.#check.onHandler?.(node(this.#actor(name)), handled)
  }

  done(name: string, event: OwnershipEvent, type: 'done' | 'failed' = 'done'): void {
    const handled = { ...event, signal: new AbortController().signal } as Handled<OwnershipEvent>
    const outcome = type === 'done' ? { type, value: undefined } : { type, error: undefined }
    this.#ledger.handled(node(this.#actor(name)), event, outcome)
    this.#check.onHandled?.(node(this.#actor(name)), handled, outcome)
  }

  rest(): void {
    this.#check.onRest?.()
  }

  #actor(name: string): Actor {
    return this.#actors.find((it) => it.name === name)!
  }
}

/** What makes a step, but for its number. */
type Fields = {
  [T in OwnershipEvent['type']]: Partial<Extract<OwnershipEvent, { type: T }>> & {
    readonly type: T
    readonly partition: number
  }
}[OwnershipEvent['type']]

function node(actor: Actor): SimNode {
  return actor as unknown as SimNode
}
