import {
  execFile,
  spawn,
  spawnSync,
  type ChildProcess,
  type PromiseWithChild,
} from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { addressText } from '../../packages/libring/src/base/address.ts'
import { commandIn } from './lossy-network.ts'
import type { Answers, KeyOperation, Participant, Question, SerfMember } from './participant.ts'
import { reapWithUs } from './reaper.ts'

const run = promisify(execFile)

const LOG_CHARACTERS_MAX = 1_000_000

/** Why tests against the real thing cannot run here, or `undefined` when they can. */
export const serfMissing: string | undefined =
  spawnSync('serf', ['version']).status === 0
    ? undefined
    : '(no `serf` on the PATH: apt-get install serf)'

export interface SerfAgentSetup {
  readonly name: string
  /** An address of its own, unless it has ports of its own. */
  readonly host: string
  /** For gossip; 7946 unless given. */
  readonly port?: number
  /** For commands; 7373 unless given. */
  readonly rpcPort?: number
  readonly tags?: Readonly<Record<string, string>>
  /** Gossip addresses to join at the start; the agent gives up when none answers. */
  readonly join?: readonly string[]
  /** More arguments for `serf agent`. */
  readonly args?: readonly string[]
  /** What whoever gives commands has to show. */
  readonly rpcAuth?: string
  /** The network namespace that it runs in; that of the test unless given. */
  readonly namespace?: string | undefined
}

/** A `serf agent` in a process of its own. */
export class SerfAgent implements Participant {
  readonly name: string
  readonly host: string
  /** Where it gossips. */
  readonly address: string
  /** Where it takes commands. */
  readonly rpcAddress: string
  readonly #child: ChildProcess
  readonly #rpc: readonly string[]
  readonly #namespace: string | undefined
  /** When the query before is under way: of two at one moment an agent forgets one. */
  #dispatched = Promise.resolve()
  #folder: string | undefined
  #log = ''

  private constructor(setup: SerfAgentSetup) {
    this.name = setup.name
    this.host = setup.host
    const { host, port = 7946, rpcPort = 7373 } = setup
    this.address = addressText({ host, port })
    this.rpcAddress = addressText({ host, port: rpcPort })
    this.#namespace = setup.namespace
    const address = `-rpc-addr=${this.rpcAddress}`
    this.#rpc = setup.rpcAuth === undefined ? [address] : [address, `-rpc-auth=${setup.rpcAuth}`]
    const config = setup.rpcAuth === undefined ? [] : this.#keyFile(setup.rpcAuth)
    const args = ['agent', address, `-bind=${this.address}`, ...config, ...argumentsOf(setup)]
    this.#child = spawn(...commandIn(setup.namespace, 'serf', args), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    reapWithUs(this.#child)
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_CHARACTERS_MAX)
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
  }

  /** Start one and wait until it answers, and has joined when it was told to. */
  static async start(setup: SerfAgentSetup): Promise<SerfAgent> {
    const agent = new SerfAgent(setup)
    const giveUpAtMs = performance.now() + 15_000
    for (;;) {
      const members = await agent.members().catch(() => undefined)
      if (members !== undefined && members.length > Math.min(1, setup.join?.length ?? 0)) {
        return agent
      }
      if (agent.hasExited || performance.now() > giveUpAtMs) {
        await agent[Symbol.asyncDispose]()
        throw new Error(`serf agent ${setup.name} did not come up:\n${agent.log}`)
      }
      await pause(25)
    }
  }

  /** An agent writes a line and its end one after the other: another line may come between them. */
  #received(event: string): boolean {
    const line = `Received event: ${event}`
    return this.#log.includes(`${line}\n`) || this.#log.includes(`${line}    20`)
  }

  /** The last of what it printed. */
  get log(): string {
    return this.#log
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async members(): Promise<SerfMember[]> {
    const { stdout } = await this.#serf('members', '-format=json')
    const { members } = JSON.parse(stdout) as {
      members: { name: string; addr: string; status: string; tags: Record<string, string> }[]
    }
    return members
      .map(({ name, addr, status, tags }) => ({ name, address: addr, status, tags }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  sawFail(name: string): boolean {
    return this.#log.includes(`EventMemberFailed: ${name} `)
  }

  /** What a command of `serf` prints, whatever it exits with. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    return await this.#serf(command, ...args).then(
      ({ stdout, stderr }) => stdout + stderr,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
  }

  async setTag(key: string, value: string): Promise<void> {
    await this.#serf('tags', '-set', `${key}=${value}`)
  }

  async join(address: string): Promise<void> {
    await this.#serf('join', address)
  }

  async forceLeave(name: string, { prune = false }: { prune?: boolean } = {}): Promise<void> {
    await this.#serf('force-leave', ...(prune ? ['-prune'] : []), name)
  }

  async intentsQueued(): Promise<number> {
    const { stdout } = await this.#serf('info', '-format=json')
    const { serf } = JSON.parse(stdout) as { serf: { intent_queue: string } }
    return Number(serf.intent_queue)
  }

  async userEvent(name: string): Promise<void> {
    await this.#serf('event', '-coalesce=false', name)
  }

  heard(name: string): boolean {
    return this.#received(`user-event: ${name}`)
  }

  async ask(
    name: string,
    { filterNodes = [], filterTags = {}, relayFactor = 0 }: Question = {},
  ): Promise<Answers> {
    const filters = [
      ...filterNodes.map((node) => `-node=${node}`),
      ...Object.entries(filterTags).map(([tag, pattern]) => `-tag=${tag}=${pattern}`),
    ]
    const relays = `-relay-factor=${relayFactor}`
    const args = ['-timeout=3s', relays, ...filters, name]
    const asking = this.#dispatched.then(() => ({ query: this.#serf('query', ...args) }))
    this.#dispatched = asking.then(async ({ query }) => {
      // That it is dispatched is the first that the command prints.
      await Promise.race([once(query.child.stdout!, 'data'), query.catch(() => undefined)])
    })
    const { stdout } = await (await asking).query
    const acks = [...stdout.matchAll(/^Ack from '(.+)'$/gm)].map(([, from]) => from!)
    const responses = [...stdout.matchAll(/^Response from '(.+?)': (.*)$/gm)]
    return {
      acks: acks.toSorted(),
      responses: Object.fromEntries(responses.map(([, from, payload]) => [from!, payload!])),
    }
  }

  wasAsked(name: string): boolean {
    return this.#received(`query: ${name}`)
  }

  async rtt(a: string, b: string): Promise<number | undefined> {
    // The command fails while a coordinate is missing.
    const { stdout } = await this.#serf('rtt', a, b).catch(() => ({ stdout: '' }))
    const [, ms] = /rtt: ([\d.]+) ms/.exec(stdout) ?? []
    return ms === undefined ? undefined : Number(ms)
  }

  async keys(operation: KeyOperation, key: string): Promise<void> {
    await this.#serf('keys', `-${operation}=${key}`)
  }

  async keyCounts(): Promise<Record<string, number>> {
    const { stdout } = await this.#serf('keys', '-list')
    const rows = stdout.matchAll(/(\S+) +\[(\d+)\/\d+\]/g)
    return Object.fromEntries([...rows].map(([, key, count]) => [key!, Number(count)]))
  }

  async leave(): Promise<void> {
    await this.#serf('leave')
    await this.#ended()
  }

  /** Stop it in its tracks, without ending it. Resolves once it has: that takes a signal a moment. */
  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP')
    while (!this.hasExited && !isStopped(this.#child.pid!)) await pause(1)
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** Rejects unless the command exits with 0. */
  #serf(
    command: string,
    ...args: readonly string[]
  ): PromiseWithChild<{ stdout: string; stderr: string }> {
    return run(...commandIn(this.#namespace, 'serf', [command, ...this.#rpc, ...args]))
  }

  /** An agent takes its key from a file only. */
  #keyFile(rpcAuth: string): string[] {
    this.#folder = mkdtempSync(join(tmpdir(), 'serf-agent-'))
    const file = join(this.#folder, 'auth.json')
    writeFileSync(file, JSON.stringify({ rpc_auth: rpcAuth }))
    return [`-config-file=${file}`]
  }

  async #ended(): Promise<void> {
    if (!this.hasExited) await once(this.#child, 'exit')
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function argumentsOf(setup: SerfAgentSetup): string[] {
  const { name, tags = {}, join: seeds = [], args = [] } = setup
  return [
    `-node=${name}`,
    '-profile=lan',
    '-log-level=debug',
    ...Object.entries(tags).flatMap(([key, value]) => ['-tag', `${key}=${value}`]),
    ...seeds.map((address) => `-join=${address}`),
    ...args,
  ]
}

/** Whether every thread of a process is stopped. Where the system does not tell, it is taken for so. */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(tasks)) return true
  return readdirSync(tasks).every((task) => {
    return readFileSync(join(tasks, task, 'status'), 'utf8').includes('State:\tT')
  })
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
