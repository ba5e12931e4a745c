import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Dispatcher } from 'undici'
import type { MemberTls } from './options.ts'
import { pairs } from './pairs.ts'

/** A request whose body is followed by trailers. */
export interface WithTrailers {
  readonly request: IncomingMessage
  readonly url: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: AsyncIterable<Buffer>
  readonly connectTimeoutMs: number
  readonly upstreamTimeoutMs: number
  readonly headerBytesMax: number
  readonly tls: MemberTls | undefined
}

/**
 * Send a request whose trailers are to be passed on, over a connection of its own: undici cannot
 * send any. The handler is told the same as by undici.
 */
export function dispatchWithTrailers(
  given: WithTrailers,
  handler: Dispatcher.DispatchHandler,
): void {
  const { request, url, headers, headerBytesMax, tls } = given
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  const outgoing = send(url, {
    ...tls,
    agent: false,
    method: request.method,
    headers: [...headers, 'trailer', request.headers.trailer ?? '', 'transfer-encoding', 'chunked'],
    maxHeaderSize: headerBytesMax,
  })
  let isOver = false
  const fail = (error: Error): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    outgoing.destroy()
    handler.onError!(error)
  }
  const late = (code: string): void => fail(Object.assign(new Error('too late'), { code }))
  let timer = setTimeout(() => late('UND_ERR_CONNECT_TIMEOUT'), given.connectTimeoutMs)
  outgoing.on('error', fail)
  outgoing.on('socket', (socket) => {
    socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      handler.onConnect!((error) => fail(error ?? new Error('aborted')))
      if (isOver) return
      void sendBody().catch(fail)
    })
  })
  const sendBody = async (): Promise<void> => {
    for await (const chunk of given.body) {
      if (isOver) return
      if (!outgoing.write(chunk)) await once(outgoing, 'drain')
    }
    outgoing.addTrailers(pairs(request.rawTrailers))
    outgoing.end()
    timer = setTimeout(() => late('UND_ERR_HEADERS_TIMEOUT'), given.upstreamTimeoutMs)
  }
  outgoing.on('response', (incoming) => {
    clearTimeout(timer)
    const { statusCode = 502, statusMessage = '', rawHeaders } = incoming
    handler.onHeaders!(statusCode, rawHeaders.map(toBytes), () => incoming.resume(), statusMessage)
    incoming.on('data', (chunk: Buffer) => {
      if (handler.onData!(chunk) === false) incoming.pause()
    })
    incoming.on('error', fail)
    incoming.on('end', () => {
      if (isOver) return
      isOver = true
      const trailers: unknown = incoming.rawTrailers.map(toBytes)
      handler.onComplete!(trailers as string[])
    })
  })
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
