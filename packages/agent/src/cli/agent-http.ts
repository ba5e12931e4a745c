import { CommandError } from './command-error.ts'

/** Where the HTTP API of an agent is, and what it asks for to change anything. */
export interface AgentAddress {
  /** `host:port`. */
  readonly httpAddr: string
  readonly token?: string | undefined
}

/** How long an agent may take to answer. A drain takes as long as hand-offs do. */
const ANSWER_MS = { GET: 10_000, POST: 120_000 } as const

/**
 * What the agent answers, as JSON.
 *
 * @throws {CommandError} naming the address where nobody answers, or what the agent has against it.
 */
export async function askAgent<T>(
  { httpAddr, token }: AgentAddress,
  method: 'GET' | 'POST',
  path: string,
): Promise<T> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
  }
  let response: Response
  try {
    response = await fetch(`http://${httpAddr}${path}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: '{}' } : {}),
      signal: AbortSignal.timeout(ANSWER_MS[method]),
    })
  } catch (error) {
    const { cause, message } = error as Error
    const why = cause instanceof Error ? cause.message : message
    throw new CommandError(`no agent answers at ${httpAddr}: ${why}`)
  }
  const answer: unknown = await response.json()
  if (response.ok) return answer as T
  const { error } = answer as {
    readonly error: { readonly code: string; readonly message: string }
  }
  throw new CommandError(`the agent at ${httpAddr} says ${error.code}: ${error.message}`)
}
