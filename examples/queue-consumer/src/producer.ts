import { Ring } from 'libring/ring'
import type { StoreServer } from './store-server.ts'

/** How often it writes, one message for each of a few accounts. */
const WRITE_EVERY_MS = 50
const ACCOUNTS_AT_ONCE = 8

/** Writes to the accounts without a pause, each message with the next number of its account. */
export class Producer {
  readonly #store: StoreServer
  readonly #accounts: readonly string[]
  readonly #written = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  // Nobody has to be a member to know which partition a key is in.
  readonly #ring: Ring
  #next = 0

  constructor(store: StoreServer, accounts: readonly string[], partitions: number) {
    this.#store = store
    this.#accounts = accounts
    this.#ring = new Ring([], { partitions })
    this.#timer = setInterval(() => this.#write(), WRITE_EVERY_MS)
  }

  writtenTo(account: string): number {
    return this.#written.get(account) ?? 0
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #write(): void {
    for (let count = 0; count < ACCOUNTS_AT_ONCE; count++) {
      const account = this.#accounts[this.#next++ % this.#accounts.length]!
      const number = this.writtenTo(account) + 1
      this.#written.set(account, number)
      this.#store.write(this.#ring.partitionForKey(account), account, `${number}`)
    }
  }
}
