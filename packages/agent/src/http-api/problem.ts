import { isLibringError, OptionError } from 'libring'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ConsumerAttachedError } from '../consumers/consumer.ts'

/** What a client did wrong, or cannot have now. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ContentfulStatusCode
  readonly code: string

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The answer to whatever a route threw. What is our own fault says no more than that. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof OptionError) return new Problem(400, error.code, error.message)
  if (error instanceof ConsumerAttachedError) {
    return new Problem(409, 'consumer_attached', error.message)
  }
  if (isLibringError(error)) {
    const status = error.code === 'LIBRING_TOO_LARGE' ? 413 : 503
    return new Problem(status, error.code, error.message)
  }
  return new Problem(500, 'internal', 'the agent failed; its log says more')
}
