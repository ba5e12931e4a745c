import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { isBelow, type Fence, type Message } from './store.ts'

/** One message that was dealt with. */
export interface Outcome {
  readonly key: string
  readonly outcome: string
  readonly member: string
}

interface Partition {
  highest: Fence
  committed: number
  readonly messages: Message[]
  /** Those who wait for a message to come. */
  readonly waiting: Set<() => void>
}

/** Most messages that are given out at once. */
const BATCH = 8

/** How long a reader is kept waiting for a message to come. */
const WAIT_MS = 5_000

/**
 * The store: a queue for each partition, how far it has been dealt with, and by whom. Whoever comes
 * with less than the highest (token, member) of a partition is refused. It does not look whether
 * messages are dealt with in their order, or twice: that has to come from the members.
 */
export class StoreServer {
  readonly #partitions: readonly Partition[]
  readonly #outcomes: Outcome[] = []
  #written = 0
  #refused = 0

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => ({
      highest: { token: '', member: '' },
      committed: 0,
      messages: [],
      waiting: new Set<() => void>(),
    }))
  }

  /** What was dealt with, in the order in which it was. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes
  }

  /** How many messages were put into the queue. */
  get written(): number {
    return this.#written
  }

  get refused(): number {
    return this.#refused
  }

  /** Put a message into the queue. */
  write(partition: number, key: string, body: string): void {
    this.#written++
    const { messages, waiting } = this.#partitions[partition]!
    messages.push({ position: messages.length + 1, key, body })
    for (const goOn of waiting) goOn()
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [partition, verb] = request.url!.slice(1).split('/')
    const { position, outcome, fence } = (await json(request)) as {
      position: number
      outcome: string
      fence: Fence
    }
    const found = this.#partitions[Number(partition)]!
    if (verb === 'read') {
      response.end(JSON.stringify(await read(found, position)))
      return
    }
    if (isBelow(fence, found.highest)) {
      this.#refused++
      response.writeHead(409).end('{}')
      return
    }
    found.highest = fence
    if (verb === 'commit') {
      const { key } = found.messages[position - 1]!
      this.#outcomes.push({ key, outcome, member: fence.member })
      found.committed = position
    }
    response.end(JSON.stringify(found.committed))
  }
}

async function read(partition: Partition, position: number): Promise<readonly Message[]> {
  if (partition.messages.length <= position) {
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer)
        partition.waiting.delete(goOn)
        resolve()
      }
      const timer = setTimeout(goOn, WAIT_MS)
      partition.waiting.add(goOn)
    })
  }
  return partition.messages.slice(position, position + BATCH)
}
