import { admitForwarded, LibringError, NotOwnerError, route, RoutingError } from 'libring'
import { World, type SimNode } from 'libring/sim'
import { Deferred } from '../../packages/libring/src/gossip/deferred.ts'
import { below, seededRandom } from '../../packages/libring/src/base/random.ts'

type RouteTarget = Parameters<Parameters<typeof route>[2]>[0]

const RING = { partitions: 64, redundancy: 3, settleMs: 500 } as const
const MEMBERS = 5
const STEP_MS = 10
const LIMIT_MS = 300_000
/** How long a request is under way from one member to another. */
const WAY_MS = 0.5

/** What became of one request. */
export interface Journey {
  readonly front: string

  readonly atMs: number
  /** At whom it arrived, with what came of it. */
  readonly way: string[]
  /** How long it took; `undefined` while it is under way. */
  tookMs: number | undefined
  /** Code of the error by which it failed. */
  failure: string | undefined
}

/**
 * Members that serve requests of clients in a world, each of them stopped now and then for up to
 * `hiccupMs`, as on a machine that has too much to do: so that what they see differs for seconds.
 */
export class RoutedWorld {
  readonly world: World
  readonly journeys: Journey[] = []
  /** Members that were held for dead, or stopped for so long that they gave up what they held. */
  readonly troubles: string[] = []
  readonly #maxHops: number
  readonly #acquireWaitMs: number
  readonly #hiccupMs: number
  readonly #random: ReturnType<typeof seededRandom>
  /** Those that clients know. */
  readonly #fronts = new Set<SimNode>()
  /** By what they run, when its process has ended. */
  readonly #ends = new Map<SimNode['cluster'], Promise<undefined>>()
  readonly #alarms = new Set<{ readonly atMs: number; readonly ring: () => void }>()

  constructor(given: {
    readonly seed: number
    readonly hiccupMs: number
    readonly maxHops: number
    readonly acquireWaitMs: number
  }) {
    const { seed } = given
    this.#maxHops = given.maxHops
    this.#acquireWaitMs = given.acquireWaitMs
    this.#hiccupMs = given.hiccupMs
    this.#random = seededRandom(seed, 'requests')
    this.world = new World({
      seed,
      nodes: MEMBERS,
      latencyMs: [0, 2],
      options: {
        bootstrapHosts: ['cluster.sim'],
        profile: 'local',
        probeTimeoutMs: 500,
        tags: { http: '8080' },
      },
      cluster: (node) => {
        const work = (): Promise<void> => node.sleep(1)
        return { ...RING, onAcquire: work, onChange: work, onRelease: work }
      },
    })
    for (const node of this.world.nodes) {
      this.#watch(node)
      this.#fronts.add(node)
    }
  }

  get failures(): readonly Journey[] {
    return this.journeys.filter(({ failure }) => failure !== undefined)
  }

  /** Requests come in all the time, to every member in turn, while `deeds` are done. */
  async serve(deeds: () => Promise<void>): Promise<void> {
    let isDone = false
    const done = deeds().finally(() => (isDone = true))
    while (!isDone) {
      this.#send()
      for (const node of this.world.nodes) this.#hiccup(node)
      await this.#step()
    }
    await done
    for (const node of this.world.nodes) node.resume()
    while (this.journeys.some(({ tookMs }) => tookMs === undefined)) await this.#step()
  }

  /** Each member hands everything over, ends and comes back, one after the other. */
  async restartAll(): Promise<void> {
    for (const node of this.world.nodes) {
      this.#fronts.delete(node)
      while (this.journeys.some(isUnderWayAt(node))) await this.passed(STEP_MS)
      await node.drain()
      await this.passed(below(this.#random, 300))
      node.restart()
      this.#watch(node)
      await node.cluster.ready({ members: 2 })
      this.#fronts.add(node)
      await this.settled()
    }
  }

  /** Resolves once members see each other, and each serves what it sees to be its own. */
  async settled(): Promise<void> {
    while (!this.world.nodes.every(isSettled)) await this.passed(100)
  }

  passed(durationMs: number): Promise<void> {
    const atMs = this.world.nowMs + durationMs
    return new Promise((ring) => void this.#alarms.add({ atMs, ring }))
  }

  async #step(): Promise<void> {
    if (this.world.nowMs > LIMIT_MS) throw new Error('members or requests do not come to an end')
    await this.world.run(STEP_MS)
    for (const alarm of this.#alarms) {
      if (alarm.atMs > this.world.nowMs) continue
      this.#alarms.delete(alarm)
      alarm.ring()
    }
  }

  #watch({ name, cluster }: SimNode): void {
    const end = new Deferred<undefined>()
    this.#ends.set(cluster, end.promise)
    this.world.observe({
      onEnd: (ended) => void (ended.cluster === cluster && end.resolve(undefined)),
    })
    cluster.on('stalled', () => this.troubles.push(`${name} was stopped for too long`))
    cluster.on('member', ({ members }) => {
      for (const { name: other, status } of members) {
        if (status === 'failed') this.troubles.push(`${name} holds ${other} for dead`)
      }
    })
  }

  #hiccup(node: SimNode): void {
    if (this.#hiccupMs === 0 || node.isPaused || !node.isUp || below(this.#random, 300) > 0) return
    node.pause()
    void this.passed(below(this.#random, this.#hiccupMs)).then(() => node.resume())
  }

  #send(): void {
    const fronts = [...this.#fronts]
    const front = fronts[below(this.#random, fronts.length)]!
    const key = `k${below(this.#random, 500)}`
    const atMs = this.world.nowMs
    const journey: Journey = {
      front: front.name,
      atMs,
      way: [],
      tookMs: undefined,
      failure: undefined,
    }
    this.journeys.push(journey)
    const { cluster } = front
    const limits = { maxHops: this.#maxHops, acquireWaitMs: this.#acquireWaitMs }
    route(cluster, key, (target) => this.#attempt(front, key, target, journey), limits)
      .catch((error: unknown) => {
        journey.failure = error instanceof LibringError ? error.code : String(error)
      })
      .finally(() => (journey.tookMs = this.world.nowMs - atMs))
  }

  async #attempt(
    front: SimNode,
    key: string,
    { member, mark, partition }: RouteTarget,
    { way }: Journey,
  ): Promise<void> {
    if (member === undefined) return
    const target = this.world.node(member.name)
    if (!target.isUp) throw new RoutingError('LIBRING_OWNER_UNREACHABLE', 'it is down', partition)
    const limits = { maxHops: this.#maxHops, acquireWaitMs: this.#acquireWaitMs }
    const admission = await Promise.race([
      target.sleep(WAY_MS).then(() => admitForwarded(target.cluster, key, mark, limits)),
      this.#ends.get(target.cluster),
    ])
    if (admission === undefined) {
      way.push(`${target.name} ended at ${this.world.nowMs.toFixed(0)}`)
      throw new RoutingError('LIBRING_OWNER_FAILED', 'it broke off', partition)
    }
    way.push(`${target.name} ${admission.type}s at ${this.world.nowMs.toFixed(0)}`)
    await front.sleep(WAY_MS)
    if (admission.type === 'refuse') throw new NotOwnerError(admission.owner, admission.isNext)
    if (admission.type === 'unavailable') {
      throw new RoutingError('LIBRING_NO_OWNER', 'nobody serves it', partition)
    }
  }
}

function isUnderWayAt({ name }: SimNode): (journey: Journey) => boolean {
  return ({ front, tookMs }) => front === name && tookMs === undefined
}

function isSettled({ isUp, name, cluster }: SimNode): boolean {
  if (!isUp || cluster.members.length < MEMBERS) return false
  for (let partition = 0; partition < RING.partitions; partition++) {
    const isOurs = cluster.holdersForPartition(partition)[0]?.name === name
    if (isOurs !== (cluster.localRole(partition)?.isServing === true)) return false
  }
  return true
}
