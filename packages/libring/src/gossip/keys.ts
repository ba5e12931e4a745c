import { fromBase64 } from '../base/bytes.ts'
import { KeyError, OptionError } from '../base/errors.ts'
import { requireOptions, requireSignal } from '../base/require.ts'
import { encodeKeyRequest, KEY_QUERIES, type KeyOperation } from '../serf/key-answers.ts'
import { decodeSerf } from '../serf/message-codec.ts'
import { KEY_BYTES } from '../wire/keyring.ts'
import type { AskedQuery } from './asked-query.ts'
import type { Queries } from './queries.ts'

/** How every member fared with something about keys. */
export interface KeyReport {
  /** Members that were asked: those present, this one included, and who joined since and answered. */
  readonly members: number
  /** How many of them answered. */
  readonly answered: number
  /** The names of those who did not answer. */
  readonly missing: readonly string[]
  /** How many of them refused. */
  readonly refused: number
  /** What members said, by name: why they refused, or that their list of keys is cut short. */
  readonly messages: ReadonlyMap<string, string>
  /** How many members have a key, by its Base64. Of `list` only. */
  readonly keys: ReadonlyMap<string, number>
  /** How many members encrypt with a key, by its Base64. Of `list` only. */
  readonly primaryKeys: ReadonlyMap<string, number>
}

export interface KeyOptions {
  /** Ends the call before its time; what members do about it goes on. */
  readonly signal?: AbortSignal
}

export interface KeysSetup {
  readonly queries: Queries
  /** The names of the members alive or suspect, this one included. */
  readonly presentNames: () => readonly string[]
  /** @throws {LibringError} `LIBRING_CLOSED` unless the node is a member. */
  readonly requireAlive: () => void
}

/**
 * The keys of the cluster. A rotation is `install`, `use`, `remove`, each once the one before has
 * reached every member: what one member does not have yet, it cannot open.
 *
 * Every call asks all members and waits until each that is present at that time has answered, or the
 * time for answers is over. It throws a {@link KeyError} unless all who were asked did so; the report in it says who did not.
 */
export class Keys {
  readonly #setup: KeysSetup

  constructor(setup: KeysSetup) {
    this.#setup = setup
  }

  /**
   * Have every member open what is encrypted with this key.
   *
   * @param key 16, 24 or 32 bytes, or their Base64.
   * @throws {KeyError} `LIBRING_KEYS_INCOMPLETE` when a member refuses or does not answer.
   */
  async install(key: string | Uint8Array, options?: KeyOptions): Promise<KeyReport> {
    return await this.#ask('install', keyOf(key), options)
  }

  /** Have every member encrypt with this key, which it has to have installed. */
  async use(key: string | Uint8Array, options?: KeyOptions): Promise<KeyReport> {
    return await this.#ask('use', keyOf(key), options)
  }

  /** Have every member forget this key, which must be in use nowhere. */
  async remove(key: string | Uint8Array, options?: KeyOptions): Promise<KeyReport> {
    return await this.#ask('remove', keyOf(key), options)
  }

  /** Which keys there are, and how many members have each. */
  async list(options?: KeyOptions): Promise<KeyReport> {
    return await this.#ask('list', undefined, options)
  }

  async #ask(
    operation: KeyOperation,
    key: Uint8Array | undefined,
    options: KeyOptions = {},
  ): Promise<KeyReport> {
    requireOptions(options, ['signal'])
    const { signal } = options
    requireSignal('options.signal', signal)
    this.#setup.requireAlive()
    signal?.throwIfAborted()
    const present = this.#setup.presentNames()
    const query = this.#setup.queries.begin({
      name: KEY_QUERIES[operation],
      payload: encodeKeyRequest(key),
      filters: [],
      requestAck: false,
      relayFactor: 0,
      timeoutMs: undefined,
    })
    const onAbort = (): void => query.close()
    signal?.addEventListener('abort', onAbort, { once: true })
    const report = await reportOf(query, present).finally(() => {
      signal?.removeEventListener('abort', onAbort)
    })
    signal?.throwIfAborted()
    if (report.missing.length > 0 || report.refused > 0) throw new KeyError(operation, report)
    return report
  }
}

async function reportOf(query: AskedQuery, present: readonly string[]): Promise<KeyReport> {
  const missing = new Set(present)
  const messages = new Map<string, string>()
  const keys = new Map<string, number>()
  const primaryKeys = new Map<string, number>()
  let answered = 0
  let refused = 0
  for await (const { from, payload } of query) {
    answered++
    // Whoever joined meanwhile answers for itself, in nobody's place.
    missing.delete(from)
    const { message } = decodeSerf(payload)
    if (message?.type === 'key-response') {
      if (!message.result) refused++
      if (message.message !== '') messages.set(from, message.message)
      for (const key of new Set(message.keys)) count(keys, key)
      if (message.primaryKey !== '') count(primaryKeys, message.primaryKey)
    } else {
      refused++
      messages.set(from, 'the answer could not be decoded')
    }
    if (missing.size === 0) break
  }
  const members = answered + missing.size
  return { members, answered, missing: [...missing], refused, messages, keys, primaryKeys }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function keyOf(value: unknown): Uint8Array {
  const key = typeof value === 'string' ? fromBase64(value) : value
  if (key instanceof Uint8Array && KEY_BYTES.includes(key.length)) return Uint8Array.from(key)
  // A key is a secret even when it is wrong: the error does not show it.
  const found = key instanceof Uint8Array ? `${key.length} bytes` : typeof value
  throw new OptionError('key', '16, 24 or 32 bytes or their Base64', found)
}
