import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ring, type RingOptions } from '../../packages/libring/src/entries/ring.ts'

// Goal: a browser computes the same ring as a server, from the same compiled files.
// Method: compile the entry with neither Node's nor the browser's types, serve it on loopback,
// import it in a headless Chromium, and compare what both say.

const CHROMIUM = '/usr/bin/chromium'
const reason = existsSync(CHROMIUM) ? '' : `(skipped: no ${CHROMIUM}; apt-get install chromium)`

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Answers {
  readonly partitions: readonly number[]
  readonly owners: readonly (string | undefined)[]
  readonly holders: readonly number[]
  readonly preference: readonly string[]
}

const keys = ['', 'user:1', 'größe', '日本語のキー', '🔑🔑', 'x'.repeat(1_000), 'lone \ud800']

// Given to the browser as text, and run here as it stands.
function answersOf(
  ring: Pick<Ring, 'partitionForKey' | 'ownerForKey' | 'membersForKey' | 'assignment'>,
  keys: readonly string[],
): Answers {
  return {
    partitions: keys.map((key) => ring.partitionForKey(key)),
    owners: keys.map((key) => ring.ownerForKey(key)?.name),
    holders: [...ring.assignment.holders],
    preference: ring.membersForKey('user:1').map(({ name }) => name),
  }
}

function compileEntry(folder: string): void {
  const config = join(folder, 'tsconfig.json')
  const source = join(root, 'packages/libring/src')
  const compilerOptions = { types: [], lib: ['ES2023'], rootDir: source, outDir: folder }
  const include = [join(source, 'entries/ring.ts')]
  const base = join(root, 'packages/libring/tsconfig.build.json')
  writeFileSync(config, JSON.stringify({ extends: base, compilerOptions, include, files: include }))
  const compiler = join(root, 'node_modules/typescript-7/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', config], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stdout)
}

/** Serves the folder, and an empty page at `/`. */
function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url ?? '/', 'http://host').pathname))
    if (path === join(folder, '/')) {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>ring</title>')
    } else if (path.startsWith(folder) && path.endsWith('.js') && existsSync(path)) {
      response.setHeader('content-type', 'text/javascript').end(readFileSync(path))
    } else {
      response.writeHead(404).end()
    }
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

describe.skipIf(reason !== '')(`libring/ring in Chromium ${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'libring-browser-'))
  const requests: string[] = []
  let server: Server
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    compileEntry(folder)
    server = await serve(folder)
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--headless'],
    })
    page = await browser.newPage()
    page.on('request', (request) => requests.push(new URL(request.url()).pathname))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })

  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })

  const members = Array.from({ length: 12 }, (_, i) => ({
    name: i === 0 ? '節😀' : `node-${i}`,
    weight: 1 + (i % 3),
    zone: 'abcd'[i % 4]!,
  }))
  const plain = members.map(({ name }) => ({ name }))

  test.each<[string, RingOptions, typeof plain]>([
    ['balanced', { partitions: 512, assignment: 'balanced' }, members],
    ['balanced without zones', { partitions: 2_056, redundancy: 2 }, plain],
    ['rendezvous', { partitions: 512, assignment: 'rendezvous' }, members],
    ['go-consistent', { partitions: 512, assignment: 'go-consistent' }, plain],
    ['go-uniform', { partitions: 512, assignment: 'go-uniform' }, plain],
  ])('%s gives the same table, owners and preference lists', async (_what, options, members) => {
    const input = JSON.stringify([members, options, keys])
    const inBrowser = await page.evaluate<Answers>(`(async () => {
      const { Ring } = await import('/entries/ring.js')
      const answersOf = ${answersOf.toString()}
      const [members, options, keys] = ${input}
      return answersOf(new Ring(members, options), keys)
    })()`)
    expect(inBrowser).toEqual(answersOf(new Ring(members, options), keys))
  })

  test('the browser fetches nothing but the pure layers', () => {
    const modules = requests.filter((path) => path.endsWith('.js'))
    expect(modules).toContain('/entries/ring.js')
    expect(modules.filter((path) => !/^\/(entries\/ring\.js|ring\/|base\/)/.test(path))).toEqual([])
  })
})
