import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectRpc, createSerf } from 'libring/serf'
import { afterAll, describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { Program } from '../support/program.ts'
import { snippetsOf } from '../support/snippets.ts'

// The programs of the pages, run as a reader would run them.

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'libring-guides-'))
const addresses = loopbackAddresses()

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function freeAddress(): string {
  return `${addresses.next()}:7946`
}

/** A program of a page, counted from 0, in a file of its own. */
function programOf(page: string, index: number): string {
  const file = join(folder, `${page.replaceAll(/\W/g, '-')}-${index}.mts`)
  writeFileSync(file, snippetsOf(page, readFileSync(join(root, page), 'utf8'))[index]!.text)
  return file
}

/** What a page says that its program prints. */
function printedIn(page: string): string {
  const [, printed = ''] =
    /^```text\n(.*?)^```$/ms.exec(readFileSync(join(root, page), 'utf8')) ?? []
  return withoutTimes(printed)
}

/** Text in which every time is the same. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d+\.\d ms/g, 'so many ms')
}

function count({ output }: Program, pattern: RegExp): number {
  return [...output.matchAll(new RegExp(pattern, 'g'))].length
}

describe('docs/guides/moving-state.md', () => {
  const page = 'docs/guides/moving-state.md'

  test('its counters go on at another member where they stopped', async () => {
    const file = programOf(page, 0)
    const seed = freeAddress()
    await using anise = new Program(file, ['anise', seed])
    await expect.poll(() => count(anise, /begins at 0/), { timeout: 60_000 }).toBe(12)
    await using basil = new Program(file, ['basil', freeAddress(), seed])
    await basil.expectOutput(/basil: partition \d+ begins at [1-9]/)

    anise.kill('SIGTERM')
    expect(await anise.ended()).toBe(0)
    await expect
      .poll(() => count(basil, /basil: partition \d+ begins at [1-9]\d*/), { timeout: 60_000 })
      .toBeGreaterThanOrEqual(12)
    expect(count(basil, /begins at 0/)).toBe(0)
    basil.kill('SIGTERM')
    expect(await basil.ended()).toBe(0)
  })

  test('its rooms are sent ahead, and are there when the partition is taken', async () => {
    const file = programOf(page, 1)
    const seed = freeAddress()
    await using anise = new Program(file, ['anise', seed])
    await expect.poll(() => count(anise, /opened by anise/), { timeout: 60_000 }).toBe(12)
    await using basil = new Program(file, ['basil', freeAddress(), seed])
    await basil.expectOutput(/basil: room \d+: opened by anise, moved from anise/)

    anise.kill('SIGTERM')
    expect(await anise.ended()).toBe(0)
    await expect.poll(() => count(basil, /moved from anise/), { timeout: 60_000 }).toBe(12)
    expect(count(basil, /opened by basil/)).toBe(0)
  })
})

describe('docs/guides/operating.md', () => {
  const page = 'docs/guides/operating.md'

  test('a run ends by a signal, with everything released', async () => {
    await using member = new Program(programOf(page, 0), ['anise', freeAddress()])
    await expect.poll(() => count(member, /serving \d+/), { timeout: 60_000 }).toBe(512)
    member.kill('SIGTERM')
    expect(await member.ended()).toBe(0)
    expect([count(member, /served \d+/), member.output.endsWith('left\n')]).toEqual([512, true])
  })

  test('a member that stops in order to return ends by itself', async () => {
    const file = programOf(page, 1)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, `${text}\nconsole.log('started')\n`)
    await using member = new Program(file, [freeAddress()])
    await member.expectOutput('started')
    member.kill('SIGTERM')
    expect(await member.ended()).toBe(0)
  })

  test('two rings share a node, and end with it', async () => {
    await using member = new Program(programOf(page, 4), [freeAddress()])
    await member.expectOutput(/^\d+ \d+$/m)
    member.kill('SIGTERM')
    expect(await member.ended()).toBe(0)
  })
})

test('docs/guides/testing-with-the-simulator.md: its tests pass', async () => {
  await using program = new Program(programOf('docs/guides/testing-with-the-simulator.md', 0))
  expect([await program.ended(), program.output]).toEqual([0, expect.stringContaining('pass 5')])
})

test('docs/reference/errors.md: a second program at the same address is told so, and ends', async () => {
  const file = programOf('docs/reference/errors.md', 0)
  const text = readFileSync(file, 'utf8')
  expect(text).toContain('127.0.0.1:7946')
  const told = "\nconsole.log('started')\n"
  writeFileSync(file, text.replace('127.0.0.1:7946', freeAddress()) + told)
  await using first = new Program(file)
  await first.expectOutput('started')
  await using second = new Program(file)
  expect(await second.ended()).toBe(1)
  expect(second.output).toContain('another program uses the gossip port')
})

/** Programs that do what they do and end. */
const BRIEF: Readonly<Record<string, readonly [index: number, output: string]>> = {
  'docs/concepts/partitions.md': [0, ''],
  'docs/reference/events.md': [0, ''],
  'docs/reference/options.md': [0, 'partitions partitions must be a whole number'],
}

test.each(Object.entries(BRIEF))(
  'the program of %s runs, and ends',
  async (page, [index, output]) => {
    await using program = new Program(programOf(page, index))
    expect([await program.ended(), program.output]).toEqual([0, expect.stringContaining(output)])
  },
)

/** Modules for others to import. What they hold is tried where there is something to try. */
const MODULES: Readonly<Record<string, readonly number[]>> = {
  'docs/guides/encryption.md': [0, 2],
  'docs/guides/operating.md': [3, 5],
  'docs/guides/serf.md': [3],
}

test.each(Object.entries(MODULES))('the modules of %s load', async (page, indexes) => {
  for (const index of indexes) {
    const key = Buffer.alloc(32, 'k').toString('base64')
    const env = { ...process.env, CLUSTER_KEY: key }
    await using program = new Program(programOf(page, index), [], env)
    expect([await program.ended(), program.output]).toEqual([0, ''])
  }
})

test('every TypeScript program of every page is run by some test', () => {
  const runElsewhere: Readonly<Record<string, number>> = {
    // test/e2e/start.test.ts and from-go.test.ts; functions of pages: test/sim/pages.test.ts
    'docs/start.md': 2,
    'docs/from-go.md': 1,
    'docs/concepts/ownership.md': 1,
    // test/e2e/fencing-tokens.test.ts, and test/sim/pages.test.ts
    'docs/guides/fencing-tokens.md': 5,
    // above
    'docs/guides/moving-state.md': 2,
    'docs/guides/operating.md': 4,
    'docs/guides/testing-with-the-simulator.md': 1,
    'docs/guides/serf.md': 5,
    'docs/guides/encryption.md': 1,
    'docs/reference/errors.md': 1,
    // test/interop/attaching-guide.test.ts
    'docs/guides/attaching-to-an-agent.md': 3,
    // test/e2e/http/guide.test.ts
    'docs/guides/routing.md': 6,
  }
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  for (const path of pages.filter((name) => name.endsWith('.md'))) {
    const page = `docs/${path.replaceAll('\\', '/')}`
    const programs = snippetsOf(page, readFileSync(join(root, page), 'utf8')).length
    const run = (page in BRIEF ? 1 : 0) + (MODULES[page]?.length ?? 0) + (runElsewhere[page] ?? 0)
    expect([page, programs]).toEqual([page, run])
  }
})

describe('docs/guides/serf.md', () => {
  test('its nodes meet, tell, ask, and part', async () => {
    const file = programOf('docs/guides/serf.md', 0)
    const seed = freeAddress()
    await using anise = new Program(file, ['anise', seed])
    await anise.expectOutput('anise: anise is here')
    await using basil = new Program(file, ['basil', freeAddress(), seed])
    await anise.expectOutput('anise: basil is here')
    await anise.expectOutput('anise: deploy v2')
    for (const name of ['anise', 'basil']) {
      await basil.expectOutput(`basil: ack ${name}`)
      await basil.expectOutput(new RegExp(`basil: response ${name} \\d+ µs`))
    }
    expect(await basil.ended()).toBe(0)
  })

  test('its two nodes see each other come, change, stand somewhere, and go', async () => {
    const places = [freeAddress(), freeAddress()]
    await using program = new Program(programOf('docs/guides/serf.md', 1), places)
    expect(await program.ended()).toBe(0)
    expect(withoutTimes(program.output)).toBe(printedIn('docs/guides/serf.md'))
  })

  test('its query ends with the signal, after what had been answered', async () => {
    await using program = new Program(programOf('docs/guides/serf.md', 2), [freeAddress()])
    expect([await program.ended(), program.output]).toEqual([
      0,
      'anise: 0.7\nnobody else within 200 ms\n',
    ])
  })

  test('its node that is alone says what it counts', async () => {
    await using program = new Program(programOf('docs/guides/serf.md', 5), [freeAddress()])
    expect([await program.ended(), program.output]).toEqual([
      0,
      'datagrams sent: 0\nevents waiting: 1, the next one at time 2\n',
    ])
  })

  test('its node takes commands, and ends when it is told to leave', async () => {
    const rpcAddress = `${addresses.next()}:7373`
    await using program = new Program(programOf('docs/guides/serf.md', 4), [
      freeAddress(),
      rpcAddress,
    ])
    await program.expectOutput('takes commands')
    const client = await connectRpc({ rpcAddress })
    expect((await client.members()).map(({ status }) => status)).toEqual(['alive'])
    await client.leave()
    expect(await program.ended()).toBe(0)
  })
})

describe('docs/guides/encryption.md', () => {
  test('a member gives a cluster a new key', async () => {
    const [oldKey, newKey] = ['a', 'b'].map((fill) => Buffer.alloc(32, fill).toString('base64'))
    const [address, seed] = [freeAddress(), freeAddress()]
    await using node = createSerf({ hostName: 'anise', bind: seed, keyring: [oldKey!] })
    await node.start()
    const page = 'docs/guides/encryption.md'
    const texts = snippetsOf(page, readFileSync(join(root, page), 'utf8')).map(({ text }) => text)
    const index = texts.findIndex((text) => text.includes('keys.install'))
    const rotation = new Program(programOf(page, index), [address, seed, oldKey!, newKey!])
    await using _ = rotation
    await rotation.expectOutput('true 2')
    expect(await rotation.ended()).toBe(0)
    const { keys } = await node.keys.list()
    expect(Object.fromEntries(keys)).toEqual({ [newKey!]: 1 })
  })
})
