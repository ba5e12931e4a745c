import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { agentArguments, Libring, PATIENCE, SMALL_AND_SOON } from '../support/agent-program.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { reapWithUs } from '../support/reaper.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// Flags of an agent, and what they do, beside a stock agent with the same ones.

const addresses = loopbackAddresses()
const running: { kill(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((agent) => agent.kill()))
})

/** A `serf agent` that may end by itself. */
class Stock {
  readonly child: ChildProcess
  readonly status: Promise<unknown>
  output = ''

  constructor(args: readonly string[]) {
    this.child = spawn('serf', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    reapWithUs(this.child)
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream!.on('data', (text: Buffer) => (this.output += text.toString()))
    }
    this.status = once(this.child, 'close').then(([code]) => code as unknown)
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.status
  }
}

interface Started {
  readonly host: string
  readonly status: Promise<unknown>
  readonly child: ChildProcess
  output(): string
  kill(): Promise<void>
}

function theirs(host: string, ...args: readonly string[]): Started {
  const addressed = [`-bind=${host}`, `-rpc-addr=${host}:7373`]
  const stock = new Stock(['agent', '-node=one', '-profile=local', ...addressed, ...args])
  running.push(stock)
  const { child, status } = stock
  return { host, status, child, output: () => stock.output, kill: () => stock.kill() }
}

function ours(host: string, ...args: readonly string[]): Started {
  const program = new Libring([...agentArguments('one', host), ...SMALL_AND_SOON, ...args])
  running.push(program)
  const { child, status } = program
  const output = (): string => program.out + program.errors
  return { host, status, child, output, kill: () => program.kill() }
}

/** The command of Serf, to either. Rejects unless it exits with 0. */
async function serf(host: string, command: string, ...args: readonly string[]): Promise<string> {
  const told = [command, `-rpc-addr=${host}:7373`, ...args]
  try {
    return (await promisify(execFile)('serf', told)).stdout
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string }
    throw new Error(stdout + stderr, { cause: error })
  }
}

async function tagsOf(host: string): Promise<Record<string, string>> {
  const { members } = JSON.parse(await serf(host, 'members', '-format=json')) as {
    members: { name: string; tags: Record<string, string> }[]
  }
  // What says of a ring what it is there is at ours only.
  const { libring: _, ...tags } = members.find(({ name }) => name === 'one')!.tags
  return tags
}

/** Wait until the agent has these tags. */
async function expectTags(host: string, tags: Readonly<Record<string, string>>): Promise<void> {
  await expect.poll(() => tagsOf(host).catch(() => undefined), PATIENCE).toEqual(tags)
}

const sides = [
  ['a stock agent', theirs],
  ['ours', ours],
] as const

describe.skipIf(serfMissing)(`the flags of an agent ${serfMissing ?? ''}`, () => {
  test.each(sides)(
    '-tags-file keeps what tags are set, and is read at the start: %s',
    async (_, start) => {
      const file = join(temporaryFolder(), 'tags.json')
      const first = start(addresses.next(), '-tags-file', file)
      await expectTags(first.host, {})
      expect(existsSync(file)).toBe(false)
      await serf(first.host, 'tags', '-set=zone=a', '-set=lane=3')
      await serf(first.host, 'tags', '-set=zone=b', '-delete=lane')
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ zone: 'b' })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      await first.kill()
      const second = start(addresses.next(), '-tags-file', file)
      await expectTags(second.host, { zone: 'b' })
    },
  )

  test.each(sides)(
    '-tags-file is refused beside -tag, and where it holds no tags: %s',
    async (_, start) => {
      const file = join(temporaryFolder(), 'tags.json')
      writeFileSync(file, '{"zone": 1}')
      const cases = [['-tag', 'lane=3'], ['-role', 'web'], []]
      const agents = cases.map((more) => start(addresses.next(), '-tags-file', file, ...more))
      for (const { status, output } of agents) {
        expect(await status).toBe(start === ours ? 2 : 1)
        expect(output()).toMatch(/tags.(file|json)|tag files/i)
      }
    },
  )

  test('a tags file that cannot be written stays as it was, and the command says so', async () => {
    const file = join(temporaryFolder(), 'tags.json')
    writeFileSync(file, '{"zone": "a"}')
    mkdirSync(`${file}.new`)
    const { host } = ours(addresses.next(), '-tags-file', file)
    await expectTags(host, { zone: 'a' })
    await expect(serf(host, 'tags', '-set=zone=b')).rejects.toThrow(/EISDIR/)
    expect(readFileSync(file, 'utf8')).toBe('{"zone": "a"}')
  })

  test('on SIGHUP the tags file is read again, where a stock agent empties it', async () => {
    for (const start of [theirs, ours]) {
      const file = join(temporaryFolder(), 'tags.json')
      const { host, child } = start(addresses.next(), '-tags-file', file)
      await expectTags(host, {})
      await serf(host, 'tags', '-set=zone=a')
      writeFileSync(file, '{"zone": "b"}')
      child.kill('SIGHUP')
      await expectTags(host, start === ours ? { zone: 'b' } : {})
    }
  })

  test.each(sides)('-role is the tag role: %s', async (_, start) => {
    const { host, output } = start(addresses.next(), '-role', 'web', '-tag', 'zone=a')
    await expectTags(host, { role: 'web', zone: 'a' })
    expect(output()).toMatch(/deprecat/i)
  })

  test.each(sides)(
    '-retry-max ends the agent with 1 where nobody answers: %s',
    async (_, start) => {
      const silent = `${addresses.next()}:1`
      const args = ['-retry-join', silent, '-retry-interval', '1s', '-retry-max', '1']
      const agent = start(addresses.next(), ...args)
      expect(await agent.status).toBe(1)
      expect(agent.output()).toMatch(/\[ERR\].*(maximum retry|in 2 tries)/)
    },
  )

  test.each(sides)('-retry-join finds who starts later: %s', async (_, start) => {
    const later = addresses.next()
    const args = ['-retry-join', later, '-retry-interval', '1s', '-retry-max', '30']
    const { host } = start(addresses.next(), ...args)
    await expectTags(host, {})
    running.push(await SerfAgent.start({ name: 'later', host: later }))
    await expect.poll(() => serf(host, 'members'), PATIENCE).toContain('later')
  })

  test.each(sides)('-replay has events from before the join told: %s', async (_, start) => {
    const old = await SerfAgent.start({ name: 'old', host: addresses.next() })
    running.push(old)
    await old.userEvent('early')
    const cases = [
      [['-join', old.host, '-replay'], 'early\nlate\n'],
      [['-retry-join', old.host, '-replay'], 'early\nlate\n'],
      [['-join', old.host], 'late\n'],
      [['-retry-join', old.host], 'late\n'],
    ] as const
    const heard = cases.map(([args, names], at) => {
      const { handler, read } = heardBy(temporaryFolder())
      start(addresses.next(), ...args, ...handler, '-node', `joiner-${at}`)
      return { read, names }
    })
    await expect.poll(async () => (await old.members()).length, PATIENCE).toBe(5)
    await old.userEvent('late')
    for (const { read, names } of heard) await expect.poll(read, PATIENCE).toBe(names)
  })

  test.each(sides)('-event-handler is what info shows of it: %s', async (_, start) => {
    const specs = ['all.sh', 'member-join,user:deploy=run.sh', 'user=one.sh', 'user=two.sh']
    const flags = specs.flatMap((spec) => ['-event-handler', spec])
    const { host } = start(addresses.next(), ...flags)
    await expectTags(host, {})
    const info = JSON.parse(await serf(host, 'info', '-format=json')) as {
      event_handlers: Record<string, string>
    }
    expect(info.event_handlers).toEqual({
      ...{ '*:': 'all.sh', 'member-join:': 'run.sh' },
      ...{ 'user:': 'two.sh', 'user:deploy': 'run.sh' },
    })
  })

  test.each(sides)('-iface decides what is bound, and has to have it: %s', async (_, start) => {
    const agent = start(addresses.next(), '-bind', '0.0.0.0:0', '-iface', 'lo')
    await expect
      .poll(() => serf(agent.host, 'members').catch(() => ''), PATIENCE)
      .toMatch(/one +127\.0\.0\.1:\d/)
    for (const wrong of [
      ['-bind', addresses.next(), '-iface', 'lo'],
      ['-iface', 'no-such'],
    ]) {
      const refused = start(addresses.next(), ...wrong)
      expect(await refused.status).toBe(start === ours ? 2 : 1)
      expect(refused.output()).toMatch(/interface/i)
    }
  })

  test('-broadcast-timeout is how long new tags may take to be everywhere', async () => {
    const other = await SerfAgent.start({ name: 'other', host: addresses.next() })
    running.push(other)
    const { host, output } = ours(
      addresses.next(),
      '-join',
      other.host,
      '-broadcast-timeout',
      '1ms',
    )
    await expect.poll(() => serf(host, 'members').catch(() => ''), PATIENCE).toContain('other')
    await serf(host, 'tags', '-set=zone=a')
    expect(output()).toContain('tags not spread in time')
  })

  test('a file for a stock agent is one for ours', async () => {
    const file = join(temporaryFolder(), 'agent.json')
    writeFileSync(
      file,
      JSON.stringify({
        ...{ profile: 'local', log_level: 'debug', role: 'web', tags: { zone: 'a' } },
        ...{ retry_join: [], retry_interval: '2s', retry_max_attempts: 3, replay_on_join: true },
        ...{ broadcast_timeout: '6s', reconnect_interval: '5s', reconnect_timeout: '1h' },
        ...{ tombstone_timeout: '24h', enable_compression: false, disable_coordinates: true },
        ...{ disable_name_resolution: true, user_event_size_limit: 600, query_size_limit: 2_048 },
        ...{ query_response_size_limit: 2_048, leave_on_terminate: true },
        ...{ skip_leave_on_interrupt: true, rejoin_after_leave: true, event_handlers: [] },
      }),
    )
    for (const start of [theirs, ours]) {
      const { host } = start(addresses.next(), '-config-file', file)
      await expectTags(host, { role: 'web', zone: 'a' })
      // Over the limit that is usual.
      await serf(host, 'event', 'long', 'x'.repeat(540))
      await expect(serf(host, 'event', 'long', 'x'.repeat(620))).rejects.toThrow(/limit|bytes/)
      // The stock agent takes this key, and does not act on it.
      if (start === ours) await expect(serf(host, 'rtt', 'one', 'one')).rejects.toThrow(/coord/i)
    }
  })
})

/** A handler that writes down the names of user events, and what it wrote. */
function heardBy(folder: string): { readonly handler: readonly string[]; read(): string } {
  const [script, file] = [join(folder, 'note.sh'), join(folder, 'heard')]
  writeFileSync(script, `#!/bin/sh\necho "$SERF_USER_EVENT" >> ${file}\n`)
  chmodSync(script, 0o755)
  return {
    handler: ['-event-handler', `user=${script}`],
    read: () => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
  }
}
