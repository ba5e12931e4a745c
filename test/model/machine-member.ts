import type { MemberEventType } from '../../packages/libring/src/base/member.ts'
import type { Candidacy, OwnershipEffect } from '../../packages/libring/src/ownership/effects.ts'
import {
  roleAfter,
  roleBefore,
  type OwnershipEvent,
} from '../../packages/libring/src/ownership/event.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerMessage,
} from '../../packages/libring/src/ownership/messages.ts'
import { resolveOwnershipOptions } from '../../packages/libring/src/ownership/options.ts'
import { OwnershipMachine } from '../../packages/libring/src/ownership/ownership-machine.ts'
import { resolveRingOptions } from '../../packages/libring/src/ring/options.ts'
import { spaceDigest } from '../../packages/libring/src/ownership/view-digest.ts'
import type { Ring } from '../../packages/libring/src/ring/ring.ts'
import { aClusterMember, RoleBook } from '../support/ownership.ts'
import {
  isNewer,
  isPresent,
  type Beginning,
  type Belief,
  type Participant,
  type Surroundings,
} from './member.ts'
import { TIMES } from './rules.ts'

/** A message between machines, as it travels. */
export interface Packet {
  readonly from: string
  readonly kind: string
  readonly items: unknown
  readonly bytes: Uint8Array
}

/** What happens in the run, for whoever watches it. */
export interface Observer {
  onStep(member: MachineMember, event: OwnershipEvent, nowMs: number): void
  onSend(member: MachineMember, to: string, message: PeerMessage): void
}

/** What is made to go wrong on purpose. */
export interface Sabotage {
  /** Instead of the message, or nothing to lose it. */
  readonly onReceive?: (message: PeerMessage) => PeerMessage | undefined
  /** Whether the member forgets the step. */
  readonly onStep?: (event: OwnershipEvent) => 'forget' | 'do'
  /** Whether a handler that is still at work is said to be done. */
  readonly settles?: 'too early' | 'when done'
  /** Whether a process that was stopped takes itself for one that ran all the time. */
  readonly stalls?: 'unnoticed'
  /** Whether all others are heard to have what the plan gives them as soon as there is one. */
  readonly arrivals?: 'forged' | 'true'
}

export interface MachineSetup {
  readonly redundancy: number
  readonly concurrentHandoffs: number
  /** Another than the model's. */
  readonly handoffTimeoutMs?: number
  readonly graceMs?: number
  readonly observer?: Observer
  readonly sabotage?: Sabotage
}

/** Somebody's handler at work. */
interface Work {
  readonly event: OwnershipEvent
  readonly doneAtMs: number
}

/** The real machine in the world of the model, with handlers that take their time. */
export class MachineMember implements Participant<Packet> {
  readonly name: string
  readonly beliefs: Map<string, Belief> = new Map()
  readonly held: Map<number, { readonly token: bigint }> = new Map()
  readonly book: RoleBook = new RoleBook()
  exit: 'no' | 'draining' | 'stopping' = 'no'
  readonly machine: OwnershipMachine
  readonly #world: Surroundings<Packet>
  readonly #setup: MachineSetup
  readonly #isFirst: boolean
  readonly #work: Work[] = []
  #ring: Ring | undefined
  #isStarted = false
  #seq = 0

  constructor(
    name: string,
    { scenario, skewMs, isFirst, world }: Beginning<Packet>,
    setup: MachineSetup,
  ) {
    this.name = name
    this.#world = world
    this.#setup = setup
    this.#isFirst = isFirst
    this.machine = new OwnershipMachine({
      localName: name,
      ring: resolveRingOptions({
        partitions: scenario.partitions,
        redundancy: setup.redundancy,
        assignment: scenario.assignment === 'moves much' ? 'go-uniform' : 'rendezvous',
      }),
      options: resolveOwnershipOptions({
        settleMs: TIMES.settle,
        releaseTimeoutMs: TIMES.releaseTimeout,
        handoffTimeoutMs: setup.handoffTimeoutMs ?? TIMES.handoffTimeout,
        concurrentHandoffs: setup.concurrentHandoffs,
        graceMs: setup.graceMs ?? 0,
      }),
      canHandOff: () => true,
      wallMs: (nowMs) => 1_000_000 + nowMs + skewMs,
    })
  }

  get serving(): readonly string[] {
    return this.#names((status) => status === 'alive')
  }

  /** Whom the ring would have hold the partition, by what the member sees now. */
  named(partition: number): string | undefined {
    return this.#ring?.holdersForPartition(partition)[0]?.name
  }

  merge(name: string, belief: Belief): void {
    const known = this.beliefs.get(name)
    if (known !== undefined && !isNewer(belief, known)) return
    this.beliefs.set(name, belief)
    if (!this.#isStarted || known?.status === belief.status || this.exit === 'stopping') return
    const types: Record<Belief['status'], MemberEventType> = {
      alive: 'member-join',
      draining: 'member-update',
      dead: 'member-failed',
      left: 'member-leave',
    }
    const event = { type: types[belief.status], members: [aClusterMember(name)] }
    const candidacies = [candidacyOf(name, belief)]
    this.#feed(() => this.machine.handle({ type: 'members', event, candidacies }, this.#nowMs))
  }

  receive({ from, bytes }: Packet): void {
    const decoded = decodePeerMessage(bytes)
    if (decoded.fault !== undefined) {
      this.#world.onFault(`${this.name} cannot read what ${from} wrote: ${decoded.fault}`)
      return
    }
    const { onReceive = (message: PeerMessage) => message } = this.#setup.sabotage ?? {}
    const message = onReceive(decoded.message)
    if (message === undefined || !this.#isStarted) return
    this.#feed(() => this.machine.handle({ type: 'peer-message', from, message }, this.#nowMs))
  }

  tick(): void {
    if (!this.#isStarted) this.#start()
    this.#feed(() => this.machine.tick(this.#nowMs))
    if (this.exit !== 'no' && this.held.size === 0) this.#world.onLeft(this)
  }

  wake(): void {
    if (this.#setup.sabotage?.stalls === 'unnoticed') return
    // Whoever works for a holding is told that it has ended.
    this.held.clear()
    // Before anything else, and so before the end of any handler is told.
    this.machine.handle({ type: 'stalled' }, this.#nowMs)
    this.#drain()
  }

  leave(how: 'draining' | 'stopping'): void {
    this.exit = how
    if (how === 'stopping') this.#feed(() => this.machine.handle({ type: 'stop' }, this.#nowMs))
  }

  get #nowMs(): number {
    return this.#world.nowMs()
  }

  #names(accept: (status: Belief['status']) => boolean): string[] {
    return [...this.beliefs].filter(([, { status }]) => accept(status)).map(([name]) => name)
  }

  #start(): void {
    this.#isStarted = true
    const othersSeen = this.#names(isPresent).length > 1
    this.#feed(() => {
      this.machine.handle(
        {
          type: 'start',
          candidacies: [...this.beliefs].map(([name, belief]) => candidacyOf(name, belief)),
          othersExpected: !this.#isFirst,
          othersSeen,
        },
        this.#nowMs,
      )
    })
  }

  /** Handlers that are done by now are done before anything else happens. */
  #feed(act: () => void): void {
    for (;;) {
      const at = this.#work.findIndex(({ doneAtMs }) => doneAtMs <= this.#nowMs)
      if (at < 0) break
      this.#finish(this.#work.splice(at, 1)[0]!.event)
    }
    act()
    this.#drain()
  }

  #drain(): void {
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      this.#perform(effect)
    }
  }

  #perform(effect: OwnershipEffect): void {
    switch (effect.type) {
      case 'view':
        this.#ring = effect.view.ring
        if (this.#setup.sabotage?.arrivals === 'forged') this.#forgeArrivals()
        break
      case 'step':
        if (this.#setup.sabotage?.onStep?.(effect.event) !== 'forget') this.#onStep(effect.event)
        break
      case 'peer-message':
        this.#send(effect.to, effect.message)
        break
      case 'exchange':
        this.#world.exchange(this, effect.with, (isDone) => {
          const outcome = isDone ? 'done' : 'failed'
          this.#feed(() => {
            this.machine.handle({ type: 'exchanged', with: effect.with, outcome }, this.#nowMs)
          })
        })
        break
      case 'contact':
        this.#contact(effect.doubt)
        break
      case 'records':
        this.#ring = effect.ring
        break
      case 'report':
      case 'disagreement':
      case 'formed':
      case 'certain':
      case 'emptied':
        break
    }
  }

  #forgeArrivals(): void {
    const all = Array.from({ length: this.#ring!.options.partitions }, (_, partition) => partition)
    const holdings = all.map((partition) => ({ partition, token: 0n }))
    for (const from of this.serving.filter((name) => name !== this.name)) {
      const header = {
        life: 1n,
        seq: this.#world.unique(),
        clock: 0n,
        digest: 0,
        space: spaceDigest(this.#ring!.options),
      }
      const message = { type: 'acquired', ...header, holdings } as const
      this.machine.handle({ type: 'peer-message', from, message }, this.#nowMs)
    }
  }

  #contact(doubt: number): void {
    const others = this.#names(isPresent).filter((name) => name !== this.name)
    for (const other of others.slice(0, 3)) {
      this.#world.exchange(this, other, (isDone) => {
        if (!isDone) return
        this.#feed(() => this.machine.handle({ type: 'contacted', doubt }, this.#nowMs))
      })
    }
  }

  #send(to: string, message: PeerMessage): void {
    this.#setup.observer?.onSend(this, to, message)
    const { type: kind, ...items } = message
    this.#world.send(to, { from: this.name, kind, items, bytes: encodePeerMessage(message) })
  }

  #onStep(event: OwnershipEvent): void {
    try {
      this.book.apply(event)
      if (event.seq !== this.#seq + 1) throw new Error(`step ${event.seq} follows ${this.#seq}`)
    } catch (error) {
      this.#world.onFault(`${this.name}: ${String(error)}`)
    }
    this.#seq = event.seq
    this.#setup.observer?.onStep(this, event, this.#nowMs)
    const { partition } = event
    if (roleAfter(event) === 0) {
      const { token } = { token: undefined, ...event }
      if (token === undefined) this.#world.onFault(`${this.name} took ${partition} with no token`)
      this.held.set(partition, { token: token ?? 0n })
      this.#world.onTake(this, partition)
    }
    // The next handler of a partition starts when the one before is done or its time is over.
    const before = this.#work.filter(({ event: { partition: its } }) => its === partition)
    const beginsMs = Math.max(this.#nowMs, ...before.map(({ doneAtMs }) => doneAtMs))
    const takesMs = Math.min(this.#world.handlerMs(), TIMES.releaseTimeout)
    const isRelease = roleBefore(event) === 0
    const early = this.#setup.sabotage?.settles === 'too early'
    // Time to let go runs from the decision, and covers whatever is at work still.
    const limitMs = isRelease ? this.#nowMs + TIMES.releaseTimeout : Infinity
    this.#work.push({ event, doneAtMs: Math.min(beginsMs + takesMs, limitMs) })
    if (early) {
      const { seq } = event
      this.#feed(() => {
        this.machine.handle({ type: 'handler-settled', partition, seq }, this.#nowMs)
      })
    }
  }

  #finish(event: OwnershipEvent): void {
    const { partition, seq } = event
    if (roleBefore(event) === 0 && this.book.roles.get(partition) !== 0) this.held.delete(partition)
    this.machine.handle({ type: 'handler-settled', partition, seq }, this.#nowMs)
    this.#drain()
  }
}

function candidacyOf(name: string, { status, incarnation }: Belief): Candidacy {
  const record = aClusterMember(name)
  const isGone = status === 'dead' || status === 'left'
  const absence = { incarnation, home: status === 'dead' ? record : undefined }
  return {
    name,
    member: status === 'alive' ? record : undefined,
    bystander: status === 'draining' ? record : undefined,
    absence: isGone ? absence : undefined,
  }
}
