/** The store with the queue and the outcomes, as the members see it. */

export interface Message {
  /** Where in its partition it stands, from 1. */
  readonly position: number
  readonly key: string
  readonly body: string
}

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

export class Store {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Shut out whoever owned the partition before. Returns the position that was committed last. */
  async open(partition: number, fence: Fence): Promise<number> {
    return (await this.#send(`${partition}/open`, { fence })) as number
  }

  /** What comes after `position`, some at a time. Waits a while where there is nothing yet. */
  async read(
    partition: number,
    position: number,
    signal: AbortSignal,
  ): Promise<readonly Message[]> {
    return (await this.#send(`${partition}/read`, { position }, signal)) as readonly Message[]
  }

  /**
   * Keep the outcome of a message, and that it has been dealt with.
   *
   * @throws when somebody with a higher token has opened the partition; nothing is kept then.
   */
  async commit(partition: number, position: number, outcome: string, fence: Fence): Promise<void> {
    await this.#send(`${partition}/commit`, { position, outcome, fence })
  }

  async #send(path: string, body: object, signal?: AbortSignal): Promise<unknown> {
    const response = await fetch(new URL(path, this.#url), {
      method: 'POST',
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    })
    if (!response.ok) throw new Error(`the store answered ${response.status} to ${path}`)
    return await response.json()
  }
}
