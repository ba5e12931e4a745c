import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { ServeContext } from 'libring/http'
import { heardFrom, rawExchange, requestText } from '../../support/raw-http.ts'
import {
  pathOwnedBy,
  routedMembers,
  stopRouted,
  type RoutedMember,
} from '../../support/routed-cluster.ts'

type Serve = (request: IncomingMessage, response: ServerResponse, context: ServeContext) => unknown

const PATIENCE = { timeout: 60_000 }
const members: RoutedMember[] = []

afterEach(async () => {
  await stopRouted(members.splice(0))
})

/** Ann, who forwards, and a path that bob serves with `serve`. */
async function forwarding(serve: Serve): Promise<{ ann: RoutedMember; url: URL; path: string }> {
  members.push(...(await routedMembers({ names: ['ann', 'bob'], router: { serve } })))
  const [ann] = members
  const path = pathOwnedBy(ann!, 'bob')
  return { ann: ann!, url: new URL(ann!.origin + path), path }
}

function bodyless(text: string): string {
  return text.replace(/^date: .*\r\n/im, '')
}

describe('what is forwarded streams', () => {
  test('both ways at once', async () => {
    const { url } = await forwarding((request, response) => void request.pipe(response))
    const request = httpRequest(url, { method: 'POST' })
    request.write('one')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(String((await once(response, 'data'))[0])).toBe('one')
    request.write('two')
    expect(String((await once(response, 'data'))[0])).toBe('two')
    request.end()
    response.resume()
    await once(response, 'end')
  })

  test('every byte of an answer, short or long, its length given or not', async () => {
    const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => at % 256)
    const { url } = await forwarding((request, response) => {
      const [length, given] = request.headers['x-wanted']!.toString().split(' ')
      if (given !== undefined) response.setHeader('content-length', length!)
      response.write(bytes(Number(length)))
      response.end()
    })
    for (const wanted of ['256', '256 given', '16384 given', '16385 given', '300000 given']) {
      const response = await fetch(url, { headers: { 'x-wanted': wanted } })
      const answered = new Uint8Array(await response.arrayBuffer())
      expect(Buffer.compare(answered, bytes(Number(wanted.split(' ')[0])))).toBe(0)
    }
  })

  test('each event as it comes, and the head before the first', async () => {
    let send = (_text: string): void => {}
    const { url } = await forwarding((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      send = (text) => void response.write(text)
    })
    const request = httpRequest(url)
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(response.headers['content-type']).toBe('text/event-stream')
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      send(text)
      expect(String((await once(response, 'data'))[0])).toBe(text)
    }
    request.destroy()
  })

  test('with trailers, both ways', async () => {
    const { url } = await forwarding(async (request, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      for await (const chunk of request) response.write(chunk)
      response.addTrailers({ 'x-sum': `of ${String(request.trailers['x-checksum'])}` })
      response.end()
    })
    const request = httpRequest(url, { method: 'POST', headers: { trailer: 'x-checksum' } })
    request.write('body')
    request.addTrailers({ 'x-checksum': 'abc' })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const chunks: unknown[] = await response.toArray()
    expect([Buffer.concat(chunks as Buffer[]).toString(), response.trailers]).toEqual([
      'body',
      { 'x-sum': 'of abc' },
    ])
    expect(response.headers.trailer).toBe('x-sum')
  })

  test('as fast as it is read, and no faster', async () => {
    const chunk = Buffer.alloc(65_536)
    let sent = 0
    const { url } = await forwarding(async (_request, response) => {
      for (; sent < 1_600; sent++) if (!response.write(chunk)) await once(response, 'drain')
      response.end()
    })
    const request = httpRequest(url)
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await atRest(() => sent)
    // 100 MiB would have come; what has is in the buffers of two connections.
    expect(sent).toBeLessThan(800)
    let got = 0
    for await (const part of response) got += (part as Buffer).length
    expect(got).toBe(1_600 * chunk.length)
  })

  test('as fast as the owner reads, and no faster', async () => {
    let goOn = (): void => {}
    const open = new Promise<void>((resolve) => (goOn = resolve))
    const { url } = await forwarding(async (request, response) => {
      await open
      let got = 0
      for await (const part of request) got += (part as Buffer).length
      response.end(String(got))
    })
    const request = httpRequest(url, { method: 'POST' })
    const chunk = Buffer.alloc(65_536)
    let sent = 0
    const sending = (async () => {
      for (; sent < 1_600; sent++) if (!request.write(chunk)) await once(request, 'drain')
      request.end()
    })()
    await atRest(() => sent)
    expect(sent).toBeLessThan(800)
    goOn()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(String((await response.toArray())[0])).toBe(String(1_600 * chunk.length))
    await sending
  })
})

describe('when one side goes', () => {
  test('the owner is told that the client is gone', async () => {
    let isAborted = false
    let isClosed = false
    const { ann, url } = await forwarding((request, response, { signal }) => {
      signal.addEventListener('abort', () => (isAborted = true))
      response.on('close', () => (isClosed = true))
      request.on('error', () => {})
      response.write('begun')
    })
    const request = httpRequest(url)
    request.on('error', () => {})
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.on('error', () => {})
    request.destroy()
    await expect.poll(() => [isAborted, isClosed], PATIENCE).toEqual([true, true])
    await expect
      .poll(() => ann.router.stats(), PATIENCE)
      .toMatchObject({ inFlight: 0, abandoned: 1 })
  })

  test('an answer that breaks off does not look whole', async () => {
    const { ann, path } = await forwarding((_request, response) => {
      response.write('half of it')
      setImmediate(() => response.destroy())
    })
    const answer = await rawExchange(ann.origin, requestText(path))
    expect(answer).toContain('half of it')
    // The last chunk of a whole answer is an empty one.
    expect(answer.endsWith('0\r\n\r\n')).toBe(false)
  })

  test('a client that goes while it sends its body takes its request with it', async () => {
    let error: unknown
    const { ann, url } = await forwarding((request) => {
      request.on('error', (reason) => (error = reason))
      request.resume()
    })
    const request = httpRequest(url, { method: 'POST' })
    request.on('error', () => {})
    request.write('half')
    await expect.poll(() => members[1]!.router.stats().inFlight, PATIENCE).toBe(1)
    request.destroy()
    await expect.poll(() => error, PATIENCE).toBeInstanceOf(Error)
    await expect.poll(() => ann.router.stats().inFlight, PATIENCE).toBe(0)
  })
})

describe('the forms of HTTP', () => {
  test.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"x"' }],
  ])('an answer to %s of %i has its fields and no body', async (method, status, headers) => {
    const { ann, path } = await forwarding((_request, response) => {
      response.writeHead(status, headers)
      response.end()
    })
    const text = requestText(path).replace('GET', method)
    const answer = bodyless(await rawExchange(ann.origin, text))
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    for (const field of fields) expect(answer).toContain(field)
    expect(answer.endsWith('\r\n\r\n')).toBe(true)
    expect(answer.indexOf('\r\n\r\n')).toBe(answer.length - 4)
  })

  test('early hints go through', async () => {
    const { ann, path } = await forwarding((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('done'))
    })
    const answer = await rawExchange(ann.origin, requestText(path))
    expect(answer).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n/)
    expect(answer).toContain('HTTP/1.1 200 OK')
  })

  test('a client that waits for a word before its body gets it, once', async () => {
    const { ann, path } = await forwarding((request, response) => void request.pipe(response))
    const { hostname, port } = new URL(ann.origin)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n`,
    )
    const word = await heardFrom(socket, (text) => text.includes('\r\n\r\n'))
    expect(word).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write('body')
    const answer = await heardFrom(socket, () => false)
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/)
    expect(answer).toContain('body')
  })

  test('fields of one connection stay on it, both ways', async () => {
    let got: string[] = []
    const { ann, path } = await forwarding((request, response) => {
      got = request.rawHeaders
      response.writeHead(200, {
        connection: 'x-private',
        'x-private': 'secret',
        'keep-alive': 'timeout=99',
        'proxy-authenticate': 'Basic',
        'x-public': 'word',
      })
      response.end('done')
    })
    const fields = {
      connection: 'close, X-Secret',
      'x-secret': 'hidden',
      'keep-alive': 'timeout=5',
      'proxy-authorization': 'Basic eDp5',
      te: 'gzip',
      'x-open': 'word',
    }
    const answer = await rawExchange(ann.origin, requestText(path, fields))
    const names = got.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
    expect(names).toContain('x-open')
    for (const name of ['x-secret', 'keep-alive', 'proxy-authorization', 'te']) {
      expect(names).not.toContain(name)
    }
    expect(answer).toContain('x-public: word')
    expect(answer).not.toMatch(/x-private: |timeout=99|proxy-authenticate/i)
  })

  test('fields that may come several times stay several', async () => {
    let got: string[] = []
    const { ann, path } = await forwarding((request, response) => {
      got = request.rawHeaders
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.end('done')
    })
    const text = requestText(path, { cookie: 'x=1' }).replace(
      '\r\n\r\n',
      '\r\nX-A: 1\r\nX-A: 2\r\n\r\n',
    )
    const answer = await rawExchange(ann.origin, text)
    expect(answer.match(/set-cookie: /gi)).toHaveLength(2)
    expect(got.filter((name) => name === 'X-A')).toHaveLength(2)
  })

  test('where a request came from is said, and nothing that the client made up', async () => {
    let got: IncomingMessage['headers'] = {}
    const { ann, path } = await forwarding((request, response) => {
      got = request.headers
      response.end('done')
    })
    const made = {
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-forwarded-proto': 'https',
    }
    await rawExchange(ann.origin, requestText(path, made))
    expect(got).toMatchObject({
      host: 'test',
      forwarded: 'for=127.0.0.1;host="test";proto=http',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'test',
      'x-forwarded-proto': 'http',
    })
  })
})

/** Until a number stays the same for many looks at it. */
async function atRest(look: () => number): Promise<void> {
  let last = -1
  let same = 0
  await expect
    .poll(
      () => {
        const now = look()
        same = now === last ? same + 1 : 0
        last = now
        return now > 0 && same > 20
      },
      { interval: 20, timeout: 60_000 },
    )
    .toBe(true)
}
