import { beforeEach, describe, expect, test } from 'vitest'
import { utf8Decode } from '../../../packages/libring/src/base/bytes.ts'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import type { GossipOptions } from '../../../packages/libring/src/gossip/options.ts'
import type { Resolver } from '../../../packages/libring/src/ports/resolver.ts'
import { encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import { Bench } from '../../support/simulated-node.ts'

let bench: Bench
let ann: GossipNode
let bob: GossipNode

beforeEach(async () => {
  bench = new Bench()
  ann = bench.node(1)
  bob = bench.node(2)
  await bench.settled(ann.start())
  await bench.settled(bob.start())
  await bench.settled(bob.join(['10.0.0.1']))
})

function heardBy(node: GossipNode): string[] {
  const heard: string[] = []
  node.on('user-event', ({ name, payload, ltime, coalesce }) => {
    heard.push(`${name} ${utf8Decode(payload)} ${ltime} ${coalesce}`)
  })
  return heard
}

test('what one tells, all hear, the teller too', async () => {
  const [atAnn, atBob] = [heardBy(ann), heardBy(bob)]
  await bench.settled(bob.userEvent('deploy', 'v2', { coalesce: true }))
  await bench.settled(bob.userEvent('deploy', Uint8Array.of(0x76, 0x33)))
  bench.pass(5_000)
  expect(atBob).toEqual(['deploy v2 1 true', 'deploy v3 2 false'])
  expect(atAnn.toSorted()).toEqual(atBob)
})

test('whoever stops listening hears no more, and whoever throws harms nobody', async () => {
  const stop = ann.on('user-event', () => {
    throw new Error('listener')
  })
  const heard = heardBy(ann)
  await bench.settled(ann.userEvent('a'))
  stop()
  await bench.settled(ann.userEvent('b'))
  expect(heard).toEqual(['a  1 false', 'b  2 false'])
})

test('each listener has a payload of its own', async () => {
  const told: string[] = []
  for (let i = 0; i < 2; i++) {
    bob.on('user-event', ({ payload }) => {
      told.push(utf8Decode(payload)!)
      payload.fill(0)
    })
  }
  await ann.userEvent('deploy', 'now')
  bench.pass(2_000)
  expect(told).toEqual(['now', 'now'])
})

test('a joiner hears what was told before only if it wants to', async () => {
  await bench.settled(ann.userEvent('before'))
  for (const [last, replay, expected] of [
    [3, false, []],
    [4, true, ['before  1 false']],
  ] as const) {
    const node = bench.node(last)
    const heard = heardBy(node)
    await bench.settled(node.start())
    await bench.settled(node.join(['10.0.0.1'], { replay }))
    bench.pass(60_000)
    expect(heard).toEqual(expected)
  }
})

test('whoever finds its cluster again, through its hosts, hears once what it missed meanwhile', async () => {
  const cal = bench.node(3, { bootstrapHosts: ['10.0.0.1'], bootstrapRetryMs: 1_000 })
  await bench.settled(ann.userEvent('before it was there'))
  const heard = heardBy(cal)
  await bench.settled(cal.start())
  bench.pass(5_000)
  await bench.settled(ann.userEvent('before'))
  bench.network.split([['10.0.0.3']])
  bench.pass(60_000)
  expect(cal.members().map(({ status }) => status)).toEqual(['alive', 'failed', 'failed'])
  await bench.settled(ann.userEvent('meanwhile'))
  bench.pass(60_000)
  bench.network.heal()
  bench.pass(5_000)
  expect(cal.members().map(({ status }) => status)).toEqual(['alive', 'alive', 'alive'])
  bench.pass(60_000)
  expect(heard.map((text) => text.split('  ')[0])).toEqual(['before', 'meanwhile'])
})

test('whoever meets somebody before its hosts are resolved is told nothing from before either', async () => {
  await bench.settled(ann.userEvent('before it was there'))
  bench.pass(60_000)
  const slow = (resolver: Resolver): Resolver => ({
    resolve: (name, onResult) => {
      const later = (): void => resolver.resolve(name, onResult)
      bench.clock.at(bench.clock.nowMs() + 2_000, later)
    },
  })
  const first = bench.node(3)
  await bench.settled(first.start())
  await bench.settled(first.join(['10.0.0.1']))
  await bench.settled(first.stop())
  const again = bench.node(3, { bootstrapHosts: ['10.0.0.1'] }, { resolver: slow })
  const heard = heardBy(again)
  await bench.settled(again.start())
  await bench.settled(bob.setTags({ role: 'web' }))
  bench.pass(1_000)
  expect(again.members().length).toBeGreaterThan(1)
  bench.pass(5_000)
  expect(again.members()).toHaveLength(3)
  expect(heard).toEqual([])
})

test('an event told from within a listener comes after the one that is being told', async () => {
  const heard = heardBy(ann)
  const again = ann.on('user-event', ({ name }) => {
    if (name === 'first') void ann.userEvent('second')
  })
  await bench.settled(ann.userEvent('first'))
  again()
  expect(heard.map((text) => text.split(' ')[0])).toEqual(['first', 'second'])
})

test('what is wrong with a call is said at once', async () => {
  const invalid = { code: 'LIBRING_OPTION_INVALID' }
  await expect(ann.userEvent(7 as never)).rejects.toMatchObject({ ...invalid, option: 'name' })
  await expect(ann.userEvent('a\ud800')).rejects.toMatchObject(invalid)
  await expect(ann.userEvent('a', 7 as never)).rejects.toMatchObject({ option: 'payload' })
  await expect(ann.userEvent('a', '', { coalesce: 1 as never })).rejects.toMatchObject(invalid)
  await expect(ann.userEvent('a', '', { coalesc: true } as never)).rejects.toMatchObject(invalid)
  expect(() => ann.on('user' as never, () => {})).toThrow('type must be one of member-join')
  await expect(ann.userEvent('a', new Uint8Array(600))).rejects.toMatchObject({
    code: 'LIBRING_TOO_LARGE',
    message: 'user event exceeds configured limit of 512 bytes before encoding',
  })
})

const KEY = new Uint8Array(16)
const UNVERIFIED = { verifyIncoming: false, verifyOutgoing: false }

describe.each([
  ['', {}, 1_395],
  [', with keys', { keyring: [KEY] }, 1_366],
  [', with keys that are not used yet', { keyring: [KEY], ...UNVERIFIED }, 1_366],
  [', with a label', { label: 'orders' }, 1_387],
  [', in small packets', { packetBytesMax: 512, keyring: [KEY], label: 'orders' }, 470],
])('a limit%s', (_, options: GossipOptions, room) => {
  test('may be all that a packet has room for, which gossip takes', async () => {
    const [eve, cid] = [3, 4].map((last) =>
      bench.node(last, { ...options, userEventBytesMax: room }),
    )
    await bench.settled(eve!.start())
    await bench.settled(cid!.start())
    await bench.settled(cid!.join(['10.0.0.3']))
    const lengths: number[] = []
    cid!.on('user-event', ({ payload }) => lengths.push(payload.length))
    const most = room - overheadOf(room)
    await expect(bench.settled(eve!.userEvent('e', new Uint8Array(most + 1)))).rejects.toThrow(
      `encoded user event exceeds configured limit of ${room} bytes`,
    )
    await bench.settled(eve!.userEvent('e', new Uint8Array(most)))
    bench.pass(10_000)
    expect([lengths, eve!.gauges.eventsQueued, cid!.gauges.eventsQueued]).toEqual([[most], 0, 0])
  })

  test('above that is refused by name, one that is left out is not', async () => {
    for (const option of ['userEventBytesMax', 'queryBytesMax']) {
      const packet = options.packetBytesMax ?? 1_400
      expect(() => bench.node(3, { ...options, [option]: room + 1 })).toThrow(
        `${option} must be at most ${room}, what packetBytesMax, ${packet}, has room for, got ${room + 1}`,
      )
    }
    await using node = bench.node(3, options)
    await bench.settled(node.start())
    await expect(node.userEvent('e')).resolves.toBeUndefined()
  })
})

/** What a message of about so many bytes has besides the payload. */
function overheadOf(bytes: number): number {
  const payload = new Uint8Array(bytes - 100)
  const event = { type: 'user-event', ltime: 1n, name: 'e', payload, coalesce: false } as const
  return encodeSerf(event).length - payload.length
}

test('only a member can tell', async () => {
  const closed = { code: 'LIBRING_CLOSED' }
  await expect(bench.node(3).userEvent('a')).rejects.toMatchObject(closed)
  await bench.settled(bob.leave())
  await expect(bob.userEvent('a')).rejects.toMatchObject(closed)
})
