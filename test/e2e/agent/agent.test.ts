import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readEvents } from '../../support/agent-http.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { reapWithUs } from '../../support/reaper.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// The program itself, as an operator starts it, looks at it and ends it.

const main = fileURLToPath(new URL('../../../packages/agent/src/main.ts', import.meta.url))
const FROM_SOURCES = ['--import', 'tsx', '--conditions=libring-source', main]
const TOKEN = 'a-token-of-sixteen'
const PATIENCE = { timeout: 60_000, interval: 100 }

const addresses = loopbackAddresses()
const running = new Set<Libring>()

afterEach(async () => {
  await Promise.all([...running].map((program) => program.kill()))
  running.clear()
})

/** One run of `libring`. */
class Libring {
  readonly child: ChildProcess
  readonly status: Promise<number | null>
  out = ''
  errors = ''

  constructor(...args: readonly string[]) {
    this.child = spawn(process.execPath, [...FROM_SOURCES, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LIBRING_TOKEN: TOKEN, NO_COLOR: '1' },
    })
    reapWithUs(this.child)
    this.child.stdout!.on('data', (text: Buffer) => (this.out += text.toString()))
    this.child.stderr!.on('data', (text: Buffer) => (this.errors += text.toString()))
    this.status = once(this.child, 'close').then(([code]) => code as number | null)
    running.add(this)
  }

  async says(text: string): Promise<void> {
    await vi.waitUntil(() => (this.out + this.errors).includes(text), PATIENCE)
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.status
  }
}

interface Started {
  readonly program: Libring
  readonly host: string
  readonly http: string
}

async function startAgent(name: string, ...args: readonly string[]): Promise<Started> {
  const host = addresses.next()
  const tokenFile = join(temporaryFolder(), 'token')
  writeFileSync(tokenFile, TOKEN)
  const program = new Libring(
    ...['agent', '-node', name, '-bind', host, '-rpc-addr', host, '-http-addr', host],
    ...[
      '-http-token-file',
      tokenFile,
      '-profile',
      'local',
      '-partitions',
      '16',
      '-consumer-timeout-ms',
      '1000',
    ],
    ...args,
  )
  await program.says('agent: running')
  return { program, host, http: `${host}:7380` }
}

async function answered(...args: readonly string[]): Promise<unknown> {
  const program = new Libring(...args, '--json')
  expect([await program.status, program.errors]).toEqual([0, ''])
  return JSON.parse(program.out)
}

const attach = ({ http }: Started) => {
  return readEvents(`http://${http}/v1/partitions`, { authorization: `Bearer ${TOKEN}` })
}

describe('libring agent', () => {
  test('takes part while a consumer is attached, hands over when told to drain, and ends with 0', async () => {
    const ann = await startAgent('ann')
    const bob = await startAgent('bob', '-retry-join', ann.host, '-log-format', 'json')
    const ringOf = async ({ http }: Started): Promise<readonly string[]> => {
      const ring = await answered('ring', '--http-addr', http)
      return (ring as { members: { name: string }[] }).members.map(({ name }) => name).sort()
    }
    expect(await ringOf(ann)).toEqual([])
    const consumer = await attach(ann)
    expect(consumer.status).toBe(200)
    await consumer.next(({ event }) => event === 'acquire')
    expect(await ringOf(bob)).toEqual(['ann'])
    expect(await answered('lookup', 'a key', '--http-addr', bob.http)).toMatchObject({
      holders: [{ name: 'ann' }],
    })
    const plan = await answered('plan', '--join', 'cat', '--http-addr', bob.http)
    expect((plan as { members: { name: string }[] }).members.map(({ name }) => name)).toContain(
      'cat',
    )
    consumer.cut()
    const draining = new Libring('drain', '--http-addr', ann.http)
    expect(await draining.status).toBe(0)
    expect(await ann.program.status).toBe(0)
    bob.program.child.kill('SIGINT')
    expect(await bob.program.status).toBe(0)
    for (const line of bob.program.out.trim().split('\n'))
      expect(() => JSON.parse(line)).not.toThrow()
  })

  test('reads tags and level again on SIGHUP, and goes on where that cannot be read', async () => {
    const file = join(temporaryFolder(), 'agent.yaml')
    writeFileSync(file, 'tags: {zone: a}\n')
    const { program, http } = await startAgent('ann', '-config-file', file)
    const tags = async (): Promise<unknown> => (await fetch(`http://${http}/v1/tags`)).json()
    expect(await tags()).toMatchObject({ tags: { zone: 'a' } })
    writeFileSync(file, 'tags: {zone: b}\nlog_level: debug\n')
    program.child.kill('SIGHUP')
    await expect.poll(tags, PATIENCE).toMatchObject({ tags: { zone: 'b' } })
    writeFileSync(file, 'tags: [\n')
    program.child.kill('SIGHUP')
    await program.says('[ERR] agent: ')
    expect(await tags()).toMatchObject({ tags: { zone: 'b' } })
    program.child.kill('SIGTERM')
    expect(await program.status).toBe(0)
  })

  test.each([
    [['agent', '-nod', 'x'], 'Did you mean --node?'],
    [['agent', '-partitions', '0'], 'partitions must be a whole number from 1 to 65536, got 0'],
    [['agent', '-config-file', '/nowhere/a.json'], '/nowhere/a.json: ENOENT'],

    [['rin'], 'Did you mean ring?'],
  ])('%j ends with 2, and says what is wrong', async (args, wrong) => {
    const program = new Libring(...args)
    expect(await program.status).toBe(2)
    expect(program.errors).toContain(wrong)
  })

  test('ends with 1 where nobody of those to join answers, or an address is taken', async () => {
    const host = addresses.next()
    const alone = new Libring(
      'agent',
      '-bind',
      host,
      '-rpc-addr',
      host,
      '-http-addr',
      host,
      '-join',
      `${host}:1`,
    )
    expect(await alone.status).toBe(1)
    const ann = await startAgent('ann')
    const second = addresses.next()
    const taken = new Libring('agent', '-bind', second, '-rpc-addr', ann.host, '-http-addr', second)
    expect(await taken.status).toBe(1)
    expect(taken.out).toContain(`${ann.host}:7373`)
  })
})
