import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestBody } from '../../../packages/libring/src/http/request-body.ts'

/** A body that comes as the test sends it. */
function aBody(keepBytesMax: number): {
  source: PassThrough
  body: RequestBody
  reads: () => number
} {
  const source = new PassThrough()
  let reads = 0
  const request = source as unknown as IncomingMessage
  const body = new RequestBody(request, keepBytesMax, () => reads++)
  return { source, body, reads: () => reads }
}

async function textOf(attempt: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of attempt) text += String(chunk)
  return text
}

describe('a body', () => {
  test('is not read before somebody asks for it', async () => {
    const { source, body, reads } = aBody(100)
    source.end('body')
    const attempt = body.attempt()
    expect([reads(), source.readableDidRead]).toEqual([0, false])
    expect(await textOf(attempt)).toBe('body')
    expect(reads()).toBe(1)
  })

  test('can be sent again whole, as long as what was read of it is kept', async () => {
    const { source, body } = aBody(8)
    const first = body.attempt()
    source.write('1234')
    await first.next()
    const second = body.attempt()
    expect(body.isRepeatable).toBe(true)
    source.end('5678')
    expect(await textOf(second)).toBe('12345678')
    expect(await first.next()).toEqual({ done: true, value: undefined })
  })

  test('cannot be sent again once more was read of it than is kept', async () => {
    const { source, body } = aBody(7)
    const attempt = body.attempt()
    source.write('1234')
    await attempt.next()
    expect(body.isRepeatable).toBe(true)
    source.write('5678')
    await attempt.next()
    expect(body.isRepeatable).toBe(false)
    source.end('9')
    expect(await textOf(attempt)).toBe('9')
  })

  test('that breaks off fails whoever reads it', async () => {
    const { source, body } = aBody(100)
    const attempt = body.attempt()
    const read = attempt.next()
    source.destroy(new Error('gone'))
    await expect(read).rejects.toThrow('gone')
  })

  test('that is cut off without a word fails whoever reads it, and whoever reads it later', async () => {
    const { source, body } = aBody(100)
    source.write('1234')
    const attempt = body.attempt()
    await attempt.next()
    const read = attempt.next()
    source.destroy()
    await expect(read).rejects.toThrow('broke off')
    await expect(textOf(body.attempt())).rejects.toThrow('broke off')
  })

  test('comes whole to the last of any number of attempts, whenever they are made', async () => {
    const aRun = fc.record({
      chunks: fc.array(fc.string({ minLength: 1, maxLength: 5, unit: 'binary-ascii' }), {
        maxLength: 12,
      }),
      // How many chunks each attempt reads before the next one begins.
      reads: fc.array(fc.nat(4), { maxLength: 4 }),
      keepBytesMax: fc.nat(40),
    })
    await fc.assert(
      fc.asyncProperty(aRun, async ({ chunks, reads, keepBytesMax }) => {
        const { source, body } = aBody(keepBytesMax)
        for (const chunk of chunks) source.write(chunk)
        source.end()
        let attempt = body.attempt()
        for (const count of reads) {
          for (let at = 0; at < count; at++) await attempt.next()
          if (!body.isRepeatable) return
          // One is still reading when the next one begins.
          void attempt.next()
          if (!body.isRepeatable) return
          attempt = body.attempt()
        }
        expect(await textOf(attempt)).toBe(chunks.join(''))
      }),
    )
  })
})
