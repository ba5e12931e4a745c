import { execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { ended, hasEnded, startChild } from './child.ts'
import type { Place } from 'libring-example-stage/places'

const run = promisify(execFile)

/** What the process around the agent is started with. */
export interface SerfAgentSetup {
  readonly name: string
  readonly gossip: string
  readonly rpc: string
}

/** HashiCorp's own `serf agent`, in a process that ends with the demo. */
export class SerfAgent {
  readonly place: Place
  readonly #child: ChildProcess

  private constructor(place: Place, child: ChildProcess) {
    this.place = place
    this.#child = child
  }

  /** `undefined` when there is no `serf` on the PATH, or it does not start. */
  static async start(place: Place): Promise<SerfAgent | undefined> {
    const found = await run('serf', ['version']).catch(() => undefined)
    if (found === undefined) return undefined
    const setup: SerfAgentSetup = { name: 'serf-agent', gossip: place.gossip, rpc: place.rpc }
    const agent = new SerfAgent(place, startChild('serf-agent.main.ts', setup))
    const giveUpAtMs = performance.now() + 10_000
    while (!hasEnded(agent.#child) && performance.now() < giveUpAtMs) {
      if ((await agent.members().catch(() => '')) !== '') return agent
    }
    await agent.stop()
    return undefined
  }

  /** What the stock command line tool prints. */
  async members(): Promise<string> {
    const { stdout } = await run('serf', ['members', `-rpc-addr=${this.place.rpc}`])
    return stdout.trimEnd()
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await Promise.race([ended(this.#child), once(AbortSignal.timeout(2_000), 'abort')])
    this.#child.kill('SIGKILL')
    await ended(this.#child)
  }
}
