import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { isBelow, type Fence } from './ledger.ts'

/** One firing of a job, as it was recorded. */
export interface Firing {
  readonly tick: number
  readonly member: string
}

interface Page {
  highest: Fence
  readonly firings: Firing[]
}

/** A write that has been sent and not yet arrived. */
interface InTransit {
  readonly job: string
  readonly tick: number
  deliver(): 'recorded' | 'refused'
}

/**
 * The store: it keeps the highest (token, member) that it has seen of each job, refuses whoever
 * comes with less, and writes down the rest as it comes. It does not look whether a tick is there
 * already: that it never is twice has to come from the members.
 */
export class LedgerServer {
  readonly #pages = new Map<string, Page>()
  #held: { readonly member: string; readonly onHeld: (write: InTransit) => void } | undefined
  #refused = 0

  get jobs(): readonly string[] {
    return [...this.#pages.keys()]
  }

  get refused(): number {
    return this.#refused
  }

  firingsOf(job: string): readonly Firing[] {
    return this.#pages.get(job)?.firings ?? []
  }

  /** Have the next record of `member` linger on its way, as a slow network would. */
  delayNextOf(member: string): Promise<InTransit> {
    return new Promise((onHeld) => (this.#held = { member, onHeld }))
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [job = '', verb] = request.url!.slice(1).split('/')
    const body = (await json(request)) as { fence: Fence; tick: number }
    const { fence, tick } = body
    const write = (): 'recorded' | 'refused' => {
      const page = this.#pageFor(job, fence)
      if (page === undefined) {
        response.writeHead(409).end('{}')
        return 'refused'
      }
      const lastTick = page.firings.at(-1)?.tick
      if (verb === 'record') page.firings.push({ tick, member: fence.member })
      response.end(JSON.stringify({ lastTick }))
      return 'recorded'
    }
    const held = this.#held
    if (verb !== 'record' || held?.member !== fence.member) {
      write()
      return
    }
    this.#held = undefined
    held.onHeld({ job, tick, deliver: write })
  }

  /** `undefined` for whoever was succeeded. */
  #pageFor(job: string, fence: Fence): Page | undefined {
    const page = this.#pages.get(job)
    if (page === undefined) {
      const opened: Page = { highest: fence, firings: [] }
      this.#pages.set(job, opened)
      return opened
    }
    if (isBelow(fence, page.highest)) {
      this.#refused++
      return undefined
    }
    page.highest = fence
    return page
  }
}
