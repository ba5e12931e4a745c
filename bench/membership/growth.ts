import { Crowd, type Sent } from './crowd.ts'

export interface GrowthTask {
  readonly nodes: number
  readonly seed: number
}

/** What a stretch of virtual time took, all nodes together. */
export interface Spent extends Sent {
  readonly simulatedMs: number
  readonly wallMs: number
  /** Of the process, collecting garbage in other threads included. */
  readonly cpuMs: number
}

/** From a crash until the first of the others was told of it, and the last, in virtual time. */
export interface Detection {
  readonly firstMs: number
  readonly lastMs: number
}

/** What a cluster of some size does and costs. */
export interface Growth {
  readonly nodes: number
  readonly seed: number
  /** After how much virtual time so many of all pairs knew each other, everybody starting at once. */
  readonly knownMs: { readonly half: number; readonly most: number; readonly all: number }
  /** From the start until everybody knew everybody, and no news was on its way any more. */
  readonly forming: Spent
  readonly rest: Spent
  readonly detections: readonly Detection[]
  readonly crashing: Spent
  /** Most that the process had in memory. */
  readonly rssBytes: number
}

/** The part of pairs that counts as most. */
export const MOST = 0.99

/** Full exchanges come less often the larger a cluster; of a thousand nodes, each begins one in it. */
const REST_MS = 180_000
const FORMING_MS_MAX = 600_000

/** At rest a node sends two packets a second, a ping and an answer; above this there is gossip. */
const REST_PACKETS_MAX = 2.5
const LOOK_EVERY_MS = 5_000
const DETECTION_MS_MAX = 300_000
const CRASHES = 5

/** Have everybody start at once, let them rest, then take one after the other away. */
export function measureGrowth({ nodes, seed }: GrowthTask): Growth {
  const crowd = new Crowd({ nodes, seed })
  const { world } = crowd
  const known = { half: NaN, most: NaN, all: NaN }
  crowd.onKnown(0.5, (atMs) => (known.half = atMs))
  crowd.onKnown(MOST, (atMs) => (known.most = atMs))
  crowd.onKnown(1, (atMs) => (known.all = atMs))
  const forming = spend(crowd, () => {
    world.runUntil(() => crowd.isComplete, FORMING_MS_MAX)
    comeToRest(crowd)
  })
  const rest = spend(crowd, () => world.runFor(REST_MS))
  const detections: Detection[] = []
  const crashing = spend(crowd, () => {
    for (let crash = 0; crash < CRASHES; crash++) detections.push(detect(crowd, crash))
  })
  const rssBytes = process.resourceUsage().maxRSS * 1_024
  return { nodes, seed, knownMs: known, forming, rest, detections, crashing, rssBytes }
}

/** Crash a member, wait until all others know, and have it back before the next. */
function detect(crowd: Crowd, crash: number): Detection {
  const { world } = crowd
  const victim = world.nodes[Math.floor(((crash + 0.5) * world.nodes.length) / CRASHES)]!
  const toldMs: number[] = []
  crowd.onFailure(({ member, atMs }) => void (member === victim && toldMs.push(atMs)))
  const atMs = world.nowMs
  victim.crash()
  const others = crowd.up.length
  world.runUntil(() => toldMs.length >= others, DETECTION_MS_MAX)
  victim.restart()
  world.runUntil(() => crowd.isComplete, FORMING_MS_MAX)
  comeToRest(crowd)
  // So that crashes do not all fall on one moment of the others' rounds.
  world.runFor(170 * crash)
  return { firstMs: toldMs[0]! - atMs, lastMs: toldMs[others - 1]! - atMs }
}

/** Whoever knows everybody has still to pass it on as often as any other news. */
function comeToRest(crowd: Crowd): void {
  const { world } = crowd
  const packetsMax = (REST_PACKETS_MAX * world.nodes.length * LOOK_EVERY_MS) / 1_000
  const untilMs = world.nowMs + FORMING_MS_MAX
  let sent = Infinity
  while (sent > packetsMax && world.nowMs < untilMs) {
    const { packets } = crowd.sent
    world.runFor(LOOK_EVERY_MS)
    sent = crowd.sent.packets - packets
  }
}

function spend(crowd: Crowd, act: () => void): Spent {
  const { world } = crowd
  const [startMs, before, wallMs, cpu] = [
    world.nowMs,
    crowd.sent,
    performance.now(),
    process.cpuUsage(),
  ]
  act()
  const { user, system } = process.cpuUsage(cpu)
  const after = crowd.sent
  return {
    simulatedMs: world.nowMs - startMs,
    wallMs: performance.now() - wallMs,
    cpuMs: (user + system) / 1_000,
    packets: after.packets - before.packets,
    packetBytes: after.packetBytes - before.packetBytes,
    streams: after.streams - before.streams,
    streamBytes: after.streamBytes - before.streamBytes,
  }
}
