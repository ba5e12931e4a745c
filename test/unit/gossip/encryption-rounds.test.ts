import { expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import type { GossipOptions } from '../../../packages/libring/src/gossip/options.ts'
import { encodeKeyRequest, KEY_QUERIES } from '../../../packages/libring/src/serf/key-answers.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { openPacket } from '../../../packages/libring/src/wire/packet.ts'
import { Bench } from '../../support/simulated-node.ts'

// Goal: what the page of encryption says of the rounds in which it is introduced.
// Method: a member in each round, and somebody without a key who sends it queries about keys in clear.

const KEY = Buffer.alloc(16, 'a').toString('base64')
const FOREIGN = new Uint8Array(16).fill(7)
const OUTSIDER = { host: '10.0.0.9', port: 7946 }

const ROUNDS: readonly [
  round: string,
  options: GossipOptions,
  canChange: boolean,
  canRead: boolean,
][] = [
  ['the first', { verifyIncoming: false, verifyOutgoing: false }, true, true],
  ['the second', { verifyIncoming: false }, true, false],
  ['the third', {}, false, false],
]

test.each(ROUNDS)(
  'what somebody without a key can do with the keys in %s round',
  async (_, options, canChange, canRead) => {
    const bench = new Bench()
    const member = bench.node(1, { keyring: [KEY], ...options })
    await bench.settled(member.start())
    let keys = 1
    member.on('keys-changed', (now) => (keys = now.length))
    const outsider = bench.network.transport(OUTSIDER, seededRandom(9))
    const read: string[] = []
    outsider.open({
      onPacket: (_from, bytes) => read.push(...keysIn(bytes)),
      onStream: () => ({ onBytes: () => {}, onEnd: () => {}, onClosed: () => {} }),
    })

    outsider.sendPacket({ host: '10.0.0.1', port: 7946 }, query(1n, KEY_QUERIES.list))
    outsider.sendPacket({ host: '10.0.0.1', port: 7946 }, query(2n, KEY_QUERIES.install, FOREIGN))
    bench.pass(1_000)
    expect({ keys, read }).toEqual({ keys: canChange ? 2 : 1, read: canRead ? [KEY] : [] })
  },
)

/** A datagram with a query about keys, as somebody without one sends it. */
function query(ltime: bigint, name: string, key?: Uint8Array): Uint8Array {
  const { host, port } = OUTSIDER
  const payload = encodeSerf({
    ...{ type: 'query', ltime, id: 1, addr: ipToBytes(host)!, port, sourceNode: 'outsider' },
    ...{ filters: [], flags: 0, relayFactor: 0, timeoutNanos: 1_000_000_000n },
    ...{ name, payload: encodeKeyRequest(key) },
  })
  return encodeMessage({ type: 'user', payload })
}

/** The keys that can be read in a datagram without having one. */
function keysIn(bytes: Uint8Array): readonly string[] {
  return openPacket(bytes).messages.flatMap((message) => {
    const { message: answer } = message.type === 'user' ? decodeSerf(message.payload) : {}
    if (answer?.type !== 'query-response') return []
    const { message: told } = decodeSerf(answer.payload)
    return told?.type === 'key-response' ? told.keys : []
  })
}
