import { randomInt } from 'node:crypto'
import type { Logger } from 'libring'
import type { MulticastDNS } from 'multicast-dns'
import { ConfigError } from '../config/config-error.ts'
import { RequestRate } from '../http-api/limits.ts'
import {
  addressesIn,
  addressText,
  isAskedFor,
  recordsOf,
  serviceOf,
  type Advert,
  type DnsRecord,
} from './records.ts'

/** Between two looks for others: as with Serf, but sooner while nobody else is there. */
const [LOOK_MS, LOOK_ALONE_MS] = [60_000, 5_000]
/** How long answers are gathered before those who gave them are joined. */
const GATHER_MS = 100
/** Addresses joined at a time. */
const ADDRESSES_MAX = 64
/** Answers to one address in a second. */
const ANSWERS_PER_SECOND = 10
const MDNS_PORT = 5_353
/** Numbers that a question may bear. */
const QUESTION_IDS = 65_536

export interface DiscoverySetup {
  readonly cluster: string
  readonly advert: Advert
  /** IPv4 address of the interface to look at. @defaultValue all of them */
  readonly interfaceHost?: string | undefined
  /** Addresses of members present, the local one among them, as `host:port`. */
  readonly present: () => readonly string[]
  readonly join: (addresses: readonly string[]) => Promise<unknown>
  readonly logger: Logger
}

/**
 * Finds members of a cluster on the same network by multicast DNS, and is found. Over IPv4; the
 * addresses that are told may be of either kind.
 */
export class Discovery {
  readonly #setup: DiscoverySetup
  readonly #socket: MulticastDNS
  readonly #rate = new RequestRate(ANSWERS_PER_SECOND)
  readonly #found = new Set<string>()
  /** Of the last question asked here. */
  #questionId = 0
  #looking: NodeJS.Timeout | undefined
  #gathering: NodeJS.Timeout | undefined

  private constructor(setup: DiscoverySetup, socket: MulticastDNS) {
    this.#setup = setup
    this.#socket = socket
    socket.on('query', ({ id, questions = [] }, { address, port }) => {
      // Stock agents take whatever answer they hear for one to their own question, of any cluster: nobody
      // is to hear what is said to ourselves.
      if (id === this.#questionId) return
      if (!isAskedFor(setup.advert, questions) || !this.#rate.allows(address)) return
      // Whoever asks from another port hears no multicast.
      const to = port === MDNS_PORT ? undefined : { address, port }
      socket.respond(recordsOf(setup.advert), to)
    })
    socket.on('response', ({ answers = [], additionals = [] }) => {
      this.#hear([...answers, ...additionals])
    })
    socket.on('warning', (error) => setup.logger.debug('discovery: a packet was lost', { error }))
    socket.on('error', (error) => setup.logger.warn('discovery: failed', { error }))
    this.#look()
  }

  /**
   * Look, and be seen, from now on.
   *
   * @throws {ConfigError} where the package that it takes was left out when this was installed; the
   *   system's error where the port of multicast DNS cannot be shared.
   */
  static async open(setup: DiscoverySetup): Promise<Discovery> {
    const { default: multicastDns } = await import('multicast-dns').catch((cause: unknown) => {
      throw new ConfigError('discover: the package multicast-dns is not installed', { cause })
    })
    const { interfaceHost } = setup
    // Bound to one address it would hear no multicast.
    const on = interfaceHost === undefined ? {} : { interface: interfaceHost }
    const socket = multicastDns({ bind: '0.0.0.0', ...on })
    await new Promise<void>((resolve, reject) => {
      socket.once('ready', resolve)
      socket.once('error', reject)
    })
    return new Discovery(setup, socket)
  }

  close(): void {
    clearTimeout(this.#looking)
    clearTimeout(this.#gathering)
    this.#socket.destroy()
  }

  #look(): void {
    const { cluster, present } = this.#setup
    this.#questionId = randomInt(1, QUESTION_IDS)
    this.#socket.query({
      id: this.#questionId,
      questions: [{ name: serviceOf(cluster), type: 'PTR' }],
    })
    const waitMs = present().length > 1 ? LOOK_MS : LOOK_ALONE_MS
    this.#looking = setTimeout(() => this.#look(), waitMs).unref()
  }

  #hear(records: readonly unknown[]): void {
    const { cluster, advert, present } = this.#setup
    const addresses = addressesIn(serviceOf(cluster), records.filter(isRecord))
    const known = new Set([...present(), addressText(advert.host, advert.port)])
    for (const address of addresses) {
      if (!known.has(address) && this.#found.size < ADDRESSES_MAX) this.#found.add(address)
    }
    if (this.#found.size === 0) return
    this.#gathering ??= setTimeout(() => void this.#join(), GATHER_MS).unref()
  }

  async #join(): Promise<void> {
    const { join, logger } = this.#setup
    const addresses = [...this.#found]
    this.#found.clear()
    this.#gathering = undefined
    try {
      await join(addresses)
      logger.info('discovery: joined', { addresses })
    } catch (error) {
      logger.warn('discovery: nobody answered who was found', { addresses, error })
    }
  }
}

function isRecord(record: unknown): record is DnsRecord {
  const { name, type } = record as Partial<DnsRecord>
  return typeof name === 'string' && typeof type === 'string'
}
