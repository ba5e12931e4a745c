import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { loopbackAddresses } from '../../support/loopback.ts'
import { reapWithUs } from '../../support/reaper.ts'
import { startServedAgent, TOKEN, type ServedAgent } from '../../support/served-agent.ts'

const script = fileURLToPath(
  new URL('../../../examples/python-consumer/consumer.py', import.meta.url),
)
const loopback = loopbackAddresses()
const consumers: PythonConsumer[] = []
const agents: ServedAgent[] = []

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
    const env = { ...process.env, LIBRING_URL: url, LIBRING_TOKEN: TOKEN }
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
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  constructor(port: number) {
    this.#server = createServer((from) => {
      const to = connect(port, '127.0.0.1')
      for (const socket of [from, to]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.once('close', () => {
          this.#sockets.delete(socket)
          from.destroy()
          to.destroy()
        })
      }
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

async function startAgent(name: string, join?: string): Promise<[ServedAgent, string]> {
  const bind = `${loopback.next()}:7946`
  const agent = await startServedAgent({
    name,
    bind,
    bootstrapHosts: join === undefined ? [] : [join],
    cluster: { redundancy: 1 },
    api: { ring: { partitions: 16, redundancy: 1 }, consumerTimeoutMs: 1_000 },
  })
  agents.push(agent)
  return [agent, bind]
}

const all = Array.from({ length: 16 }, (_, partition) => partition)

function ofBoth(...each: readonly PythonConsumer[]): number[] {
  return each.flatMap(({ roles }) => [...roles.keys()]).sort((a, b) => a - b)
}

test('Python consumers share the partitions, lose nothing over cuts, and inherit when killed', async () => {
  const [anise, aniseAt] = await startAgent('anise')
  const [basil] = await startAgent('basil', aniseAt)
  const cutter = new Cutter(anise.api.port)
  try {
    const first = new PythonConsumer(await cutter.listen())
    await expect.poll(() => ofBoth(first), { timeout: 30_000 }).toEqual(all)

    // Steps are on their way while the connections break.
    const second = new PythonConsumer(basil.api.url)
    for (let cuts = 0; cuts < 5; cuts++) {
      const before = first.roles.size
      cutter.cut()
      await expect.poll(() => anise.api.streamsOpen, { timeout: 30_000 }).toBe(1)
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
    expect(basil.consumers.isAttached).toBe(false)
    // Nobody is left that serves; whoever comes next need not wait for the one that is gone.
    const third = new PythonConsumer(anise.api.url)
    await expect.poll(() => ofBoth(third), { timeout: 30_000 }).toEqual(all)
    expect(basil.consumers.heldCount).toBe(0)
  } finally {
    cutter.close()
  }
})
