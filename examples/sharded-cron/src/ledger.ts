/** The store that keeps what was fired, as the members see it. */

/** Who writes: of two owners, the later one has the higher token. */
export interface Fence {
  /** 16 hexadecimal digits, which order as text. */
  readonly token: string
  readonly member: string
}

/** Whether the first comes before the second, and is to be refused where that has been seen. */
export function isBelow(one: Fence, other: Fence): boolean {
  return one.token === other.token ? one.member < other.member : one.token < other.token
}

export class Ledger {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Shut out whoever owned the job before. Returns the last tick it was fired for, if any. */
  async open(job: string, fence: Fence): Promise<number | undefined> {
    const { lastTick } = await this.#send(`${job}/open`, { fence })
    return lastTick
  }

  /** @throws when somebody with a higher token has opened the job; nothing is recorded then. */
  async record(job: string, tick: number, outcome: string, fence: Fence): Promise<void> {
    await this.#send(`${job}/record`, { tick, outcome, fence })
  }

  async #send(path: string, body: object): Promise<{ readonly lastTick?: number }> {
    const response = await fetch(new URL(path, this.#url), {
      method: 'POST',
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`the ledger answered ${response.status} to ${path}`)
    return (await response.json()) as { lastTick?: number }
  }
}
