/** Every code and what it asks of the caller. docs/reference/errors.md is tested against this. */
export const ERROR_CODES = {
  LIBRING_OPTION_INVALID: 'an option is out of its documented range; fix the call',
  LIBRING_BIND_FAILED: 'the address could not be bound; free the port or choose another',
  LIBRING_FILE_UNUSABLE: 'a file cannot be used; mend it, or name another, as the message says',
  LIBRING_JOIN_FAILED: 'no seed answered; check the network and try again',
  LIBRING_LEAVE_TIMEOUT: 'the farewell could not be spread in time; peers will see a failure',
  LIBRING_TOO_LARGE: 'a message is over its limit; send less, or raise the limit on this node',
  LIBRING_BROADCAST_TIMEOUT: 'a message could not be spread in time; it may still arrive',
  LIBRING_QUERY_CLOSED: 'the query was answered already, or its time is over; do nothing',
  LIBRING_TOO_MANY_QUERIES: 'too many queries of this node are open; wait until some are over',
  LIBRING_KEYS_INCOMPLETE:
    'not every member did as asked with a key; see `report`, and ask again before the next step',
  LIBRING_PEER_UNREACHABLE: 'nobody got the request; try another member, or again later',
  LIBRING_PEER_BUSY: 'too many requests are under way and nobody got this one; try again later',
  LIBRING_PEER_FAILED: 'the peer failed or the stream broke; it may have dealt with the request',
  LIBRING_PEER_TIMEOUT: 'no whole answer came in time; the peer may have dealt with the request',
  LIBRING_RPC_UNREACHABLE: 'no agent answered at the address; start it, or correct the address',
  LIBRING_RPC_AUTH_REFUSED: 'the agent wants another key; give it the one that it was started with',
  LIBRING_RPC_UNSUPPORTED: 'the agent speaks another protocol or lacks the command; upgrade it',
  LIBRING_RPC_REFUSED: 'the agent did not do what it was asked, and its words say why',
  LIBRING_RPC_BUSY:
    'too many requests to the agent are under way and it got none of this one; try again later',
  LIBRING_RPC_TIMEOUT: 'the agent did not answer in time; it may have done what it was asked',
  LIBRING_RPC_BROKEN: 'the connection to the agent broke; it may have done what it was asked',
  LIBRING_CONFIG_MISMATCH:
    'most members of the ring have another configuration; let all have the same',
  LIBRING_TOKEN_FINAL:
    'a token is drawn anew within the handler that takes the partition only; do it there',
  LIBRING_REQUEST_INVALID: 'the request cannot be routed as it is; mend it',
  LIBRING_NO_OWNER: 'nobody serves the partition at the moment; try again later',
  LIBRING_NOT_OWNER: 'the member that was asked does not serve the partition; ask the owner',
  LIBRING_HOPS_EXCEEDED: 'members referred to each other too often; try again later',
  LIBRING_OWNER_UNREACHABLE: 'the owner got nothing of the request; try again later',
  LIBRING_OWNER_FAILED:
    'the owner failed or the connection broke; it may have dealt with the request',
  LIBRING_OWNER_TIMEOUT: 'the owner did not answer in time; it may have dealt with the request',
  LIBRING_OVERLOADED: 'the local member has more to do than it may; try again later',
  LIBRING_SERVE_FAILED: 'what serves requests threw before it answered; look at its error',
  LIBRING_NOT_STARTED: 'that is known only once the object has been started; start it first',
  LIBRING_CLOSED: 'the object was closed before or during the call',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Base of every error that libring throws on purpose. Match on `code`, not on the class. */
export class LibringError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** An option the caller passed is out of its documented range. */
export class OptionError extends LibringError {
  /** Dotted path of the option, such as `serf.bind`. */
  readonly option: string
  // Not for all to see: what was given may be a secret.
  readonly #requirement: string
  readonly #actual: unknown

  constructor(option: string, requirement: string, actual: unknown) {
    super('LIBRING_OPTION_INVALID', `${option} must be ${requirement}, got ${describe(actual)}`)
    this.option = option
    this.#requirement = requirement
    this.#actual = actual
  }

  /** The same, under the name by which another caller knows the option. */
  renamed(option: string): OptionError {
    return new OptionError(option, this.#requirement, this.#actual)
  }
}

/** An address could not be bound. `cause` is the system's own error. */
export class BindError extends LibringError {
  readonly address: string

  constructor(address: string, cause: unknown) {
    super('LIBRING_BIND_FAILED', `cannot bind ${address}: ${reasonOf(cause)}`, { cause })
    this.address = address
  }
}

/** A file cannot be used. `cause` is the system's own error, if there is one. */
export class FileError extends LibringError {
  readonly path: string

  constructor(path: string, rule: string, cause?: unknown) {
    super('LIBRING_FILE_UNUSABLE', `${path} ${rule}`, { cause })
    this.path = path
  }
}

export interface JoinAttempt {
  readonly address: string
  readonly reason: string
}

/** No seed answered. `attempts` says what each one did. */
export class JoinError extends LibringError {
  readonly attempts: readonly JoinAttempt[]

  constructor(attempts: readonly JoinAttempt[]) {
    const tried = attempts.map(({ address, reason }) => `${address}: ${reason}`).join('; ')
    super('LIBRING_JOIN_FAILED', `no seed answered (${tried || 'no address given'})`)
    this.attempts = attempts
  }
}

/** A request to another member came to nothing. `code` says whether that member got it. */
export class PeerError extends LibringError {
  readonly member: string
  readonly topic: string

  constructor(code: PeerErrorCode, member: string, topic: string, what: string) {
    super(code, `the request ${describe(topic)} to ${member} ${what}`)
    this.member = member
    this.topic = topic
  }
}

/** Something asked of a Serf agent by its RPC came to nothing. */
export class RpcError extends LibringError {
  /** Where the agent listens, as it was given. */
  readonly address: string
  /** What was asked; `undefined` where it was the connection itself. */
  readonly command: string | undefined
  /** The agent's own words, or what went wrong on the way. */
  readonly words: string
  /**
   * What the agent gave besides: of `join` how many addresses answered, of commands about keys
   * what the members said.
   */
  readonly answer: unknown

  constructor(
    code: RpcErrorCode,
    address: string,
    words: string,
    asked: { readonly command?: string; readonly answer?: unknown } = {},
  ) {
    const { command, answer } = asked
    const what = command === undefined ? 'the connection' : `the request ${command}`
    super(code, `${what} to the agent at ${address} failed: ${words.trim()}`)
    this.address = address
    this.command = command
    this.words = words
    this.answer = answer
  }
}

/** How members fared with something about keys, as far as the error says it in words. */
export interface KeyOutcome {
  readonly members: number
  readonly answered: number
  readonly missing: readonly string[]
  readonly refused: number
  readonly messages: ReadonlyMap<string, string>
}

/** Not every member did as asked with a key. `report` says how each one fared. */
export class KeyError<Report extends KeyOutcome = KeyOutcome> extends LibringError {
  readonly report: Report

  constructor(operation: string, report: Report) {
    const { members, missing, refused, messages } = report
    const silent = missing.map((member) => [member, 'no answer'])
    const words = [...messages, ...silent].slice(0, 3).map(([member, text]) => `${member}: ${text}`)
    const what = `${refused} of ${members} members refused, ${missing.length} did not answer`
    super('LIBRING_KEYS_INCOMPLETE', [`to ${operation} a key: ${what}`, ...words].join('; '))
    this.report = report
  }
}

/** Most members of the ring bear another configuration, so that ours answers nothing. */
export class ConfigMismatchError extends LibringError {
  /** Each field that lost, with our value and theirs. */
  readonly fields: readonly string[]

  constructor(fields: readonly string[]) {
    const message = `most members have another configuration (${fields.join('; ')})`
    super('LIBRING_CONFIG_MISMATCH', message)
    this.fields = fields
  }
}

/** A key could not be served, or its owner not be reached. `code` says whether anybody got it. */
export class RoutingError extends LibringError {
  readonly partition: number | undefined

  constructor(
    code: RoutingErrorCode,
    message: string,
    partition: number | undefined,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
    this.partition = partition
  }
}

/** What an attempt throws to say that the member it asked does not serve the partition. */
export class NotOwnerError extends LibringError {
  /** The name of whoever does, where the member that was asked knows that. */
  readonly owner: string | undefined
  /** Whether the member that was asked will serve it, once that one has let go. */
  readonly isNext: boolean

  constructor(owner?: string, isNext = false) {
    super('LIBRING_NOT_OWNER', `the partition is served by ${owner ?? 'another member'}`)
    this.owner = owner
    this.isNext = isNext
  }
}

/** Of an error that concerns a key and its owner. */
export type RoutingErrorCode = Extract<
  ErrorCode,
  | `LIBRING_OWNER_${string}`
  | 'LIBRING_NO_OWNER'
  | 'LIBRING_HOPS_EXCEEDED'
  | 'LIBRING_REQUEST_INVALID'
  | 'LIBRING_OVERLOADED'
  | 'LIBRING_SERVE_FAILED'
>

/** Of an error that concerns a request to another member. */
export type PeerErrorCode = Extract<ErrorCode, `LIBRING_PEER_${string}`>

/** Of an error that concerns a Serf agent and its RPC. */
export type RpcErrorCode = Extract<ErrorCode, `LIBRING_RPC_${string}`>

/** Like `instanceof LibringError`, but also true for an error from a second copy of libring. */
export function isLibringError(error: unknown): error is LibringError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    Object.hasOwn(ERROR_CODES, error.code)
  )
}

/** A bug in libring, never the fault of a caller or a peer. Nothing should catch it. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** State what must hold here. On in production: a crash is better than two owners. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantError(what)
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (isPlainObject(value)) return 'an object'
  const { constructor } = value
  const isNamed = typeof constructor === 'function' && constructor.name !== ''
  return isNamed ? `an object of class ${constructor.name}` : 'an object of a class'
}

/** Whether it is an object as `{}` makes one, in whatever realm, or one without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
