import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { readEvents, type EventReader } from './agent-http.ts'
import { commandIn } from './lossy-network.ts'
import { reapWithUs } from './reaper.ts'

const main = fileURLToPath(new URL('../../packages/agent/src/main.ts', import.meta.url))
const FROM_SOURCES = ['--import', 'tsx', '--conditions=libring-source', main]
/** A machine that does other things as well takes its time. */
export const PATIENCE = { timeout: 60_000, interval: 100 }

/** What the HTTP API of agents wants to be shown, in files and in the environment of commands. */
export const AGENT_TOKEN = 'a-token-of-sixteen'

/** One run of `libring`, as an operator starts it. */
export class Libring implements AsyncDisposable {
  readonly child: ChildProcess
  /** Its exit code, or `null` when a signal ended it. */
  readonly status: Promise<number | null>
  out = ''
  errors = ''

  /** @param namespace the network namespace that it runs in; that of the test unless given. */
  constructor(args: readonly string[], namespace?: string) {
    const command = commandIn(namespace, process.execPath, [...FROM_SOURCES, ...args])
    this.child = spawn(...command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LIBRING_TOKEN: AGENT_TOKEN, NO_COLOR: '1' },
    })
    reapWithUs(this.child)
    this.child.stdout!.on('data', (text: Buffer) => (this.out += text.toString()))
    this.child.stderr!.on('data', (text: Buffer) => (this.errors += text.toString()))
    this.status = once(this.child, 'close').then(([code]) => code as number | null)
  }

  /** Wait until it has printed that; rejects, with all that it said, when it ends before. */
  async says(text: string): Promise<void> {
    const said = (): string => this.out + this.errors
    await vi.waitUntil(() => said().includes(text) || this.#hasEnded, PATIENCE)
    if (!said().includes(text)) throw new Error(`libring ended without "${text}":\n${said()}`)
  }

  async kill(): Promise<void> {
    if (!this.#hasEnded) this.child.kill('SIGKILL')
    await this.status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  get #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }
}

/** `libring agent` in a process of its own. */
export interface AgentProgram extends AsyncDisposable {
  readonly program: Libring
  /** A loopback address of its own: gossip on port 7946, RPC on 7373, HTTP on 7380. */
  readonly host: string
  /** Where its HTTP API is, without a scheme. */
  readonly http: string
}

/** Start one, with more flags if need be, and wait until it runs. */
export async function startAgentProgram(
  name: string,
  host: string,
  ...flags: readonly string[]
): Promise<AgentProgram> {
  const program = new Libring([...agentArguments(name, host), ...flags])
  try {
    await program.says('agent: running')
  } catch (error) {
    await program.kill()
    throw error
  }
  const dispose = () => program.kill()
  return { program, host, http: `${host}:7380`, [Symbol.asyncDispose]: dispose }
}

/** What every agent of a test is given: a name, and an address for all that it has. */
export function agentArguments(name: string, host: string): readonly string[] {
  const addresses = ['-bind', host, '-rpc-addr', host, '-http-addr', host]
  return ['agent', '-node', name, ...addresses, '-http-token-file', tokenFile()]
}

let folder: string | undefined

/** One for all agents of this process, gone with it. */
function tokenFile(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'libring-agent-'))
    writeFileSync(join(made, 'token'), AGENT_TOKEN)
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return join(folder, 'token')
}

/** A small ring, and timings for members on one machine. */
export const SMALL_AND_SOON: readonly string[] = [
  ...['-profile', 'local', '-partitions', '16', '-consumer-timeout-ms', '1000'],
]

/** What a command of `libring` prints as JSON. */
export async function answered(...args: readonly string[]): Promise<unknown> {
  const program = new Libring([...args, '--json'])
  expect([await program.status, program.errors]).toEqual([0, ''])
  return JSON.parse(program.out)
}

/** Attach to an agent as its consumer. */
export function attachTo({ http }: Pick<AgentProgram, 'http'>): Promise<EventReader> {
  return readEvents(`http://${http}/v1/partitions`, { authorization: `Bearer ${AGENT_TOKEN}` })
}
