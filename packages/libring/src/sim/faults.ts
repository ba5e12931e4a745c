import { OptionError } from '../base/errors.ts'
import { requireKnown, requireList, requireOneOf, requirePlainObject } from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import type { Conditions } from './links.ts'
import type { SimNetwork } from './network.ts'
import type { SimNode } from './node.ts'
import type { Trace } from './trace.ts'

/** From each of some nodes to each of others, that way only. */
interface Way {
  /** Names of nodes. @defaultValue all there are */
  readonly from?: readonly string[]
  /** Names of nodes. @defaultValue all there are */
  readonly to?: readonly string[]
}

/**
 * What can go wrong in a world, as plain data: a list of faults can be drawn, kept and replayed.
 *
 * What happens to a way between nodes holds until it is mended or all is healed. It belongs to
 * their addresses: a node that comes back under another one is not concerned.
 */
export type Fault =
  /** Nodes of one group hear each other only; the rest make up one more. */
  | { readonly type: 'split'; readonly groups: readonly (readonly string[])[] }
  /** Nothing gets through that way. Streams between the two break. */
  | (Way & { readonly type: 'cut' })
  /** This part of all datagrams is lost, 0 to 1. Streams are late by what has to be sent again. */
  | (Way & { readonly type: 'loss'; readonly rate: number })
  /** This part of all datagrams arrives twice, 0 to 1. */
  | (Way & { readonly type: 'duplicates'; readonly rate: number })
  /** Least and most time under way. Far apart, datagrams overtake each other. */
  | (Way & { readonly type: 'latency'; readonly latencyMs: readonly [min: Millis, max: Millis] })
  /** Each stream carries so much and no more. */
  | (Way & { readonly type: 'slow-streams'; readonly bytesPerSecond: number })
  /** That way is as usual again, unless it leads from one group of a split to another. */
  | (Way & { readonly type: 'mend' })
  /** Every way is as usual again. */
  | { readonly type: 'heal' }
  /** Nothing of the process runs, as after SIGSTOP. */
  | { readonly type: 'pause'; readonly node: string }
  /** It goes on, with all that has come meanwhile. */
  | { readonly type: 'resume'; readonly node: string }
  /** Its wall clock is ahead of the world's by this from now on; behind, where negative. */
  | { readonly type: 'skew'; readonly node: string; readonly skewMs: Millis }
  /** It vanishes without a word. */
  | { readonly type: 'crash'; readonly node: string }
  /** It runs again, having forgotten everything; crashes first if it is up. */
  | { readonly type: 'restart'; readonly node: string; readonly address: 'same' | 'new' }

export type FaultType = Fault['type']

const FIELDS: Readonly<Record<FaultType, readonly string[]>> = {
  split: ['groups'],
  cut: ['from', 'to'],
  loss: ['from', 'to', 'rate'],
  duplicates: ['from', 'to', 'rate'],
  latency: ['from', 'to', 'latencyMs'],
  'slow-streams': ['from', 'to', 'bytesPerSecond'],
  mend: ['from', 'to'],
  heal: [],
  pause: ['node'],
  resume: ['node'],
  skew: ['node', 'skewMs'],
  crash: ['node'],
  restart: ['node', 'address'],
}

/** What faults are done to. */
export interface Victims {
  readonly network: SimNetwork
  readonly trace: Trace
  readonly nodes: readonly SimNode[]
  nowMs(): Millis
  freshHost(): string
}

/** @throws {OptionError} naming the first field that is unknown, malformed or out of range. */
export function inject(fault: Fault, victims: Victims): void {
  requireFault(fault)
  const { network, trace } = victims
  switch (fault.type) {
    case 'split': {
      const groups = fault.groups.map((names) => nodesOf('groups', names, victims))
      trace.record(victims.nowMs(), 'split', groups.map(namesOf).join(' | '))
      return network.split(groups.map((nodes) => nodes.map(({ host }) => host)))
    }
    case 'heal':
      trace.record(victims.nowMs(), 'heal', '')
      return network.heal()
    case 'pause':
      return nodeOf(fault.node, victims).pause()
    case 'resume':
      return nodeOf(fault.node, victims).resume()
    case 'skew':
      return nodeOf(fault.node, victims).skew(fault.skewMs)
    case 'crash':
      return nodeOf(fault.node, victims).crash()
    case 'restart': {
      const changes = fault.address === 'same' ? {} : { host: victims.freshHost() }
      return nodeOf(fault.node, victims).restart(changes)
    }
    case 'cut':
    case 'loss':
    case 'duplicates':
    case 'latency':
    case 'slow-streams':
    case 'mend':
      return changeWays(fault, victims)
  }
}

function changeWays(fault: Extract<Fault, Way>, victims: Victims): void {
  const from = nodesOf('from', fault.from, victims)
  const to = nodesOf('to', fault.to, victims)
  const changes = changesOf(fault)
  const ways = `${namesOf(from)} > ${namesOf(to)}`
  const how = Object.values(changes ?? {})
    .flat()
    .join(' ')
  victims.trace.record(victims.nowMs(), fault.type, changes?.isCut ? ways : `${ways} ${how}`)
  for (const { host } of from) {
    for (const other of to) {
      if (changes === undefined) victims.network.mend(host, other.host)
      else victims.network.change(host, other.host, changes)
    }
  }
}

/** What becomes of the conditions on the way; `undefined` for what they usually are. */
function changesOf(fault: Extract<Fault, Way>): Partial<Conditions> | undefined {
  switch (fault.type) {
    case 'cut':
      return { isCut: true }
    case 'loss':
      return { lossRate: fault.rate }
    case 'duplicates':
      return { duplicateRate: fault.rate }
    case 'latency':
      return { latencyMs: fault.latencyMs }
    case 'slow-streams':
      return { streamBytesPerSecond: fault.bytesPerSecond }
    case 'mend':
      return undefined
  }
}

function requireFault(fault: Fault): void {
  requirePlainObject('fault', fault)
  requireOneOf('type', fault.type, Object.keys(FIELDS))
  requireKnown('', fault, ['type', ...FIELDS[fault.type]])
  switch (fault.type) {
    case 'split':
      return requireList('groups', fault.groups, 'a list of lists of names')
    case 'loss':
    case 'duplicates':
      return requireRate('rate', fault.rate)
    case 'latency':
      return requireLatency('latencyMs', fault.latencyMs)
    case 'slow-streams':
      if (fault.bytesPerSecond > 0) return
      throw new OptionError('bytesPerSecond', 'a number above 0', fault.bytesPerSecond)
    case 'skew':
      if (Number.isFinite(fault.skewMs)) return
      throw new OptionError('skewMs', 'a number of milliseconds', fault.skewMs)
    case 'restart':
      return requireOneOf('address', fault.address, ['same', 'new'])
    case 'cut':
    case 'mend':
    case 'heal':
    case 'pause':
    case 'resume':
    case 'crash':
  }
}

/** @throws {OptionError} unless `rate` is a number from 0 to 1. */
export function requireRate(option: string, rate: unknown): void {
  if (typeof rate === 'number' && rate >= 0 && rate <= 1) return
  throw new OptionError(option, 'a number from 0 to 1', rate)
}

/** @throws {OptionError} unless `latencyMs` is a least and a most time. */
export function requireLatency(option: string, latencyMs: readonly [Millis, Millis]): void {
  const isRange = Array.isArray(latencyMs) && latencyMs[0] >= 0 && latencyMs[1] >= latencyMs[0]
  if (isRange && Number.isFinite(latencyMs[1])) return
  throw new OptionError(option, 'least and most time, neither negative', latencyMs)
}

function nodesOf(
  option: string,
  names: readonly string[] | undefined,
  { nodes }: Victims,
): readonly SimNode[] {
  if (names === undefined) return nodes
  requireList(option, names, 'a list of names of nodes')
  return names.map((name) => {
    const node = nodes.find((known) => known.name === name)
    if (node !== undefined) return node
    throw new OptionError(option, 'names of nodes of this world', name)
  })
}

function nodeOf(name: string, victims: Victims): SimNode {
  return nodesOf('node', [name], victims)[0]!
}

function namesOf(nodes: readonly SimNode[]): string {
  return nodes.map(({ name }) => name).join(' ')
}
