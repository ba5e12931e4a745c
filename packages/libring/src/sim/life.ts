import { seededRandom } from '../base/random.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import { DEFAULT_GOSSIP_PORT, resolveGossipOptions, type GossipOptions } from '../gossip/options.ts'
import type { Sharing } from '../cluster/ports.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { SimCipher } from './cipher.ts'
import type { SimClock } from './clock.ts'
import type { Directory } from './directory.ts'
import { SimMembership } from './membership.ts'
import { SimResolver, type Names } from './names.ts'
import type { SimNetwork } from './network.ts'
import { SimProcess } from './process.ts'
import { simFile, SimStore, type SimFiles } from './store.ts'
import type { NodeState } from '../wire/messages.ts'
import type { Trace } from './trace.ts'

/** What all nodes of a world share. */
export interface Surroundings {
  readonly seed: number
  readonly clock: SimClock
  readonly network: SimNetwork
  /** Who tells them of each other, where they do not gossip. */
  readonly directory: Directory | undefined
  readonly names: Names
  /** What they see, which clusters of one configuration have together. */
  readonly sharing: Sharing
  readonly files: SimFiles
  readonly trace: Trace
  readonly logger: Logger
}

/** Options of one node. Its name and address are the world's to give. */
export type SimNodeOptions = Omit<GossipOptions, 'hostName' | 'bind' | 'advertise'>

/** One life of a node: a process, and what runs in it. */
export interface Life {
  readonly owner: SimProcess
  readonly membership: Membership
  readonly clusters: readonly Cluster[]
  /** The process is gone, and nobody is told. */
  readonly vanish: () => void
}

/** Whose life it is, and where. */
export interface Identity {
  readonly name: string
  readonly host: string
  readonly skewMs: number
  /** How many lives there were before. */
  readonly lives: number
  /** Whom it knows from the start, where it gossips. */
  readonly known: readonly NodeState[]
}

/** A process that has begun, and the membership in it, which has not. */
export function beginLife(
  identity: Identity,
  options: SimNodeOptions,
  surroundings: Surroundings,
): Omit<Life, 'clusters'> {
  const owner = new SimProcess(surroundings.clock, identity.skewMs)
  const { directory } = surroundings
  return directory === undefined
    ? gossipLife(identity, options, owner, surroundings)
    : directoryLife(identity, options, owner, directory)
}

function gossipLife(
  { name, host, lives, known }: Identity,
  options: SimNodeOptions,
  owner: SimProcess,
  { seed, clock, network, names, files, logger }: Surroundings,
): Omit<Life, 'clusters'> {
  const random = (use: string) => seededRandom(seed, `${use}${name}/${lives}`)
  const bind = { host, port: DEFAULT_GOSSIP_PORT }
  const transport = network.transport(bind, random('network/'), owner)
  const resolved = resolveGossipOptions(
    { ...options, hostName: name, bind: host },
    { hostName: () => name, advertiseHost: () => host },
  )
  const { snapshotPath } = resolved
  const store =
    snapshotPath === undefined ? undefined : new SimStore(simFile(files, name, snapshotPath))
  const gossip = new GossipNode({
    options: resolved,
    store,
    known,
    transport,
    clock: owner,
    random: random(''),
    resolver: new SimResolver(names, clock, random('names/'), owner),
    cipher: new SimCipher(random('cipher/')),
    logger,
  })
  const vanish = (): void => {
    owner.end()
    transport.vanish()
    store?.crash(random('store/'))
    void gossip.stop()
  }
  return { owner, membership: gossip, vanish }
}

function directoryLife(
  { name, host }: Identity,
  { tags = {} }: SimNodeOptions,
  owner: SimProcess,
  directory: Directory,
): Omit<Life, 'clusters'> {
  const local = { name, host, port: DEFAULT_GOSSIP_PORT, tags }
  const membership = new SimMembership(directory, owner, local)
  const vanish = (): void => {
    owner.end()
    void membership.stop()
  }
  return { owner, membership, vanish }
}
