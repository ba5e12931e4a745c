import { once } from 'node:events'
import { connect } from 'node:net'
import { createGossipNode } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { peerOpening } from '../../packages/libring/src/wire/peer-opening.ts'
import { IN_CLEAR } from '../../packages/libring/src/wire/security.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { head, keyed, Talk } from '../support/peer-talk.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const KEY = Buffer.alloc(16, 1).toString('base64')

describe.skipIf(serfMissing)(`with serf agents ${serfMissing ?? ''}`, () => {
  test.each([
    ['in clear', [], IN_CLEAR],
    ['with keys', [`-encrypt=${KEY}`], keyed()],
  ] as const)(
    'one that is dialled by mistake closes, and goes on, %s',
    async (_, args, security) => {
      const addresses = loopbackAddresses()
      await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next(), args })
      const socket = connect(7_946, agent.host)
      socket.on('error', () => {})
      const answered: Buffer[] = []
      socket.on('data', (bytes: Buffer) => answered.push(bytes))
      socket.write(
        concatBytes([
          peerOpening(security),
          ...new Talk(security).say('dialling', [{ type: 'head', head }, { type: 'end' }]),
        ]),
      )
      await once(socket, 'close')

      // Whatever it answers is no frame of ours: a request would fail, not hang or be misread.
      const talk = new Talk(security)
      talk.introduce()
      const { frames, decoder } = talk.hear('accepting', answered)
      decoder.end()
      expect([frames, decoder.fault === undefined]).toEqual([[], false])
      expect(agent.hasExited).toBe(false)
      expect((await agent.members()).map(({ status }) => status)).toEqual(['alive'])
    },
  )

  test('one in the cluster is not dialled at all', async () => {
    const addresses = loopbackAddresses()
    await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next() })
    await using ours = createGossipNode({
      hostName: 'ours',
      bind: `${addresses.next()}:7946`,
      tags: { libring: '1' },
    })
    await ours.start()
    await ours.join([agent.address])
    await expect(ours.peers.request('agent', 'jobs')).rejects.toMatchObject({
      code: 'LIBRING_PEER_UNREACHABLE',
      message: 'the request "jobs" to agent reached nobody: the member is not of libring',
    })
    expect(agent.log).not.toMatch(/Failed to (read|receive)|unknown|unexpected/i)
  })
})
