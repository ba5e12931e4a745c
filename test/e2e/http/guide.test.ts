import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { loopbackAddresses } from '../../support/loopback.ts'
import { Program } from '../../support/program.ts'
import { importSnippet, snippetsOf } from '../../support/snippets.ts'

// The programs of docs/guides/routing.md, run as a reader would run them, but each at an address
// of its own.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const page = 'docs/guides/routing.md'
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'libring-routing-'))
const addresses = loopbackAddresses()
const programs = snippetsOf(page, readFileSync(join(root, page), 'utf8')).map(({ text }) => text)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0

/** The one program of the page that has these words. */
function programWith(words: string): string {
  const found = programs.filter((text) => text.includes(words))
  expect([words, found.length]).toEqual([words, 1])
  return found[0]!
}

/** The file of a program that gossips, and serves port 8080, at `host` alone. */
function fileOf(text: string, host: string, seed?: string, more = ''): string {
  const file = join(folder, `program-${++files}.mts`)
  const options = `hostName: '${host}', watchTags: { http: /./ }, ${seed === undefined ? '' : `bootstrapHosts: ['${seed}:7946'], `}`
  const gossip = `bind: '${host}:7946', profile: 'local'`
  const placed = text
    .replace('new Cluster()', `new Cluster({ ${options}serf: { ${gossip} } })`)
    .replace('new Cluster({ serf: { ', `new Cluster({ ${options}serf: { ${gossip}, `)
    .replace('.listen(8080)', `.listen(8080, '${host}', () => console.log('listening'))`)
  writeFileSync(file, `${placed}\n${more}\n`)
  return file
}

test('members serve what is theirs and forward the rest, and whoever only looks on asks the owner', async () => {
  const member = programWith('is served here, under token')
  const [anise, basil, guest] = [addresses.next(), addresses.next(), addresses.next()]
  await using first = new Program(fileOf(member, anise))
  await first.expectOutput('listening')
  await using second = new Program(fileOf(member, basil, anise))
  await second.expectOutput('listening')

  const ask = async (host: string, path: string): Promise<string> => {
    const response = await fetch(`http://${host}:8080${path}`)
    return await response.text()
  }
  const paths = Array.from({ length: 16 }, (_, index) => `/carts/${index}`)
  const askAll = async (host: string) => await Promise.all(paths.map((path) => ask(host, path)))
  const isServed = (answer: string): boolean => / is served here, under token \d+\n$/.test(answer)
  await expect
    .poll(
      async () => {
        const [one, other] = [await askAll(anise), await askAll(basil)]
        return one.every(isServed) && JSON.stringify(one) === JSON.stringify(other)
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(true)

  const asking = programWith('createFetch(cluster)')
  await using asker = new Program(fileOf(asking, guest, anise, 'await cluster.stop()'))
  expect(await asker.ended()).toBe(0)
  expect(asker.output).toMatch(/^200 \/carts\/42 is served here, under token \d+$/m)
})

test('a room is told that it moves, so that its sockets come again', async () => {
  const harness = `
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
const ending = new AbortController()
const server = createServer()
server.on('upgrade', (request, socket, head) =>
  serveUpgrade!(request, socket, head, { signal: ending.signal } as never))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const client = new WebSocket(\`ws://127.0.0.1:\${port}\`)
  client.on('open', () => client.send('good day'))
  client.on('message', (message) => {
    console.log(String(message))
    ending.abort()
  })
  client.on('close', (code, reason) => {
    console.log(code, String(reason))
    server.close()
  })
})`
  const text = programWith('rooms.handleUpgrade')
  await using program = new Program(fileOf(text, addresses.next(), undefined, harness))
  expect(await program.ended()).toBe(0)
  expect(program.output).toBe('good day\n1012 the room moves\n')
})

test('routes of Express and of Fastify know the partition of a request', async () => {
  const host = addresses.next()
  const more = `await service.listen({ host: '${host}', port: 8081 })\nconsole.log('both')`
  await using program = new Program(fileOf(programWith('createPlugin'), host, undefined, more))
  await program.expectOutput('both')
  const partitionAt = async (port: number): Promise<unknown> => {
    const response = await fetch(`http://${host}:${port}/carts/42`)
    return response.ok ? ((await response.json()) as { partition: unknown }).partition : undefined
  }
  await expect.poll(() => partitionAt(8080), { timeout: 60_000 }).toEqual(expect.any(Number))
  expect(await partitionAt(8081)).toBe(await partitionAt(8080))
})

test('reads may be served by any holder, and nothing else', async () => {
  const [snippet] = snippetsOf(page, `\`\`\`ts\n${programWith("'holders' : 'primary'")}\`\`\`\n`)
  const { serveFrom } = await importSnippet<{
    serveFrom: (request: { method: string }) => string
  }>(snippet!)
  const methods = ['GET', 'HEAD', 'POST', 'DELETE']
  expect(methods.map((method) => serveFrom({ method }))).toEqual([
    'holders',
    'holders',
    'primary',
    'primary',
  ])
})

test('whatever is not HTTP finds its owner as well', async () => {
  const host = addresses.next()
  const text = programWith('declare function call')
  const tagged = text.replace('new Cluster()', "new Cluster({ serf: { tags: { http: '8080' } } })")
  await using program = new Program(fileOf(tagged, host, undefined, 'await cluster.stop()'))
  expect(await program.ended()).toBe(0)
  expect(program.output).toBe('served here\n')
})

test('no program of the page is left out', () => {
  expect(programs).toHaveLength(6)
})
