import { expect, onTestFailed } from 'vitest'
import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'
import { GossipProcess } from './gossip-process.ts'
import { loopbackAddresses } from './loopback.ts'
import type { LossyNetwork } from './lossy-network.ts'
import type { Participant } from './participant.ts'
import { SerfAgent } from './serf-agent.ts'

export type Kind = 'agent' | 'ours'

interface Place {
  readonly kind: Kind
  readonly host: string
  readonly namespace: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** How a cluster differs from one of defaults on loopback addresses. */
export interface MixedClusterOptions {
  /** How many agents there are; three unless given. */
  readonly agents?: number
  /** More arguments for each `serf agent`. */
  readonly args?: readonly string[]
  /** Further options of each node of ours. */
  readonly options?: GossipOptions
  /** Where all run, each at a place of its own. */
  readonly network?: LossyNetwork
}

/**
 * Long enough for a failure to be suspected, not refuted and told. All run the LAN profile: with
 * the local one, of half as many transmits, agents among themselves miss some news until the next
 * full exchange, and take some farewells for failures. What gossip drops with the LAN profile comes
 * with a push/pull, which every member begins every 30 s, the first within 30 s of its start.
 */
const PATIENCE = { timeout: 90_000, interval: 100 }

/** Agents respond to queries by a script, and with their name, as nodes of ours do. */
const RESPONDING = '-event-handler=query=printf %s "$SERF_SELF_NAME"'

/**
 * Serf agents and nodes of ours in one cluster: `agent-1` to `agent-3`, `ours-1` to `ours-3`.
 * Each bears the tags `kind` and `place`.
 */
export class MixedCluster implements AsyncDisposable {
  readonly #options: MixedClusterOptions
  readonly #addresses = loopbackAddresses()
  readonly #places = new Map<string, Place>()
  readonly #running = new Map<string, Participant>()
  /** Everybody who ever ran here, for what they logged. */
  readonly #started: Participant[] = []

  private constructor(options: MixedClusterOptions) {
    this.#options = options
  }

  /** @param seed the kind of the member that all others join. */
  static async start(seed: Kind, options: MixedClusterOptions = {}): Promise<MixedCluster> {
    const cluster = new MixedCluster(options)
    onTestFailed(() => console.log(cluster.#diagnosis()))
    const names = (kind: Kind, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`)
    const [agents, ours] = [names('agent', options.agents ?? 3), names('ours', 3)]
    const [first, ...others] = seed === 'agent' ? [...agents, ...ours] : [...ours, ...agents]
    try {
      await cluster.startMember(first!)
      await Promise.all(others.map((name) => cluster.startMember(name, first!)))
      await cluster.expectSeen(
        Object.fromEntries([first!, ...others].map((name) => [name, 'alive'])),
      )
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  /** Start a member at the place it had before, if any. */
  async startMember(name: string, join?: string): Promise<void> {
    const place = this.#places.get(name) ?? this.#newPlace(name)
    this.#places.set(name, place)
    this.#running.set(name, await this.#startAt(place, name, join))
  }

  /** Start a member under its old name at a place that nobody had before. */
  async startElsewhere(name: string, join: string): Promise<void> {
    this.#places.delete(name)
    await this.startMember(name, join)
  }

  /** Start one more under a name that is taken, at a place of its own. */
  async startTwin(name: string, join: string): Promise<Participant> {
    return await this.#startAt(this.#newPlace(name), name, join)
  }

  async #startAt(place: Place, name: string, join: string | undefined): Promise<Participant> {
    const setup = {
      name,
      host: place.host,
      namespace: place.namespace,
      tags: place.tags,
      join: join === undefined ? [] : [this.member(join).address],
    }
    const { args = [], options = {} } = this.#options
    const started =
      place.kind === 'agent'
        ? await SerfAgent.start({ ...setup, args: [...args, RESPONDING] })
        : await GossipProcess.start({ ...setup, options })
    this.#started.push(started)
    return started
  }

  member(name: string): Participant {
    const member = this.#running.get(name)
    if (member === undefined) throw new Error(`${name} does not run`)
    return member
  }

  get running(): readonly Participant[] {
    return [...this.#running.values()]
  }

  async kill(...names: string[]): Promise<void> {
    await this.#end(names, (member) => member.kill())
  }

  async leave(...names: string[]): Promise<void> {
    await this.#end(names, (member) => member.leave())
  }

  /** Wait until everybody who runs gives these members these statuses. */
  async expectSeen(statuses: Readonly<Record<string, string>>): Promise<void> {
    await this.#allTell(
      ({ name, status }) => (name in statuses ? [name, status] : undefined),
      statuses,
    )
  }

  /** Wait until everybody who runs sees each of these members alive at the address it has now. */
  async expectAtTheirAddress(...names: readonly string[]): Promise<void> {
    await this.#allTell(
      ({ name, address, status }) =>
        names.includes(name) ? [name, `${status} at ${address}`] : undefined,
      Object.fromEntries(names.map((name) => [name, `alive at ${this.member(name).address}`])),
    )
  }

  /** Wait until everybody who runs sees the value of this tag at these members. */
  async expectTagSeen(key: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#allTell(
      ({ name, tags }) => (name in values ? [name, tags[key]] : undefined),
      values,
    )
  }

  /**
   * Have members force others out, each until everybody has forgotten the other one. A prune is
   * gossiped a few times and comes with no push/pull, so that a single one may pass an agent by; it
   * is said again then, as an operator would. Ends once nobody passes a prune along any more: an agent
   * that hears one after the member is back, and before it hears of its join, forgets it for good.
   */
  async prune(whom: Readonly<Record<string, string>>): Promise<void> {
    const orders = Object.entries(whom)
    const rememberers = async (): Promise<string[]> => {
      for (const [by, name] of orders) await this.member(by).forceLeave(name, { prune: true })
      const gone = orders.map(([, name]) => name)
      const known = async (member: Participant): Promise<string[]> =>
        (await member.members()).flatMap(({ name }) =>
          gone.includes(name) ? [`${member.name} knows ${name}`] : [],
        )
      return (await Promise.all(this.running.map(known))).flat()
    }
    await expect.poll(rememberers, { ...PATIENCE, interval: 3_000 }).toEqual([])
    const queued = async (): Promise<number[]> =>
      await Promise.all(this.running.map((member) => member.intentsQueued()))
    await expect.poll(queued, PATIENCE).toEqual(this.running.map(() => 0))
  }

  /** Wait until everybody who runs was told of these user events. */
  async expectHeard(...events: string[]): Promise<void> {
    const missing = (): string[] =>
      this.running.flatMap((member) =>
        events.filter((event) => !member.heard(event)).map((event) => `${event} at ${member.name}`),
      )
    await expect.poll(missing, PATIENCE).toEqual([])
  }

  /**
   * Have a member ask everybody until all of these acknowledge one query. A query is gossiped a few
   * times and comes with no push/pull, so that a single one may pass somebody by, with Serf too.
   */
  async expectAcknowledged(asker: string, names: readonly string[]): Promise<void> {
    const ask = async () => (await this.member(asker).ask('anybody', { relayFactor: 3 })).acks
    await expect.poll(ask, PATIENCE).toEqual(names)
  }

  /** Who of those who run ever held one of these members for failed: `<observer> of <member>`. */
  failuresSeen(...names: string[]): string[] {
    return this.running.flatMap((observer) =>
      names.filter((name) => observer.sawFail(name)).map((name) => `${observer.name} of ${name}`),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((member) => member.kill()))
    this.#running.clear()
  }

  async #allTell(
    pick: (member: Awaited<ReturnType<Participant['members']>>[number]) => unknown[] | undefined,
    expected: Readonly<Record<string, string>>,
  ): Promise<void> {
    const everybody = Object.fromEntries(this.running.map(({ name }) => [name, expected]))
    await expect
      .poll(async () => {
        const told = await Promise.all(
          this.running.map(async (member) => {
            const picked = (await member.members()).flatMap((seen) => {
              const entry = pick(seen)
              return entry === undefined ? [] : [entry]
            })
            return [member.name, Object.fromEntries(picked as [string, string][])] as const
          }),
        )
        return Object.fromEntries(told)
      }, PATIENCE)
      .toEqual(everybody)
  }

  async #end(names: readonly string[], how: (member: Participant) => Promise<void>): Promise<void> {
    const ending = names.map((name) => this.member(name))
    for (const name of names) this.#running.delete(name)
    await Promise.all(ending.map(how))
  }

  #newPlace(name: string): Place {
    const kind: Kind = name.startsWith('agent') ? 'agent' : 'ours'
    const { host, namespace } = this.#options.network?.next() ?? {
      host: this.#addresses.next(),
      namespace: undefined,
    }
    return { kind, host, namespace, tags: { kind, place: name } }
  }

  /** Taken after the end of a test, when nobody runs any more. */
  #diagnosis(): string {
    return this.#started
      .map(({ name, log }) => `--- ${name}\n${log.split('\n').slice(-80).join('\n')}`)
      .join('\n')
  }
}
