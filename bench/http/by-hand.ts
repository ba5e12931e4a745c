import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'

/** Of one connection. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding'])

/**
 * The least that passes requests on with undici: streamed both ways, with back-pressure. It marks
 * nothing, tries nothing twice, and does not tell apart why something failed.
 */
export function forwardByHand(
  origin: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const pool = new Pool(origin, { pipelining: 1 })
  return (request, response) => {
    const headers = endToEnd(request.rawHeaders)
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
    pool.dispatch(
      {
        path: request.url!,
        method: request.method as Dispatcher.HttpMethod,
        headers,
        body: hasBody ? request : null,
      },
      handlerFor(response),
    )
  }
}

function handlerFor(response: ServerResponse): Dispatcher.DispatchHandler {
  let resume: () => void
  return {
    onConnect: (abort) => {
      response.on('close', () => {
        if (!response.writableFinished) abort()
      })
    },
    onHeaders: (status, raw, onDrain) => {
      resume = onDrain
      response.writeHead(status, endToEnd((raw as unknown as Buffer[]).map(String)))
      return true
    },
    onData: (chunk) => {
      if (response.write(chunk)) return true
      response.once('drain', resume)
      return false
    },
    onComplete: () => void response.end(),
    onError: () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    },
  }
}

function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    if (!HOP_BY_HOP.has(raw[at]!.toLowerCase())) kept.push(raw[at]!, raw[at + 1]!)
  }
  return kept
}
