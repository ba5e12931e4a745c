import { randomBytes } from 'node:crypto'
import type { Cluster, MemberEvent } from 'libring'
import { memberView } from './views.ts'
import type { StreamEvent } from './event-stream.ts'

/** Member and user events of this process: the latest, for clients that come back. */
export class EventLog {
  readonly #kept: (StreamEvent & { readonly number: number })[] = []
  readonly #keptMax: number
  readonly #listeners = new Set<(event: StreamEvent) => void>()
  /** Tells the numbers of this process from those of the one before it. */
  readonly #epoch = randomBytes(4).toString('hex')
  readonly #stops: (() => void)[]
  #lastNumber = 0

  constructor(cluster: Cluster, keptMax: number) {
    this.#keptMax = keptMax
    this.#stops = [cluster.on('member', (event) => this.#addMembers(event))]
    const node = cluster.serf
    if (node === undefined) return
    const stop = node.on('user-event', ({ name, payload, ltime, coalesce }) => {
      const text = Buffer.from(payload).toString('base64')
      this.#add('user-event', { name, payload: text, ltime: ltime.toString(), coalesce })
    })
    this.#stops.push(stop)
  }

  /** What came after the event of that id, then all that comes. Returns how to stop. */
  follow(lastId: string | undefined, listener: (event: StreamEvent) => void): () => void {
    if (lastId !== undefined) this.#catchUp(lastId, listener)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#listeners.clear()
  }

  #catchUp(lastId: string, listener: (event: StreamEvent) => void): void {
    const [epoch, text = ''] = lastId.split('-')
    const number = epoch === this.#epoch && /^\d{1,15}$/.test(text) ? Number(text) : -1
    const oldest = this.#kept[0]?.number ?? this.#lastNumber + 1
    const isWhole = number >= oldest - 1 && number <= this.#lastNumber
    if (!isWhole) {
      const id = this.#idOf(Math.max(0, oldest - 1))
      listener({ event: 'gap', id, data: { reason: 'events since then are no longer kept' } })
    }
    for (const event of this.#kept) if (!isWhole || event.number > number) listener(event)
  }

  #addMembers({ type, members }: MemberEvent): void {
    this.#add(type, { members: members.map(memberView) })
  }

  #add(event: string, data: unknown): void {
    this.#lastNumber++
    const kept = { event, data, id: this.#idOf(this.#lastNumber), number: this.#lastNumber }
    this.#kept.push(kept)
    if (this.#kept.length > this.#keptMax) this.#kept.shift()
    for (const listener of this.#listeners) listener(kept)
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`
  }
}
