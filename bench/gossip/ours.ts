import { programFile } from './program.ts'
import type { Peer, Place, Side, Sight, What } from './side.ts'
import { ToldProcess, type Reading } from './told-process.ts'

type Order =
  | { readonly type: 'join'; readonly address: string }
  | { readonly type: 'tag'; readonly key: string; readonly value: string }
  | { readonly type: 'event' | 'query'; readonly name: string }
  | { readonly type: 'leave' }

/** What a process is told. Answered by a {@link NodeAnswer} of the same `id`. */
export type NodeCommand = Order & { readonly id: number }

export interface NodeAnswer {
  readonly id: number
  readonly error?: string
}

function readLine(line: string): Reading {
  const [what, subject] = line.split(' ')
  if (what === 'ready' || subject === undefined) return undefined
  return { what: what as What, subject }
}

class OurPeer implements Peer {
  readonly name: string
  readonly address: string
  readonly #process: ToldProcess
  readonly #waiting = new Map<number, (answer: NodeAnswer) => void>()
  #nextId = 1

  constructor(place: Place, process: ToldProcess) {
    this.name = place.name
    this.address = `${place.host}:7946`
    this.#process = process
    process.child.on('message', (answer: NodeAnswer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    process.child.once('exit', () => {
      for (const [id, settle] of this.#waiting) settle({ id, error: 'the process has ended' })
    })
  }

  get pid(): number {
    return this.#process.child.pid!
  }

  join(address: string): Promise<void> {
    return this.#ask({ type: 'join', address })
  }

  setTag(key: string, value: string): Promise<void> {
    return this.#ask({ type: 'tag', key, value })
  }

  userEvent(name: string): Promise<void> {
    return this.#ask({ type: 'event', name })
  }

  query(name: string): Promise<void> {
    return this.#ask({ type: 'query', name })
  }

  leave(): Promise<void> {
    return this.#ask({ type: 'leave' })
  }

  /** Commands do not come over the network. */
  hush(): Promise<void> {
    return Promise.resolve()
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }

  #ask(order: Order): Promise<void> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ error }) => {
        if (error === undefined) resolve()
        else reject(new Error(`${this.name}: ${order.type}: ${error}`))
      })
      this.#process.child.send({ id, ...order })
    })
  }
}

/** Nodes of ours, each in a process of its own. */
export class OurNodes implements Side {
  readonly name = 'ours'
  readonly #program = programFile('node')

  async start(place: Place, onSight: (sight: Sight) => void): Promise<Peer> {
    const setup = {
      name: place.name,
      command: process.execPath,
      args: [this.#program, JSON.stringify(place)],
      hasChannel: true,
    }
    const isReady = (line: string) => line.startsWith('ready ')
    const told = new ToldProcess(setup, isReady, readLine, onSight)
    await told.ready()
    return new OurPeer(place, told)
  }
}
