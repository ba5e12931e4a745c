import { setTimeout as pause } from 'node:timers/promises'
import type { Group, TimedSight } from './group.ts'
import type { Ledger } from './ledger.ts'
import { JOIN_SHARES, joinSeries, type JoinWay } from './rows.ts'
import { processorMs } from './processor.ts'
import type { Peer } from './side.ts'
import { quantile } from './statistics.ts'
import { trafficSoFar } from './traffic.ts'

/** From here on a pair is a tail. */
const TAIL_MS = 2_000
/** Longer than the 75 s for which agents have been seen to wait for a push/pull. */
const JOIN_LIMIT_MS = 120_000
/** With the profile `local` a seed has one second to answer, which a busy machine may not give it. */
const TRIES_MAX = 20
/** Whoever could not answer gets some time before it is asked again. */
const RETRY_MS = 250
/** A rumour that takes longer did not come by gossip. */
const RUMOUR_LIMIT_MS = 10_000
/** Longer than a query of sixty members is open. */
const QUERY_LIMIT_MS = 8_000
/** Longer than the longest suspicion of sixty members. */
const DETECTION_LIMIT_MS = 60_000

/** Rumours of what was before have been spread, and the first probes are under way. */
const SETTLE_MS = 2_000
const IDLE_MS_MIN = 30_000
/** Every member begins a push/pull once in so long, the first at the latest after twice as long. */
const PUSH_PULL_MS = { lan: 30_000, local: 15_000 } as const
/** From so many members on, half as often. */
const MEMBERS_PER_PERIOD = 32

/** Let rumours of what was before die away. */
export async function settle(): Promise<void> {
  await pause(SETTLE_MS)
}

/** Have everybody join the first, and see when each pair knows of each other. */
export async function measureJoins(group: Group, way: JoinWay, ledger: Ledger): Promise<void> {
  const [seed, ...joiners] = group.peers as [Peer, ...Peer[]]
  const toldAt = new Map([[seed.name, performance.now()]])
  const seenAt = new Map<string, number>()
  const pairs = group.peers.length * joiners.length
  const processorBefore = processorOf(group)
  const heard = group.hear(({ atMs, observer, what, subject }) => {
    if (what === 'join' && observer !== subject) {
      const pair = `${observer} ${subject}`
      if (!seenAt.has(pair)) seenAt.set(pair, atMs)
    }
    return seenAt.size === pairs
  }, JOIN_LIMIT_MS)
  const join = async (joiner: Peer): Promise<void> => {
    toldAt.set(joiner.name, performance.now())
    const failures = await persist(() => joiner.join(seed.address))
    ledger.count(`joins ${way}: tries that failed`, failures, failures + 1)
  }
  if (way === 'at once') await Promise.all(joiners.map(join))
  else for (const joiner of joiners) await join(joiner)
  await heard
  ledger.add(
    `joins ${way}, CPU a member`,
    (processorOf(group) - processorBefore) / group.peers.length,
  )

  const times = [...seenAt].map(([pair, atMs]) => {
    const told = pair.split(' ').map((name) => toldAt.get(name)!)
    return atMs - Math.max(...told)
  })
  const missing = Array.from({ length: pairs - times.length }, () => JOIN_LIMIT_MS)
  const all = [...times, ...missing]
  for (const share of JOIN_SHARES) ledger.add(joinSeries(way, share), quantile(all, share))
  const tails = all.filter((ms) => ms > TAIL_MS).length
  ledger.count(`joins ${way}: pairs over 2 s`, tails, pairs)
  ledger.count(`joins ${way}: runs with a tail over 2 s`, tails > 0 ? 1 : 0, 1)
}

/** Change a tag of that one, and see when all others know. */
export async function measureTag(group: Group, peer: Peer, ledger: Ledger): Promise<void> {
  const observers = group.othersThan(peer)
  const limitMs = RUMOUR_LIMIT_MS
  const wanted = { whats: ['update'] as const, subject: peer.name, observers, limitMs }
  const value = String(Math.floor(performance.now()))
  const times = await group.timesAfter(() => peer.setTag('step', value), wanted)
  ledger.add('tag change, all views', last(times, observers, limitMs))
  ledger.count(
    'tag change: views without it in time',
    observers.length - times.size,
    observers.length,
  )
}

/** Have that one tell all of something, itself included. */
export async function measureEvent(group: Group, peer: Peer, ledger: Ledger): Promise<void> {
  const observers = group.names
  const limitMs = RUMOUR_LIMIT_MS
  const subject = `event-${Math.floor(performance.now())}`
  const wanted = { whats: ['event'] as const, subject, observers, limitMs }
  const times = await group.timesAfter(() => peer.userEvent(subject), wanted)
  ledger.add('user event, all members', last(times, observers, limitMs))
  const missing = observers.length - times.size
  ledger.count('user event: members without it in time', missing, observers.length)
}

/** Have that one ask all to acknowledge, itself included. */
export async function measureQuery(group: Group, peer: Peer, ledger: Ledger): Promise<void> {
  const missing = new Set(group.names)
  let lastMs = 0
  const startMs = performance.now()
  const heard = group.hear(({ atMs, observer, what, subject }) => {
    if (what === 'ack' && observer === peer.name && missing.delete(subject)) {
      lastMs = atMs - startMs
    }
    return missing.size === 0
  }, QUERY_LIMIT_MS)
  await peer.query(`query-${Math.floor(startMs)}`)
  await heard
  ledger.add('query, all acks', missing.size === 0 ? lastMs : QUERY_LIMIT_MS)
  ledger.count('query: acks lost', missing.size, group.names.length)
}

/** Have that one say farewell. */
export async function measureLeave(group: Group, peer: Peer, ledger: Ledger): Promise<void> {
  const observers = group.othersThan(peer)
  group.dismiss(peer)
  const limitMs = DETECTION_LIMIT_MS
  const wanted = { whats: ['leave', 'failed'] as const, subject: peer.name, observers, limitMs }
  let isRefused = false
  const leave = (): Promise<void> => peer.leave().catch(() => void (isRefused = true))
  const times = await group.timesAfter(leave, wanted)
  await peer.kill()
  ledger.count('leave: farewells not spread in time', isRefused ? 1 : 0, 1)
  ledger.add('graceful leave, all views', last(times, observers, limitMs))
  const failed = [...times.values()].filter(({ what }) => what === 'failed').length
  const silent = observers.length - times.size
  ledger.count('leave: views that saw it fail', failed, observers.length)
  ledger.count('leave: views that saw nothing in time', silent, observers.length)
}

/** Kill that one, and see who holds it for failed when. */
export async function measureKill(group: Group, peer: Peer, ledger: Ledger): Promise<void> {
  const observers = group.othersThan(peer)
  group.dismiss(peer)
  const limitMs = DETECTION_LIMIT_MS
  const wanted = { whats: ['failed'] as const, subject: peer.name, observers, limitMs }
  const times = await group.timesAfter(() => peer.kill(), wanted)
  const all = [...times.values()].map(({ ms }) => ms)
  ledger.add('SIGKILL, first view', Math.min(limitMs, ...all))
  ledger.add('SIGKILL, all views', last(times, observers, limitMs))
  const silent = observers.length - times.size
  ledger.count('SIGKILL: views that saw nothing in time', silent, observers.length)
}

/** What members send while nothing happens. The group takes no commands afterwards. */
export async function measureIdle(group: Group, ledger: Ledger): Promise<void> {
  await Promise.all(group.peers.map((peer) => peer.hush()))
  const periodMs = PUSH_PULL_MS[group.profile] * (group.peers.length > MEMBERS_PER_PERIOD ? 2 : 1)
  await pause(2 * periodMs)
  const [before, startMs] = [trafficSoFar(), performance.now()]
  await pause(Math.max(periodMs, IDLE_MS_MIN))
  const [after, endMs] = [trafficSoFar(), performance.now()]
  const share = group.peers.length * ((endMs - startMs) / 1_000)
  ledger.add('idle datagrams', (after.datagrams - before.datagrams) / share)
  ledger.add('idle packets, TCP too', (after.packets - before.packets) / share)
  ledger.add('idle bytes, headers too', (after.bytes - before.bytes) / share)
}

/** Try until it succeeds, as whoever starts a member does. Returns how often it did not. */
async function persist(action: () => Promise<void>): Promise<number> {
  for (let failures = 0; ; failures++) {
    try {
      await action()
      return failures
    } catch (error) {
      if (failures === TRIES_MAX - 1) throw error
    }
    await pause(RETRY_MS)
  }
}

function processorOf(group: Group): number {
  return group.peers.reduce((sum, { pid }) => sum + processorMs(pid), 0)
}

function last(
  times: ReadonlyMap<string, TimedSight>,
  observers: readonly string[],
  limitMs: number,
): number {
  if (times.size < observers.length) return limitMs
  return Math.max(...[...times.values()].map(({ ms }) => ms))
}
