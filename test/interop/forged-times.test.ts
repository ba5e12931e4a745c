import { createSocket } from 'node:dgram'
import { createGossipNode } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { LTIME_LAST } from '../../packages/libring/src/serf/lamport.ts'
import { encodeSerf } from '../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage } from '../../packages/libring/src/serf/messages.ts'
import { encodeCompound } from '../../packages/libring/src/wire/compound.ts'
import { encodeMessage } from '../../packages/libring/src/wire/encode.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }

async function sendTo(host: string, messages: readonly SerfMessage[]): Promise<void> {
  const parts = messages.map((message) => {
    return encodeMessage({ type: 'user', payload: encodeSerf(message) })
  })
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    socket.send(encodeCompound(parts), 7946, host, (error) => (error ? reject(error) : resolve()))
  })
  socket.close()
}

// An agent's clock goes on beyond the last time that ours know, and what it says bears such times.
describe.skipIf(serfMissing)(
  `an agent said to leave at the end of time ${serfMissing ?? ''}`,
  () => {
    test('is back here as soon as it says that it does not, and is heard after that', async () => {
      const addresses = loopbackAddresses()
      await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next() })
      await using ours = createGossipNode({ hostName: 'ours', bind: `${addresses.next()}:7946` })
      const told: string[] = []
      ours.subscribe(({ type, members }) => {
        for (const { name, status } of members) told.push(`${type} ${name} ${status}`)
      })
      const heard: string[] = []
      ours.on('user-event', ({ name }) => heard.push(name))
      await ours.start()
      await ours.join([agent.address])
      await expect.poll(() => told, PATIENCE).toContain('member-join agent alive')

      const payload = new Uint8Array(0)
      const ltime = LTIME_LAST
      // To ours first: it passes them on, as nothing that the agent says may come before.
      await sendTo(ours.bound.host, [
        { type: 'leave', ltime, node: 'agent', prune: false },
        { type: 'user-event', ltime, name: 'forged', payload, coalesce: false },
      ])
      await expect.poll(() => told, PATIENCE).toContain('member-update agent alive')
      expect(ours.members().map(({ status }) => status)).toEqual(['alive', 'alive'])

      await agent.run('event', 'after')
      await expect.poll(() => heard, PATIENCE).toEqual(['forged', 'after'])
      await ours.join([agent.address])
      expect(ours.stats.faults.malformed).toBe(0)
      expect(
        ours
          .members()
          .map(({ name, status }) => `${name} ${status}`)
          .toSorted(),
      ).toEqual(['agent alive', 'ours alive'])
    })
  },
)
