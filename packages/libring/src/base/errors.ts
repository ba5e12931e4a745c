/** Every code and what it asks of the caller. docs/reference/errors.md is tested against this. */
export const ERROR_CODES = {
  LIBRING_OPTION_INVALID: 'an option is out of its documented range; fix the call',
  LIBRING_BIND_FAILED: 'the address could not be bound; free the port or choose another',
  LIBRING_JOIN_FAILED: 'no seed answered; check the network and try again',
  LIBRING_LEAVE_TIMEOUT: 'the farewell could not be spread in time; peers will see a failure',
  LIBRING_BROADCAST_TIMEOUT: 'a message could not be spread in time; it may still arrive',
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
