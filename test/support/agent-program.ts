import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { readEvents, type EventReader } from './agent-http.ts'
import { commandIn } from './lossy-network.ts'
import { reapWithUs } from './reaper.ts'
import { temporaryFolder } from './temporary-folder.ts'

const main = fileURLToPath(new URL('../../packages/agent/src/main.ts', import.meta.url))
const FROM_SOURCES = ['--import', 'tsx', '--conditions=libring-source', main]
const TOKEN = 'a-token-of-sixteen'

export const PATIENCE = { timeout: 60_000, interval: 100 }

/** One run of `libring`, as an operator has it. */
export class Libring implements AsyncDisposable {
  readonly child: ChildProcess
  readonly status: Promise<number | null>
  out = ''
  errors = ''

  /** @param namespace the network namespace that it runs in; that of the test unless given. */
  constructor(args: readonly string[], namespace?: string) {
    const command = commandIn(namespace, process.execPath, [...FROM_SOURCES, ...args])
    this.child = spawn(...command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LIBRING_TOKEN: TOKEN, NO_COLOR: '1' },
    })
    reapWithUs(this.child)
    this.child.stdout!.on('data', (text: Buffer) => (this.out += text.toString()))
    this.child.stderr!.on('data', (text: Buffer) => (this.errors += text.toString()))
    this.status = once(this.child, 'close').then(([code]) => code as number | null)
  }

  async says(text: string): Promise<void> {
    await vi.waitUntil(() => (this.out + this.errors).includes(text), PATIENCE)
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** A `libring agent` that runs. */
export interface AgentProgram extends AsyncDisposable {
  readonly program: Libring
  readonly host: string
  /** `host:port` of its HTTP API. */
  readonly http: string
}

/** Start one at an address of its own, and wait until it runs. */
export async function startAgentProgram(
  name: string,
  host: string,
  ...args: readonly string[]
): Promise<AgentProgram> {
  const program = new Libring([...agentArguments(name, host), ...args])
  const [ended] = await Promise.race([
    program.says('agent: running').then(() => []),
    program.status.then((status) => [{ status }]),
  ])
  if (ended !== undefined) {
    throw new Error(`${name} ended with ${ended.status}:\n${program.out}${program.errors}`)
  }
  return {
    program,
    host,
    http: `${host}:7380`,
    [Symbol.asyncDispose]: () => program.kill(),
  }
}

/** What every agent of a test is given: a name, addresses, a small ring, and timings of one machine. */
export function agentArguments(name: string, host: string): readonly string[] {
  const tokenFile = join(temporaryFolder(), 'token')
  writeFileSync(tokenFile, TOKEN)
  return [
    ...['agent', '-node', name, '-bind', host, '-rpc-addr', host, '-http-addr', host],
    ...['-http-token-file', tokenFile, '-profile', 'local'],
    ...['-partitions', '16', '-consumer-timeout-ms', '1000'],
  ]
}

/** What a command of `libring` prints as JSON. */
export async function answered(...args: readonly string[]): Promise<unknown> {
  const program = new Libring([...args, '--json'])
  expect([await program.status, program.errors]).toEqual([0, ''])
  return JSON.parse(program.out)
}

/** Attach to an agent as its consumer. */
export function attachTo({ http }: Pick<AgentProgram, 'http'>): Promise<EventReader> {
  return readEvents(`http://${http}/v1/partitions`, { authorization: `Bearer ${TOKEN}` })
}
