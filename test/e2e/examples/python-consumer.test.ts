import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { AGENT_TOKEN, startAgentProgram, type AgentProgram } from '../../support/agent-program.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { reapWithUs } from '../../support/reaper.ts'

const script = fileURLToPath(
  new URL('../../../examples/python-consumer/consumer.py', import.meta.url),
)
const loopback = loopbackAddresses()
const consumers: PythonConsumer[] = []
const agents: AgentProgram[] = []

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.kill()))
  await Promise.all(agents.splice(0).map((agent) => agent[Symbol.asyncDispose]()))
})

/** The example in a process of its own, and the roles that its lines add up to. */
class PythonConsumer {
  readonly child: ChildProcess
  readonly roles = new Map<number, number>()
  /** Lines that do not follow from those before. */
  readonly strange: string[] = []
  errors = ''
  #rest = ''

  constructor(url: string) {
    const env = { ...process.env, LIBRING_URL: url, LIBRING_TOKEN: AGENT_TOKEN }
    this.child = spawn('python3', [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    reapWithUs(this.child)
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#apply(line)
    })
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
    consumers.push(this)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    await exited
  }

  #apply(line: string): void {
    const [kind, partition, replica] = line.split(' ')
    const isHeld = this.roles.has(Number(partition))
    if (isHeld === (kind === 'acquire')) this.strange.push(line)
    if (kind === 'release') this.roles.delete(Number(partition))
    else this.roles.set(Number(partition), Number(replica))
  }
}

/** Between a consumer and its agent: cuts every connection when asked. */
class Cutter {
  /** Streams of steps that the consumer has asked for. */
  streams = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor({ host }: AgentProgram) {
    this.#server = createServer((from) => {
      const to = connect(7380, host)
      for (const socket of [from, to]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.once('close', () => {
          this.#sockets.delete(socket)
          from.destroy()
          to.destroy()
        })
      }
      from.once('data', (head: Buffer) => {
        if (head.toString().startsWith('GET /v1/partitions?')) this.streams++
      })
      from.pipe(to).pipe(from)
    })
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}

async function startAgent(name: string, ...flags: readonly string[]): Promise<AgentProgram> {
  const ring = ['-partitions', '16', '-redundancy', '1', '-settle-ms', '100']
  const timings = ['-profile', 'local', '-consumer-timeout-ms', '1000']
  const agent = await startAgentProgram(name, loopback.next(), ...ring, ...timings, ...flags)
  agents.push(agent)
  return agent
}

const urlOf = ({ http }: AgentProgram): string => `http://${http}`

async function tagsOf({ http }: AgentProgram): Promise<Record<string, string>> {
  const answer = await (await fetch(`http://${http}/v1/tags`)).json()
  return (answer as { tags: Record<string, string> }).tags
}

async function metricsOf({ http }: AgentProgram): Promise<string> {
  return (await fetch(`http://${http}/v1/metrics`)).text()
}

const all = Array.from({ length: 16 }, (_, partition) => partition)

function ofBoth(...each: readonly PythonConsumer[]): number[] {
  return each.flatMap(({ roles }) => [...roles.keys()]).sort((a, b) => a - b)
}

test('Python consumers share the partitions, lose nothing over cuts, and inherit when killed', async () => {
  const anise = await startAgent('anise')
  const basil = await startAgent('basil', '-join', anise.host)
  const cutter = new Cutter(anise)
  try {
    const first = new PythonConsumer(await cutter.listen())
    await expect.poll(() => ofBoth(first), { timeout: 30_000 }).toEqual(all)

    // Steps are on their way while the connections break.
    const second = new PythonConsumer(urlOf(basil))
    for (let cuts = 0; cuts < 5; cuts++) {
      const [before, { streams }] = [first.roles.size, cutter]
      cutter.cut()
      await expect.poll(() => cutter.streams, { timeout: 30_000 }).toBeGreaterThan(streams)
      if (cuts === 0) {
        await expect.poll(() => first.roles.size, { timeout: 30_000 }).toBeLessThan(before)
      }
    }
    await expect.poll(() => second.roles.size, { timeout: 30_000 }).toBeGreaterThan(4)
    await expect.poll(() => ofBoth(first, second), { timeout: 30_000 }).toEqual(all)
    expect([...first.strange, ...second.strange]).toEqual([])

    await first.kill()
    await expect.poll(() => ofBoth(second), { timeout: 30_000 }).toEqual(all)
    expect(second.strange).toEqual([])
    expect(second.errors).toBe('')

    await second.kill('SIGTERM')
    expect(second.child.exitCode).toBe(0)
    await expect.poll(() => tagsOf(basil), { timeout: 30_000 }).not.toHaveProperty('ring')
    // Nobody is left that serves; whoever comes next need not wait for the one that is gone.
    const third = new PythonConsumer(urlOf(anise))
    await expect.poll(() => ofBoth(third), { timeout: 30_000 }).toEqual(all)
    expect(await metricsOf(basil)).toContain('\nlibring_partitions_held{replica="0"} 0\n')
    expect(await tagsOf(anise)).toHaveProperty('ring', 'active')
  } finally {
    cutter.close()
  }
})
