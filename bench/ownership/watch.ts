import { Ring } from 'libring/ring'
import type { SimNode, World } from 'libring/sim'

/** What one member holds, by the steps that it told. */
interface Book {
  readonly roles: Map<number, number>
  /** Of index 0 that it let go, the step whose handler may be at work. */
  readonly lettingGo: Map<number, number>
  /** Partitions that handlers know to be held under index 0; of others, steps may cancel out. */
  readonly served: Set<number>
}

/** Most breaches that are kept. */
const BREACHES_MAX = 20

/**
 * Watches promises of ownership in a world of thousands: at each step that index 0 is taken by one
 * alone, after the handlers of the last holder, under a token above the last; at rest that every
 * index of every partition is held by whom the members there are make its holder, and by nobody else.
 *
 * Nothing is excused, as nobody is cut off or held for dead wrongly in these worlds.
 */
export class Watch {
  readonly breaches: string[] = []
  /** When the last step was told. */
  lastStepMs = 0
  steps = 0
  readonly #world: World
  readonly #partitions: number
  readonly #redundancy: number
  readonly #books = new Map<string, Book>()
  /** Who holds index 0, or lets it go. */
  readonly #primaries: Set<string>[]
  readonly #tokens: bigint[]
  /** Messages of processes that are over. */
  #sentBefore = 0

  constructor(world: World, partitions: number, redundancy: number) {
    this.#world = world
    this.#partitions = partitions
    this.#redundancy = redundancy
    this.#primaries = Array.from({ length: partitions }, () => new Set<string>())
    this.#tokens = Array.from({ length: partitions }, () => 0n)
    world.observe({
      onBegin: (node) => this.#begin(node),
      onEnd: (node) => this.#end(node),
      onHandler: ({ name }, event) => {
        const takes = event.type !== 'release' && event.replica === 0
        if (takes) this.#books.get(name)?.served.add(event.partition)
      },
      onHandled: ({ name }, { partition, seq }) => {
        const book = this.#books.get(name)
        if (book === undefined || seq < (book.lettingGo.get(partition) ?? Infinity)) return
        book.lettingGo.delete(partition)
        book.served.delete(partition)
        if (book.roles.get(partition) !== 0) this.#primaries[partition]!.delete(name)
      },
    })
  }

  /** What rings have said to each other so far. */
  get messagesSent(): number {
    const up = this.#world.nodes.filter(({ isUp }) => isUp)
    return up.reduce((sum, { cluster }) => sum + cluster.stats.messagesSent, this.#sentBefore)
  }

  /** Compare who holds what with what it should be by now. */
  rest(): void {
    const members = this.#world.nodes
      .filter(({ isUp, farewell }) => isUp && farewell === undefined)
      .map(({ name }) => ({ name }))
    const options = { partitions: this.#partitions, redundancy: this.#redundancy }
    const ring = new Ring(members, options)
    let wanted = 0
    for (let partition = 0; partition < this.#partitions; partition++) {
      for (const [replica, { name }] of ring.holdersForPartition(partition).entries()) {
        wanted++
        const role = this.#books.get(name)?.roles.get(partition)
        if (role !== replica) {
          this.#report(`${name} holds ${partition} as ${role}, and is to as ${replica}`)
        }
      }
    }
    let held = 0
    for (const { roles } of this.#books.values()) held += roles.size
    if (held !== wanted) this.#report(`${held} indexes are held of ${wanted}`)
  }

  #begin(node: SimNode): void {
    const { name, cluster } = node
    const book: Book = { roles: new Map(), lettingGo: new Map(), served: new Set() }
    this.#books.set(name, book)
    cluster.on('acquire', ({ partition, replica, token }) => {
      this.#hold(name, book, partition, replica, token)
    })
    cluster.on('change', ({ partition, replica, previousReplica, seq, token }) => {
      if (previousReplica === 0) this.#letGo(name, book, partition, seq)
      this.#hold(name, book, partition, replica, token)
    })
    cluster.on('release', ({ partition, replica, seq }) => {
      this.#note()
      book.roles.delete(partition)
      if (replica === 0) this.#letGo(name, book, partition, seq)
    })
  }

  #end({ name, cluster }: SimNode): void {
    this.#sentBefore += cluster.stats.messagesSent
    this.#books.delete(name)
    for (const primaries of this.#primaries) primaries.delete(name)
  }

  #letGo(name: string, book: Book, partition: number, seq: number): void {
    if (book.served.has(partition)) book.lettingGo.set(partition, seq)
    else this.#primaries[partition]!.delete(name)
  }

  #hold(name: string, book: Book, partition: number, replica: number, token?: bigint): void {
    this.#note()
    book.roles.set(partition, replica)
    if (replica !== 0) return
    const primaries = this.#primaries[partition]!
    for (const other of primaries) {
      if (other !== name) this.#report(`${name} takes ${partition}, which ${other} has`)
    }
    primaries.add(name)
    if (token === undefined || token <= this.#tokens[partition]!) {
      this.#report(`the token of ${partition} did not grow when ${name} took it`)
    }
    this.#tokens[partition] = token ?? 0n
  }

  #note(): void {
    this.steps++
    this.lastStepMs = this.#world.nowMs
  }

  #report(what: string): void {
    if (this.breaches.length >= BREACHES_MAX) return
    this.breaches.push(`at ${(this.#world.nowMs / 1_000).toFixed(3)} s: ${what}`)
  }
}
