import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connectRpc } from 'libring/serf'

/** As it is published. */
const PROGRAM = fileURLToPath(new URL('../../packages/agent/dist/main.js', import.meta.url))
const RPC_PORT = 7373
const HTTP_PORT = 7380
/** A ring in which each agent has a script take its partitions, for lookups to find somebody. */
const RING = ['-partitions', '64', '-event-handler', 'partition-acquire=true']

/** What an agent shows Prometheus, by the names of the series, labels and all. */
export type Scrape = ReadonlyMap<string, number>

/** One member of the bench: `libring agent`, and what it tells those who ask it. */
export class AgentProcess {
  readonly rpc: string
  readonly url: string
  readonly #child: ChildProcess
  #said = ''
  #falselyFailed = 0

  private constructor(host: string, join: readonly string[]) {
    this.rpc = `${host}:${RPC_PORT}`
    this.url = `http://${host}:${HTTP_PORT}`
    const addresses = ['-bind', host, '-rpc-addr', host, '-http-addr', host]
    const others = join.flatMap((address) => ['-retry-join', address])
    this.#child = spawn(
      process.execPath,
      [PROGRAM, 'agent', '-node', host, ...addresses, ...others, ...RING],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (text: Buffer) => (this.#said += text.toString()))
    }
    this.#child.once('exit', (code) => {
      if (!this.#child.killed) throw new Error(`an agent ended with ${code}: ${this.#said}`)
    })
  }

  /** Resolves once it runs, and tells of every member that it holds for failed. */
  static async start(host: string, join: readonly string[]): Promise<AgentProcess> {
    const agent = new AgentProcess(host, join)
    while (!agent.#said.includes('agent: running')) await once(agent.#child.stdout!, 'data')
    await agent.#countFailures()
    return agent
  }

  /** Members that it was told have failed. None does here. */
  get falselyFailed(): number {
    return this.#falselyFailed
  }

  async scrape(): Promise<Scrape> {
    const response = await fetch(`${this.url}/v1/metrics`)
    const lines = (await response.text()).split('\n').filter((line) => /^\w/.test(line))
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))] as const
      }),
    )
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async #countFailures(): Promise<void> {
    const client = await connectRpc({ rpcAddress: this.rpc })
    const events = await client.stream('member-failed')
    const count = async (): Promise<void> => {
      for await (const event of events) {
        if (event.type === 'member-failed') this.#falselyFailed += event.members.length
      }
    }
    // It ends with the agent.
    count().catch(() => {})
  }
}
