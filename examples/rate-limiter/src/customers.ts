import { setTimeout as sleep } from 'node:timers/promises'

/** How often one customer asks. */
const EVERY_MS = 60

/** How long a customer waits that was told to come again. */
const AGAIN_MS = 200

interface Count {
  asked: number
  allowed: number
}

/** Customers that keep asking, each time at another member, as behind a load balancer. */
export class Customers {
  readonly failures: string[] = []
  readonly #members: () => readonly string[]
  readonly #counts: ReadonlyMap<string, Count>
  readonly #asking: Promise<unknown>
  #answered = 0
  #allowed = 0
  #repeated = 0
  #isOver = false

  /** @param members the URLs of those who run. */
  constructor(names: readonly string[], members: () => readonly string[]) {
    this.#members = members
    this.#counts = new Map(names.map((name) => [name, { asked: 0, allowed: 0 }]))
    this.#asking = Promise.all(
      [...this.#counts].map(([name, count]) => this.#keepAsking(name, count)),
    )
  }

  get answered(): number {
    return this.#answered
  }

  get allowed(): number {
    return this.#allowed
  }

  get refused(): number {
    return this.#answered - this.#allowed
  }

  /** How often somebody was told to come again. */
  get repeated(): number {
    return this.#repeated
  }

  countOf(name: string): Readonly<Count> {
    return this.#counts.get(name)!
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#asking
  }

  async #keepAsking(name: string, count: Count): Promise<void> {
    for (let turn = Math.floor(Math.random() * 3); !this.#isOver; turn++) {
      const members = this.#members()
      const status = await this.#ask(members[turn % members.length]!, name)
      if (status === 503) {
        // Nobody has dealt with it, and a moment later somebody will.
        this.#repeated++
        await sleep(AGAIN_MS)
        continue
      }
      count.asked++
      if (status === 200) {
        count.allowed++
        this.#allowed++
      }
      if (status === 200 || status === 429) this.#answered++
      else this.failures.push(`${name}: ${status}`)
      await sleep(EVERY_MS)
    }
  }

  async #ask(url: string, customer: string): Promise<number | string> {
    try {
      const response = await fetch(url, { headers: { 'x-customer': customer } })
      const text = await response.text()
      const isKnown = [200, 429, 503].includes(response.status)
      return isKnown ? response.status : `${response.status} ${text.trim()}`
    } catch (error) {
      return String((error as Error).cause ?? error)
    }
  }
}
