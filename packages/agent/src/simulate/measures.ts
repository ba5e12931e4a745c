import type { SimNode } from 'libring/sim'
import { reachOf, type Reach } from './reach.ts'
import type { Told, ToldType, Watch } from './watch.ts'

/** From a crash until the first of the others was told of it, and the last; `null` if not in time. */
export interface Detection {
  readonly firstMs: number | null
  readonly allMs: number | null
}

/** What one member sends in a second at rest. */
export interface RestTraffic {
  readonly packetsPerSecond: number
  readonly packetBytesPerSecond: number
  /** Of exchanges of the whole member table. */
  readonly streamBytesPerSecond: number
  /** Virtual time in which it was counted. */
  readonly spanMs: number
}

const FORMING_LIMIT_MS = 120_000

/** All members have just begun: until so many pairs knew each other. */
export function measureForming(watch: Watch): Reach {
  const { world } = watch
  const pairs = world.nodes.length * (world.nodes.length - 1)
  const met = new Set<string>()
  const timesMs: number[] = []
  const stop = watch.on('member-join', ({ observer, about, atMs }) => {
    const pair = `${observer.name} ${about}`
    // Whoever was held for failed meanwhile is met once more.
    if (observer.name === about || met.has(pair)) return
    met.add(pair)
    timesMs.push(atMs)
  })
  waitUntil(watch, () => timesMs.length >= pairs, FORMING_LIMIT_MS)
  stop()
  return reachOf(timesMs, pairs, FORMING_LIMIT_MS)
}

/** One member joins: until so many know it; all is when it knows all of them as well. */
export function measureJoin(watch: Watch, limitMs: number): Reach {
  const count = watch.up.length
  const startMs = watch.world.nowMs
  let newcomer: SimNode | undefined
  let known = 0
  let knowsAllMs: number | null = null
  const timesMs: number[] = []
  const stop = watch.on('member-join', ({ observer, about, atMs }) => {
    if (observer === newcomer && about !== observer.name) {
      known++
      if (known === count) knowsAllMs = atMs - startMs
    } else if (about === newcomer?.name && observer !== newcomer) timesMs.push(atMs - startMs)
  })
  newcomer = watch.join()
  waitUntil(watch, () => timesMs.length >= count && knowsAllMs !== null, limitMs)
  stop()
  const reach = reachOf(timesMs, count, limitMs)
  const { allMs } = reach
  const bothMs = allMs === null || knowsAllMs === null ? null : Math.max(allMs, knowsAllMs)
  return { ...reach, allMs: bothMs }
}

/** One member has a new tag. */
export function measureTag(watch: Watch, limitMs: number): Reach {
  const [teller] = watch.up as [SimNode]
  const isIt = ({ about, observer }: Told) => about === teller.name && observer !== teller
  return measureNews(watch, 'member-update', isIt, limitMs, () => {
    teller.gossip.setTags({ simulated: 'yes' }).catch(() => {})
  })
}

/** One member sends a user event. */
export function measureEvent(watch: Watch, limitMs: number): Reach {
  const teller = watch.up.at(-1)!
  const isIt = ({ about, observer }: Told) => about === 'simulated' && observer !== teller
  return measureNews(watch, 'user-event', isIt, limitMs, () => {
    teller.gossip.userEvent('simulated').catch(() => {})
  })
}

function measureNews(
  watch: Watch,
  type: ToldType,
  isIt: (told: Told) => boolean,
  limitMs: number,
  tell: () => void,
): Reach {
  const count = watch.up.length - 1
  const startMs = watch.world.nowMs
  const timesMs: number[] = []
  const stop = watch.on(type, (told) => void (isIt(told) && timesMs.push(told.atMs - startMs)))
  tell()
  waitUntil(watch, () => timesMs.length >= count, limitMs)
  stop()
  return reachOf(timesMs, count, limitMs)
}

/** Take one member away without a word, and wait until all others hold it for failed. */
export function measureCrash(watch: Watch, limitMs: number): Detection {
  const { up, world } = watch
  const victim = up[Math.floor(up.length / 2)]!
  const startMs = world.nowMs
  const heard = new Set<SimNode>()
  const timesMs: number[] = []
  const stop = watch.on('member-failed', ({ observer, about, atMs }) => {
    if (about !== victim.name || heard.has(observer)) return
    heard.add(observer)
    timesMs.push(atMs - startMs)
  })
  victim.crash()
  waitUntil(watch, () => timesMs.length >= up.length - 1, limitMs)
  stop()
  return { firstMs: timesMs[0] ?? null, allMs: timesMs[up.length - 2] ?? null }
}

/** Let nothing happen for so long, and count what is sent. */
export function measureRest({ world, up }: Watch, spanMs: number): RestTraffic {
  const before = world.traffic
  world.runFor(spanMs)
  const after = world.traffic
  const each = (key: 'datagrams' | 'datagramBytes' | 'streamBytes'): number => {
    return (after[key] - before[key]) / up.length / (spanMs / 1_000)
  }
  return {
    packetsPerSecond: each('datagrams'),
    packetBytesPerSecond: each('datagramBytes'),
    streamBytesPerSecond: each('streamBytes'),
    spanMs,
  }
}

/** Unlike the world's own wait, to have waited in vain is a finding. */
function waitUntil({ world }: Watch, isReached: () => boolean, limitMs: number): void {
  const endMs = world.nowMs + limitMs
  while (!isReached() && world.nowMs < endMs) world.runFor(Math.min(50, endMs - world.nowMs))
}
