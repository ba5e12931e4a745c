import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import type { Logger } from 'libring'
import multicastDns, { type MulticastDNS } from 'multicast-dns'
import { expect, test } from 'vitest'
import { Discovery } from '../../../packages/agent/src/discovery/discovery.ts'
import { advertOf } from '../../../packages/agent/src/discovery/records.ts'

const HOST = '127.0.0.1'
// Of its own, as others may use multicast DNS on this machine.
const CLUSTER = `web-${randomInt(1_000_000_000)}`
const SERVICE = `_serf_${CLUSTER}._tcp.local`
const PATIENCE = { timeout: 30_000, interval: 20 }
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Somebody else on the same network. */
async function listener(): Promise<MulticastDNS & Disposable> {
  const socket = multicastDns({ bind: '0.0.0.0', interface: HOST })
  await once(socket, 'ready')
  return Object.assign(socket, { [Symbol.dispose]: () => socket.destroy() })
}

// A stock agent that looks takes whatever answer it hears for one to its question, of any cluster.
test('an agent that looks answers whoever else asks, and not itself', async () => {
  using other = await listener()
  const heard: string[] = []
  const hear = (kind: string, parts: readonly { readonly name: string }[] = []): void => {
    if (parts.some(({ name }) => name === SERVICE)) heard.push(kind)
  }
  other.on('query', ({ questions }) => hear('question', questions))
  other.on('response', ({ answers }) => hear('answer', answers))
  const discovery = await Discovery.open({
    cluster: CLUSTER,
    advert: advertOf(CLUSTER, 'ann', { host: HOST, port: 7_946 }),
    interfaceHost: HOST,
    // With others there it looks once a minute: once, for as long as this takes.
    present: () => [`${HOST}:7946`, `${HOST}:7947`],
    join: () => Promise.reject(new Error('it found itself')),
    logger: silent,
  })
  try {
    await expect.poll(() => heard, PATIENCE).toContain('question')
    // Packets of the loopback stay in order: an answer to the first would be there before the second's.
    other.query([{ name: SERVICE, type: 'PTR' }])
    await expect.poll(() => heard, PATIENCE).toContain('answer')
    expect(heard).toEqual(['question', 'question', 'answer'])
  } finally {
    discovery.close()
  }
})
