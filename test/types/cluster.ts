/**
 * What must and must not compile for users of `libring`. Nothing here is run: the compiler is the
 * test, and an error that is expected and does not come is an error.
 */
import { Cluster, fixedMembers, gossip, serfAgent } from 'libring'
import { expectTypeOf } from 'vitest'
import type {
  AcquireEvent,
  ChangeEvent,
  ClusterMember,
  ClusterOptions,
  Handled,
  MemberEvent,
  Membership,
  OwnershipEvent,
  ReleaseEvent,
} from 'libring'

declare const cluster: Cluster
declare const load: (partition: number, from: ClusterMember | undefined) => Promise<number>

export const smallest: Cluster = new Cluster()

export const fullest: ClusterOptions = {
  watchTags: { ring: /^active$/ },
  watchTagsMatch: 'any',
  bootstrapHosts: ['lb.example', '10.0.0.7:7946'],
  hostName: 'ann',
  partitions: 2_056,
  redundancy: 2,
  assignment: 'balanced',
  slack: 50,
  primarySlack: 100,
  keyHash: 'murmur3',
  serf: { bind: '0.0.0.0:7946', tags: { ring: 'active' }, profile: 'lan', probeIntervalMs: 500 },
  settleMs: 500,
  releaseTimeoutMs: 5_000,
  bootstrapTimeoutMs: 5_000,
  formAlone: false,
  minMembers: 3,
  weightTag: 'cpus',
  zoneTag: 'rack',
  allowForeignUrl: true,
  logger: console,
  onAcquire: ({ partition, from }) => load(partition, from),
  onRelease: async ({ partition, to, signal }) => {
    signal.throwIfAborted()
    await load(partition, to)
  },
  onChange: ({ replica, previousReplica }) => replica - previousReplica,
}

export const memberships: Membership[] = [
  gossip({ hostName: 'ann' }),
  fixedMembers({ self: 'ann', members: [{ name: 'ann', host: '10.0.0.1', port: 7_946 }] }),
]

// Handlers get the step of their kind, with a signal.
new Cluster({
  onAcquire(event) {
    expectTypeOf<typeof event>().toEqualTypeOf<Handled<AcquireEvent>>()
    expectTypeOf<typeof event.from>().toEqualTypeOf<ClusterMember | undefined>()
    expectTypeOf<typeof event.signal>().toEqualTypeOf<AbortSignal>()
    // @ts-expect-error an acquire goes to nobody but ourselves
    void event.to
  },
  onRelease(event) {
    expectTypeOf<typeof event>().toEqualTypeOf<Handled<ReleaseEvent>>()
    // @ts-expect-error a release comes from nobody but ourselves
    void event.from
  },
  onChange(event) {
    expectTypeOf<typeof event>().toEqualTypeOf<Handled<ChangeEvent>>()
    // @ts-expect-error events are read only
    event.replica = 0
  },
})

// Events narrow by their type.
export function describeEvent(event: OwnershipEvent): string {
  expectTypeOf<typeof event.type>().toEqualTypeOf<'acquire' | 'release' | 'change'>()
  // @ts-expect-error only steps that take an index say who had it
  void event.from
  switch (event.type) {
    case 'acquire':
      return `from ${event.from?.name}`
    case 'release':
      return `to ${event.to?.name}`
    case 'change':
      return `${event.previousReplica} to ${event.replica}, ${event.from?.name}, ${event.to?.name}`
  }
}

// Streams give what they are called after.
export async function read(): Promise<void> {
  for await (const event of cluster.events)
    expectTypeOf<typeof event>().toEqualTypeOf<OwnershipEvent>()
  for await (const event of cluster.acquisitions)
    expectTypeOf<typeof event>().toEqualTypeOf<AcquireEvent>()
  for await (const event of cluster.releases)
    expectTypeOf<typeof event>().toEqualTypeOf<ReleaseEvent>()
  for await (const event of cluster.serfEvents)
    expectTypeOf<typeof event>().toEqualTypeOf<MemberEvent>()
}

// Listeners get what their type says.
export const stops: (() => void)[] = [
  cluster.on('rebalance', (event) =>
    expectTypeOf<typeof event.members>().toEqualTypeOf<readonly ClusterMember[]>(),
  ),
  cluster.on('acquire', (event) => expectTypeOf<typeof event>().toEqualTypeOf<AcquireEvent>()),
  cluster.on('change', (event) =>
    expectTypeOf<typeof event.previousReplica>().toEqualTypeOf<number>(),
  ),
  cluster.on('member', (event) => expectTypeOf<typeof event>().toEqualTypeOf<MemberEvent>()),
  cluster.on('handler-error', (event) =>
    expectTypeOf<typeof event.error>().toEqualTypeOf<unknown>(),
  ),
  // @ts-expect-error there is no such event
  cluster.on('rebalanced', () => {}),
]

// Lookups take text or bytes, and say that there may be nobody.
expectTypeOf<ReturnType<typeof cluster.ownerForKey>>().toEqualTypeOf<ClusterMember | undefined>()
expectTypeOf<ReturnType<typeof cluster.membersForKey>>().toEqualTypeOf<readonly ClusterMember[]>()
export const found: readonly number[] = [
  cluster.partitionForKey('key'),
  cluster.partitionForKey(new Uint8Array(4)),
]
// @ts-expect-error a number is no key
cluster.partitionForKey(7)
// @ts-expect-error there may be no owner
void cluster.ownerForKey('key').name
// @ts-expect-error members are not to be changed
cluster.members.push()

// Requests to other members are bytes, at once or piece by piece, and so are the answers.
export async function ask(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const { peers } = cluster
  // @ts-expect-error there are none where membership is not gossip
  void peers.request('bob', 'jobs')
  if (peers === undefined) return
  const reply = await peers.request('bob', 'jobs', pieces, { deadlineMs: 500, signal })
  for await (const chunk of reply.body) expectTypeOf<typeof chunk>().toEqualTypeOf<Uint8Array>()
  stops.push(
    peers.serve('jobs', async ({ bytes }) => await bytes(10)),
    peers.serve('echo', ({ body }) => body),
    peers.serve('many', () => [new Uint8Array(1)]),
    peers.serve('none', () => {}),
    peers.serve('pieces', async function* ({ body }) {
      for await (const chunk of body) yield chunk
    }),
    // @ts-expect-error text is no body
    peers.serve('text', () => 'text'),
  )
}

// What waits can be given up, what runs can be ended.
export async function live(signal: AbortSignal): Promise<void> {
  await using running = new Cluster()
  await running.run({ signal, signals: ['SIGTERM'] })
  await running.stop({ signal })
  await running.setTags({ ring: 'active' })
}

// @ts-expect-error there is no such option
new Cluster({ partition: 12 })
// @ts-expect-error a watched tag is an expression
new Cluster({ watchTags: { ring: 'active' } })
// @ts-expect-error there is no such assignment
new Cluster({ assignment: 'jump' })
// @ts-expect-error tags are texts
void cluster.setTags({ ring: 1 })
// @ts-expect-error a list needs to know who we are
fixedMembers({ members: [] })

export const attached: Cluster = new Cluster({
  membership: serfAgent({ rpcAddress: 'agent.example:7373', authKey: 'sesame' }),
  watchTags: { ring: /^active$/ },
})

// @ts-expect-error a port alone is no address
serfAgent({ rpcAddress: 7_373 })
