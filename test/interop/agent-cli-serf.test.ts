import { execFile, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../packages/agent/src/cli/run.ts'
import { libring } from '../support/command-line.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { reapWithUs } from '../support/reaper.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

// Commands of `libring` and of `serf` to one stock agent tell the same. Where they differ is what the
// tests take out, and what the page on operating tells: words, tables where serf has columns, and status
// 2 for what makes no sense, which serf ends with 1 for.

const [FIRST, SECOND] = ['MDEyMzQ1Njc4OWFiY2RlZg==', 'MDEyMzQ1Njc4OWFiY2RlZA==']
const PATIENCE = { timeout: 60_000, interval: 100 }
const addresses = loopbackAddresses()
const [host, otherHost] = [addresses.next(), addresses.next()]
const folder = mkdtempSync(join(tmpdir(), 'libring-handlers-'))

let agent: SerfAgent
let other: SerfAgent

interface Printed {
  readonly status: number | null
  readonly text: string
}

async function serf(...args: readonly string[]): Promise<Printed> {
  const [command = '', ...rest] = args
  const asked = [command, `-rpc-addr=${host}:7373`, ...rest]
  return await new Promise((resolve) => {
    const child = execFile('serf', asked, (_, stdout, stderr) => {
      resolve({ status: child.exitCode, text: stdout + stderr })
    })
  })
}

async function ours(...args: readonly string[]): Promise<Printed> {
  const { status, out, errors } = await libring(host, ...args)
  return { status, text: out + errors }
}

/** What the groups of a pattern match, sorted. */
function found(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map(([, ...groups]) => groups).sort(byText)
}

function byText(left: readonly string[], right: readonly string[]): number {
  return left.join() < right.join() ? -1 : 1
}

function startAgent(name: string, at: string, seeds: readonly string[]): Promise<SerfAgent> {
  const script = join(folder, 'answer.sh')
  writeFileSync(script, '#!/bin/sh\nprintf "fine, says %s" "$SERF_SELF_NAME"\n')
  chmodSync(script, 0o755)
  const args = ['-profile=local', `-encrypt=${FIRST}`, `-event-handler=query:load=${script}`]
  return SerfAgent.start({ name, host: at, tags: { role: 'web' }, join: seeds, args })
}

beforeAll(async () => {
  if (serfMissing !== undefined) return
  agent = await startAgent('front', host, [])
  other = await startAgent('back', otherHost, [agent.address])
})

afterAll(async () => {
  await other?.[Symbol.asyncDispose]()
  await agent?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

describe.skipIf(serfMissing)(`beside serf, libring ${serfMissing ?? ''}`, () => {
  test('members shows the same members', async () => {
    const [wanted, got] = [await serf('members'), await ours('members')]
    const theirs = found(wanted.text, /^(\w+) +([\d.:]+) +(\w+) +(\S+)/gm)
    expect(theirs).toHaveLength(2)
    expect(found(got.text, /^│ (\w+) +│ ([\d.:]+) +│ (\w+) +│ (\S+)/gm)).toEqual(theirs)
  })

  test('event says what it told, and how', async () => {
    for (const coalesce of ['true', 'false']) {
      const args = ['event', `-coalesce=${coalesce}`, 'deploy', 'v1']
      const [wanted, got] = [await serf(...args), await ours(...args)]
      const theirs = found(wanted.text, /Event '(.*)' dispatched! Coalescing enabled: (\w+)/g)
      expect(theirs).toEqual([['deploy', coalesce]])
      expect(found(got.text, /told all members: (\w+) \(coalesce: (\w+)\)/g)).toEqual(theirs)
    }
  })

  test('query shows who got it, and what each answered', async () => {
    const queriesHeard = (): number => found(other.log, /Received event: (query): load\b/g).length
    // One after the other: of two at once an agent gives both the same time, and one its answers.
    const begin = async (asked: () => Promise<Printed>): Promise<readonly [Promise<Printed>]> => {
      const before = queriesHeard()
      const printed = asked()
      await expect.poll(queriesHeard, PATIENCE).toBe(before + 1)
      return [printed]
    }
    const cases = [
      [[], 2, 2],
      [['-no-ack'], 0, 2],
      [['-node=back'], 1, 1],
    ] as const
    const begun = []
    for (const [args, acks, answers] of cases) {
      const asked = ['query', '-timeout=3s', ...args, 'load']
      const json = ['query', '-format=json', ...asked.slice(1)]
      const [theirs] = await begin(() => serf(...asked))
      const [mine] = await begin(() => ours(...asked))
      const [theirJson] = await begin(() => serf(...json))
      const [ourJson] = await begin(() => ours(...json))
      begun.push({ acks, answers, printed: [theirs, mine, theirJson, ourJson] as const })
    }
    for (const { acks, answers, printed } of begun) {
      const [theirs, mine, theirJson, ourJson] = await Promise.all(printed)
      const { text } = theirs
      const wanted = [found(text, /Ack from '(.*)'/g), found(text, /Response from '(.*)': (.*)/g)]
      expect(wanted.map(({ length }) => length)).toEqual([acks, answers])
      const got = mine.text
      const shown = [found(got, /^ack from (.*)/gm), found(got, /^answer from (.*?): (.*)/gm)]
      expect(shown).toEqual(wanted)
      expect(got).toMatch(new RegExp(`^${acks} acks, ${answers} answers$`, 'm'))
      expect(sorted(ourJson.text)).toEqual(sorted(theirJson.text))
    }
  })

  test('info shows the same, by name and value', async () => {
    const json = [await serf('info', '-format=json'), await ours('info', '-json')]
    const [theirs, mine] = json.map(({ text }) => JSON.parse(text) as Info)
    // What changes while it is asked for.
    for (const info of [theirs!, mine!]) delete info['runtime']!['goroutines']
    expect(mine).toEqual(theirs)
    const [wanted, got] = [await serf('info'), await ours('info')]
    const values = found(wanted.text, /^\t(.*?) = (.*)$/gm).filter(
      ([name]) => name !== 'goroutines',
    )
    expect(values.length).toBeGreaterThan(15)
    const shown = found(got.text, /^│ \w+\.(.*?) +│ (.*?) +│$/gm)
    expect(shown.filter(([name]) => name !== 'goroutines')).toEqual(values)
  })

  test('tags does the same, and refuses the same', async () => {
    const tagsNow = async (): Promise<unknown> => {
      const members = await agent.members()
      return members.find(({ name }) => name === 'front')?.tags
    }
    for (const [at, set] of [serf, ours].entries()) {
      expect((await set('tags', '-set', `lane=${at}`, '-delete=role')).status).toBe(0)
      expect(await tagsNow()).toEqual({ lane: String(at) })
      expect((await set('tags', '-delete=lane', '-set=role=web')).status).toBe(0)
      expect(await tagsNow()).toEqual({ role: 'web' })
    }
    expect([(await serf('tags')).status, (await ours('tags')).status]).toEqual([1, 2])
  })

  test.each([['front'], ['back', 'front'], ['front', 'nobody']])(
    'rtt shows the same: %j',
    async (...names) => {
      const [wanted, got] = [await serf('rtt', ...names), await ours('rtt', ...names)]
      expect(got.status).toBe(wanted.status)
      const theirs = found(wanted.text, /Estimated (\w+) <-> (\w+) rtt: ([\d.]+) ms/g)
      expect(found(got.text, /^(\w+) <-> (\w+): ([\d.]+) ms/gm)).toEqual(theirs)
      expect(theirs).toHaveLength(names.includes('nobody') ? 0 : 1)
    },
  )

  test('keys changes and lists the same', async () => {
    for (const keys of [serf, ours]) {
      expect((await keys('keys', `-install=${SECOND}`)).status).toBe(0)
      expect((await keys('keys', `-use=${SECOND}`)).status).toBe(0)
      const [wanted, got] = [await serf('keys', '-list'), await ours('keys', '-list')]
      const theirs = found(wanted.text, /^(\S+==) +\[(\d)\/2\]$/gm)
      expect(theirs).toHaveLength(2)
      expect(got.text).toContain('members of 2')
      expect(found(got.text, /^│ (\S+==) │ (\d) /gm)).toEqual(theirs)
      const refused = await keys('keys', `-remove=${SECOND}`)
      expect(refused.status).toBe(1)
      expect(refused.text).toMatch(/(failed: +)?front:? +Removing the primary key is not allowed/)
      expect((await keys('keys', `-use=${FIRST}`)).status).toBe(0)
      expect((await keys('keys', `-remove=${SECOND}`)).status).toBe(0)
    }
  })

  test('join says how many answered', async () => {
    const nobody = `${addresses.next()}:1`
    const args = ['join', other.address, nobody]
    const [wanted, got] = [await serf(...args), await ours(...args)]
    expect(found(wanted.text, /contacting (\d+) nodes/g)).toEqual([['1']])
    expect(found(got.text, /joined the cluster by (\d+) of 2/g)).toEqual([['1']])
    expect([(await serf('join', nobody)).status, (await ours('join', nobody)).status]).toEqual([
      1, 1,
    ])
  })

  test('a monitor shows the log and the events that serf monitor shows', async () => {
    const lines: string[] = []
    let isRead = true
    const out = {
      write: (text: string) => void lines.push(text),
      get writable() {
        return isRead
      },
    }
    const theirs = startMonitor()
    const mine = run(['node', 'libring', 'monitor', '-rpc-addr', host], out, out)
    // Both show what was logged before, once they listen.
    await expect
      .poll(() => [lines.join(''), theirs.text()], PATIENCE)
      .toEqual([expect.stringContaining('INFO'), expect.stringContaining('INFO')])
    await serf('event', '-coalesce=false', 'look', 'at this')
    await serf('query', '-timeout=300ms', 'load', 'now')
    await serf('tags', '-set=zone=a')
    await expect.poll(() => theirs.text(), PATIENCE).toMatch(/"member-update"/)
    await expect.poll(() => lines.join(''), PATIENCE).toMatch(/^event member-update/m)
    // What comes from here on may reach the one and not the other.
    const shown = theirs.text()
    theirs.end()
    isRead = false
    await serf('event', '-coalesce=false', 'nobody', 'reads')
    expect(await mine).toBe(0)
    const text = lines.join('')
    const [, ltime] = /LTime: (\d+)/.exec(eventNamed('look', theirs.text())) ?? []
    expect(text).toContain(`event user look coalesce=false ltime=${ltime} payload=at this\n`)
    expect(eventNamed('load', theirs.text())).toMatch(/ID: 1$/m)
    expect(text).toMatch(/^event query load id=1 ltime=\d+ payload=now$/m)
    expect(text).toMatch(/^event member-update front [\d.:]+ alive role=web,zone=a$/m)
    const logged = found(shown, /^(.* (?:agent|serf): .*)$/gm).map(([line]) => line)
    expect(logged.length).toBeGreaterThan(3)
    // What an agent logs with line breaks within is one line with us.
    for (const line of logged) expect(text).toContain(line)
  })

  test('reachability names who is silent', async () => {
    const args = ['reachability', '-verbose']
    const [wanted, got] = [await serf(...args), await ours(...args)]
    expect(found(wanted.text, /Total members: (\d), live members: (\d)/g)).toEqual([['2', '2']])
    expect(found(got.text, /^(\d) of (\d) members are alive/gm)).toEqual([['2', '2']])
    const acks = found(wanted.text, /Ack from '(.*)'/g)
    expect(acks).toHaveLength(2)
    expect(found(got.text, /^ack from (.*)/gm)).toEqual(acks)
    await other.pause()
    const silent = await Promise.all([serf('reachability'), ours('reachability')])
    other.resume()
    expect(silent.map(({ status }) => status)).toEqual([1, 1])
    for (const { text } of silent) expect(text).toMatch(/\bback\b/)
  })

  test('force-leave has a failed member count as left, and leave ends the agent', async () => {
    const statusOf = async (name: string): Promise<unknown> => {
      return (await agent.members()).find((member) => member.name === name)?.status
    }
    const names = ['gone-1', 'gone-2'] as const
    const gone = names.map((name) => startAgent(name, addresses.next(), [agent.address]))
    for (const one of await Promise.all(gone)) await one.kill()
    for (const [at, force] of [serf, ours].entries()) {
      const name = names[at]!
      await expect.poll(() => statusOf(name), PATIENCE).toBe('failed')
      expect(await force('force-leave', '-prune', name)).toEqual({ status: 0, text: '' })
      await expect.poll(() => statusOf(name), PATIENCE).toBeUndefined()
    }
    expect(await ours('leave')).toEqual({ status: 0, text: 'the agent has left\n' })
    await expect.poll(() => agent.hasExited, PATIENCE).toBe(true)
  })
})

/** `serf monitor`, and what it has shown so far. */
function startMonitor(): { text(): string; end(): void } {
  const child = spawn('serf', ['monitor', `-rpc-addr=${host}:7373`])
  reapWithUs(child)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { text: () => text, end: () => void child.kill() }
}

/** What serf monitor shows of an event of that name. */
function eventNamed(name: string, text: string): string {
  return text.split('Event Info:').find((part) => part.includes(`Name: "${name}"`)) ?? ''
}

type Info = Record<string, Record<string, string>>

/** The answers of a query as JSON, in an order that does not depend on the network. */
function sorted(text: string): object {
  const { Acks, Responses } = JSON.parse(text) as {
    Acks: string[] | null
    Responses: object | null
  }
  return { acks: (Acks ?? []).toSorted(), responses: Responses ?? {} }
}
