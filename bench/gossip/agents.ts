import { connectRpc, type RpcClient } from 'libring/serf'
import type { Peer, Place, Side, Sight, What } from './side.ts'
import { ToldProcess, type Reading } from './told-process.ts'

const MEMBER = /serf: EventMember(Join|Update|Leave|Failed): (\S+)/
const EVENT = /agent: Received event: user-event: (\S+)/
/** Commands of a busy machine may take a while, and a farewell has seconds of its own. */
const REQUEST_TIMEOUT_MS = 60_000

/**
 * An agent logs what it sees at once. Over RPC it would tell of members one to three seconds later:
 * it gathers them, and no option keeps it from that.
 */
function readLine(line: string): Reading {
  const [, what, name] = MEMBER.exec(line) ?? []
  if (what !== undefined) return { what: what.toLowerCase() as What, subject: name! }
  const [, event] = EVENT.exec(line) ?? []
  return event === undefined ? undefined : { what: 'event', subject: event }
}

class AgentPeer implements Peer {
  readonly name: string
  readonly address: string
  readonly #process: ToldProcess
  readonly #rpc: RpcClient
  readonly #onSight: (sight: Sight) => void

  constructor(place: Place, process: ToldProcess, rpc: RpcClient, onSight: (sight: Sight) => void) {
    this.name = place.name
    this.address = `${place.host}:7946`
    this.#process = process
    this.#rpc = rpc
    this.#onSight = onSight
  }

  get pid(): number {
    return this.#process.child.pid!
  }

  async join(address: string): Promise<void> {
    await this.#rpc.join([address])
  }

  setTag(key: string, value: string): Promise<void> {
    return this.#rpc.updateTags({ [key]: value })
  }

  userEvent(name: string): Promise<void> {
    return this.#rpc.event(name)
  }

  async query(name: string): Promise<void> {
    const answers = await this.#rpc.query(name, { acks: true })
    const tellAcks = async (): Promise<void> => {
      for await (const { type, from: subject } of answers) {
        const atMs = performance.now()
        if (type === 'ack') this.#onSight({ atMs, observer: this.name, what: 'ack', subject })
      }
    }
    // Whoever is killed while it waits has heard all that is counted.
    tellAcks().catch(() => {})
  }

  leave(): Promise<void> {
    return this.#rpc.leave()
  }

  hush(): Promise<void> {
    this.#rpc.close()
    return Promise.resolve()
  }

  async kill(): Promise<void> {
    this.#rpc.close()
    await this.#process.kill()
  }
}

/** Agents of Serf, each in a process of its own, with default settings. */
export class SerfAgents implements Side {
  readonly name = 'agents'

  async start(place: Place, onSight: (sight: Sight) => void): Promise<Peer> {
    const rpcAddress = `${place.host}:7373`
    const setup = {
      name: place.name,
      command: 'serf',
      args: [
        'agent',
        `-node=${place.name}`,
        `-bind=${place.host}:7946`,
        `-rpc-addr=${rpcAddress}`,
        `-profile=${place.profile}`,
        '-log-level=info',
      ],
      hasChannel: false,
    }
    const isReady = (line: string) => line.includes('Log data will now stream in')
    const told = new ToldProcess(setup, isReady, readLine, onSight)
    await told.ready()
    const rpc = await connectRpc({
      rpcAddress,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    })
    return new AgentPeer(place, told, rpc, onSight)
  }
}
