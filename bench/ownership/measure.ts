import { KINDS, Town, type Kind, type Membership } from './town.ts'

/** What something cost, all nodes together. */
export interface Cost {
  readonly simulatedMs: number
  readonly wallMs: number
  /** Of the process, collecting garbage in other threads included. */
  readonly cpuMs: number
  /** What rings said to each other. */
  readonly messages: number
  /** Of these messages where nodes do not gossip; where they do, of everything sent. */
  readonly bytes: number
  /** Roles that changed. */
  readonly steps: number
}

/** One change, from when it happened. */
export interface Change extends Cost {
  readonly kind: Kind
  /** How many were up before it. */
  readonly members: number
  /** Until the last step. */
  readonly settledMs: number
}

/** What a cluster of some size cost. */
export interface Costs {
  readonly members: number
  readonly membership: Membership
  readonly seed: number
  /** From nothing until everything is held. */
  readonly forming: Cost
  readonly rest: Cost
  readonly changes: readonly Change[]
  /** Of one node, views that nodes of a world share counted once for all. */
  readonly heapBytes: number
  readonly breaches: readonly string[]
}

export interface Task {
  readonly members: number
  readonly membership: Membership
  readonly seed: number
  readonly changes: number
}

/** One change in so much virtual time. */
export const CHANGE_EVERY_MS = 10_000

const REST_MS = 60_000

/** A change is over once nothing has moved for so long. */
const STILL_MS = 2_000

/** Forming is over once nothing has changed for so long, and has failed after the other. */
const QUIET_MS = 5_000
const FORMING_MS_MAX = 300_000

/** Form a cluster, let it rest, then change it; all the while promises are watched. */
export async function measure({ members, membership, seed, changes }: Task): Promise<Costs> {
  const heapBefore = heapBytes()
  const town = new Town(members, membership, seed)
  const { watch, world } = town
  const forming = await cost(town, () => form(town))
  watch.rest()
  const rest = await cost(town, () => town.pass(REST_MS))
  const heap = (heapBytes() - heapBefore) / members
  const done: Change[] = []
  for (let i = 0; i < changes; i++) {
    const kind = KINDS[i % KINDS.length]!
    const up = town.up.length
    const atMs = world.nowMs
    const spent = await cost(town, async () => {
      town.change(kind)
      await town.pass(CHANGE_EVERY_MS)
      // Few members have many partitions each to hand over, some at a time.
      while (world.nowMs < watch.lastStepMs + STILL_MS) await town.pass(STILL_MS)
    })
    watch.rest()
    const settledMs = Math.max(0, watch.lastStepMs - atMs)
    done.push({ kind, members: up, settledMs, ...spent })
  }
  const { breaches } = watch
  return { members, membership, seed, forming, rest, changes: done, heapBytes: heap, breaches }
}

async function form(town: Town): Promise<void> {
  const { watch, world } = town
  await town.open()
  while (watch.steps === 0 || world.nowMs < watch.lastStepMs + QUIET_MS) {
    if (world.nowMs > FORMING_MS_MAX) throw new Error('the cluster does not come to rest')
    await town.pass(1_000)
  }
}

async function cost(town: Town, act: () => Promise<void>): Promise<Cost> {
  const { world, watch } = town
  const [startMs, before, steps] = [world.nowMs, sent(town), watch.steps]
  const [wallMs, cpu] = [performance.now(), process.cpuUsage()]
  await act()
  const { user, system } = process.cpuUsage(cpu)
  const after = sent(town)
  return {
    simulatedMs: world.nowMs - startMs,
    wallMs: performance.now() - wallMs,
    cpuMs: (user + system) / 1_000,
    messages: after.messages - before.messages,
    bytes: after.bytes - before.bytes,
    steps: watch.steps - steps,
  }
}

function sent({ world, watch, membership }: Town): Pick<Cost, 'messages' | 'bytes'> {
  const { datagramBytes, streamBytes, ringMessages, ringMessageBytes } = world.traffic
  if (membership === 'told') return { messages: ringMessages, bytes: ringMessageBytes }
  return { messages: watch.messagesSent, bytes: datagramBytes + streamBytes }
}

/** After a collection, with what lies outside the heap of the engine. */
function heapBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
