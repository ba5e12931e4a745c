import { utf8Decode } from '../../packages/libring/src/base/bytes.ts'
import type { GossipNode } from '../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../packages/libring/src/gossip/options.ts'
import type { PeerStats } from '../../packages/libring/src/gossip/peer-stats.ts'
import { Bench, LogBook } from './simulated-node.ts'

/** By these others see that a node runs libring. */
export const tags = { libring: '1' }

export interface Pair {
  readonly bench: Bench
  readonly ann: GossipNode
  readonly bob: GossipNode
  /** What bob logs. */
  readonly log: LogBook
}

/** Two nodes of libring that know each other. */
export async function pair(options: GossipOptions = {}): Promise<Pair> {
  const log = new LogBook()
  const bench = new Bench()
  const ann = bench.node(1, { hostName: 'ann', tags, ...options })
  const bob = bench.node(2, { hostName: 'bob', tags, ...options }, { logger: log })
  await ann.start()
  await bob.start()
  await bench.settled(ann.join(['10.0.0.2']))
  bench.pass(1_000)
  return { bench, ann, bob, log }
}

/** A third one, which both know. */
export async function third({ bench, ann }: Pair, options: GossipOptions): Promise<GossipNode> {
  const node = bench.node(3, options)
  await node.start()
  await bench.settled(ann.join(['10.0.0.3']))
  bench.pass(1_000)
  return node
}

export function peersOf(node: GossipNode): PeerStats {
  return node.stats.peers
}

/** Let promises settle that nothing but promises keep from it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A whole reply, as text. */
export async function text(reply: { bytes(): Promise<Uint8Array> }): Promise<string | undefined> {
  return utf8Decode(await reply.bytes())
}

/** A body of `count` pieces, each of bytes that are its number. */
export async function* piecesOf(
  count: number,
  length: number,
  onTaken: () => void = () => {},
): AsyncGenerator<Uint8Array, void, void> {
  for (let index = 0; index < count; index++) {
    onTaken()
    yield new Uint8Array(length).fill(index)
    await Promise.resolve()
  }
}
