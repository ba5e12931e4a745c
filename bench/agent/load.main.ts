/** The load: clients that hear of everything, and requests one after the other, on one agent. */
import { Agent, request, type ClientRequest } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'
import { connectRpc, type RpcClient } from 'libring/serf'
import type { LoadReport, LoadTask, Percentiles } from './tasks.ts'

/** Clients that connect at a time. */
const CONNECTING = 25
/** A user event for all streams to hear. */
const EVENT_EVERY_MS = 500

async function run(task: LoadTask): Promise<void> {
  const load = new Load(task)
  await load.connect()
  process.send!('connected')
  await new Promise((resolve) => process.once('message', resolve))
  process.send!(await load.drive())
  process.disconnect()
  process.exit()
}

class Load {
  readonly #task: LoadTask
  readonly #clients: RpcClient[] = []
  readonly #streams: ClientRequest[] = []
  readonly #rpcMs: number[] = []
  readonly #httpMs: number[] = []
  readonly #agents: readonly Agent[]
  #eventsHeard = 0
  #userEvents = 0
  #streamsLost = 0
  #errors = 0
  #firstError: string | undefined
  #isOver = false

  constructor(task: LoadTask) {
    this.#task = task
    this.#agents = task.from.map((localAddress) => {
      return new Agent({ keepAlive: true, maxSockets: 1, localAddress })
    })
  }

  async connect(): Promise<void> {
    const { streams } = this.#task
    for (let from = 0; from < streams; from += CONNECTING) {
      const count = Math.min(CONNECTING, streams - from)
      await Promise.all(Array.from({ length: count }, (_, at) => this.#listen(from + at)))
    }
  }

  async drive(): Promise<LoadReport> {
    const { from, seconds } = this.#task
    const clients = await Promise.all(from.map(() => this.#client()))
    const startMs = performance.now()
    const work = [
      ...clients.map((client) => this.#repeat(() => client.members(), this.#rpcMs)),
      ...this.#agents.map((agent, at) => {
        return this.#repeat(() => this.#get(pathOf(at), agent), this.#httpMs)
      }),
      this.#tell(clients[0]!),
    ]
    await passed(seconds * 1_000)
    this.#isOver = true
    await Promise.all(work)
    const tookSeconds = (performance.now() - startMs) / 1_000
    for (const client of this.#clients) client.close()
    for (const stream of this.#streams) stream.destroy()
    for (const agent of this.#agents) agent.destroy()
    return {
      seconds: tookSeconds,
      rpcRequests: this.#rpcMs.length,
      httpRequests: this.#httpMs.length,
      userEvents: this.#userEvents,
      eventsHeard: this.#eventsHeard,
      streamsLost: this.#streamsLost,
      errors: this.#errors,
      firstError: this.#firstError,
      rpcMs: percentiles(this.#rpcMs),
      httpMs: percentiles(this.#httpMs),
    }
  }

  async #client(): Promise<RpcClient> {
    const client = await connectRpc({ rpcAddress: this.#task.rpc })
    this.#clients.push(client)
    return client
  }

  #listen(at: number): Promise<void> {
    const { url, from } = this.#task
    const options = { agent: false, localAddress: from[at % from.length] }
    return new Promise((resolve, reject) => {
      const asked = request(`${url}/v1/events`, options, (response) => {
        let rest = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          const blocks = (rest + text).split('\n\n')
          rest = blocks.pop() ?? ''
          this.#eventsHeard += blocks.filter((block) => block.includes('"bench-')).length
        })
        response.once('close', () => {
          if (!this.#isOver) this.#streamsLost++
        })
        response.on('error', (error) => this.#failed(error))
        if (response.statusCode === 200) resolve()
        else reject(new Error(`a stream was answered with ${response.statusCode}`))
      })
      asked.once('error', reject)
      this.#streams.push(asked)
      asked.end()
    })
  }

  async #repeat(ask: () => Promise<unknown>, timesMs: number[]): Promise<void> {
    while (!this.#isOver) {
      const startMs = performance.now()
      try {
        await ask()
        timesMs.push(performance.now() - startMs)
      } catch (error) {
        this.#failed(error)
        // What fails at once would fail some thousand times a second.
        await passed(10)
      }
    }
  }

  async #tell(client: RpcClient): Promise<void> {
    while (!this.#isOver) {
      try {
        await client.event(`bench-${this.#userEvents}`)
        this.#userEvents++
      } catch (error) {
        this.#failed(error)
      }
      await passed(EVENT_EVERY_MS)
    }
  }

  #get(path: string, agent: Agent): Promise<void> {
    return new Promise((resolve, reject) => {
      const asked = request(this.#task.url + path, { agent }, (response) => {
        response.resume()
        response.once('error', reject)
        response.once('end', () => {
          if (response.statusCode === 200) resolve()
          else reject(new Error(`status ${response.statusCode}`))
        })
      })
      asked.once('error', reject)
      asked.end()
    })
  }

  #failed(error: unknown): void {
    if (this.#isOver) return
    this.#errors++
    this.#firstError ??= String(error)
  }
}

/** One half asks who is there, the other who holds what. */
function pathOf(at: number): string {
  return at % 2 === 0 ? '/v1/members' : `/v1/lookup/cart-${at}`
}

function percentiles(timesMs: readonly number[]): Percentiles {
  const sorted = timesMs.toSorted((left, right) => left - right)
  const at = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

void run(JSON.parse(process.argv[2]!) as LoadTask)
