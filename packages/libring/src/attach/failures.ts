import { RpcError, type RpcErrorCode } from '../base/errors.ts'
import type { CallFailure, SessionEnd } from '../rpc/client-session.ts'

const CALL_CODES = {
  refused: 'LIBRING_RPC_REFUSED',
  unsupported: 'LIBRING_RPC_UNSUPPORTED',
  timeout: 'LIBRING_RPC_TIMEOUT',
  busy: 'LIBRING_RPC_BUSY',
  closed: 'LIBRING_RPC_BROKEN',
} as const satisfies Record<CallFailure['reason'], RpcErrorCode>

const END_CODES = {
  'auth-refused': 'LIBRING_RPC_AUTH_REFUSED',
  unsupported: 'LIBRING_RPC_UNSUPPORTED',
  timeout: 'LIBRING_RPC_UNREACHABLE',
  malformed: 'LIBRING_RPC_BROKEN',
  closed: 'LIBRING_RPC_BROKEN',
} as const satisfies Record<SessionEnd, RpcErrorCode>

/** What the caller of a command is told. */
export function callError(address: string, command: string, failure: CallFailure): RpcError {
  const { reason, words, answer } = failure
  return new RpcError(CALL_CODES[reason], address, words, { command, answer })
}

/** The outcome of `call`, a refusal with what `read` makes of the body that came with it. */
export async function refining<T>(call: Promise<T>, read: (answer: T) => unknown): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof RpcError) || error.answer === undefined) throw error
    const { code, address, words, command, answer } = error
    const asked = command === undefined ? {} : { command }
    const refined = { ...asked, answer: read(answer as T) }
    throw new RpcError(code as RpcErrorCode, address, words, refined)
  }
}

/** What whoever holds a connection is told. */
export function endError(address: string, end: SessionEnd, words: string): RpcError {
  return new RpcError(END_CODES[end], address, words)
}
