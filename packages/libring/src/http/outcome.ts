import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../base/errors.ts'
import { encodeRefusal, type Refusal } from '../routing/forward-mark.ts'
import { REFUSAL_HEADER } from './response-headers.ts'
import type { RouterStats } from './stats.ts'

/** Holds the code of the error that a router has answered with. */
export const ERROR_HEADER = 'libring-error'

/** What a router answers itself, instead of the owner. */
export interface Outcome {
  readonly status: number
  readonly code: ErrorCode
  /** A sentence for whoever asked, without names of members. */
  readonly why: string
  /** What it counts as. */
  readonly counter: keyof RouterStats
  readonly refusal?: Refusal
}

const STATUS: Partial<Record<ErrorCode, readonly [number, keyof RouterStats]>> = {
  LIBRING_REQUEST_INVALID: [400, 'invalid'],
  LIBRING_NOT_OWNER: [421, 'refused'],
  LIBRING_SERVE_FAILED: [500, 'failed'],
  LIBRING_OWNER_FAILED: [502, 'broken'],
  LIBRING_OVERLOADED: [503, 'overloaded'],
  LIBRING_OWNER_TIMEOUT: [504, 'timedOut'],
}

/** What to answer for an error. Whatever has no status of its own may go better soon. */
export function outcomeOf(code: ErrorCode, why: string): Outcome {
  const [status, counter] = STATUS[code] ?? [503, 'unavailable']
  return { status, code, why, counter }
}

export function refusalOutcome(refusal: Refusal): Outcome {
  const why = 'this member does not serve the key'
  return { ...outcomeOf('LIBRING_NOT_OWNER', why), refusal }
}

/** Too many header fields. */
export const TOO_MANY_FIELDS: Outcome = {
  ...outcomeOf('LIBRING_REQUEST_INVALID', 'the request has too many header fields'),
  status: 431,
}

function fieldsOf({ status, code, refusal }: Outcome, text: string): string[] {
  const fields = ['content-type', 'text/plain', 'content-length', String(text.length)]
  fields.push(ERROR_HEADER, code)
  if (status === 503) fields.push('retry-after', '1')
  if (refusal !== undefined) fields.push(REFUSAL_HEADER, encodeRefusal(refusal))
  return fields
}

/** Answer with it, or break the connection where an answer has begun. */
export function answer(response: ServerResponse, outcome: Outcome): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const text = `${outcome.why}\n`
  response.writeHead(outcome.status, fieldsOf(outcome, text))
  response.end(text)
}

/** The same on a connection that asked for another protocol. */
export function answerUpgrade(socket: Duplex, outcome: Outcome): void {
  const text = `${outcome.why}\n`
  const fields = [...fieldsOf(outcome, text), 'connection', 'close']
  const lines = fields.map((field, at) => (at % 2 === 0 ? `${field}: ` : `${field}\r\n`))
  const { status } = outcome
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`)
}
