import type { Context } from 'hono'
import * as v from 'valibot'
import { Problem } from './problem.ts'

/** The body of a request, as the schema has it. @throws {Problem} saying where it differs. */
export async function readBody<S extends v.GenericSchema>(
  c: Context,
  schema: S,
): Promise<v.InferOutput<S>> {
  const type = c.req.header('content-type') ?? ''
  // A page of another site may send other types without asking, and not this one.
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Problem(415, 'not_json', 'the body must have content-type: application/json')
  }
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch (error) {
    // What is no syntax error is the limit of the body, or a connection that broke.
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    throw new Problem(400, 'malformed_json', 'the body is no JSON')
  }
  const checked = v.safeParse(schema, body)
  if (checked.success) return checked.output
  const [issue] = checked.issues
  const path = v.getDotPath(issue)
  throw new Problem(400, 'invalid_body', `${path ?? 'body'}: ${issue.message.slice(0, 300)}`)
}
