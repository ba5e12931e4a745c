import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createSerf } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const run = promisify(execFile)
const addresses = loopbackAddresses()
const PATIENCE = { timeout: 30_000, interval: 100 }

// A stock agent takes any bytes for a name, remembers them and tells everybody of them.

describe.skipIf(serfMissing)(
  `beside what no member of ours may be called ${serfMissing ?? ''}`,
  () => {
    test('an agent with too long a name is left out, and the others are there', async () => {
      await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next() })
      const join = [agent.address]
      await using long = await SerfAgent.start({
        ...{ name: 'x'.repeat(140), host: addresses.next(), join },
      })
      expect(await agent.members()).toMatchObject([{ name: 'agent' }, { name: long.name }])
      await using node = createSerf({ hostName: 'ours', bind: `${addresses.next()}:7946` })
      await node.start()
      expect(await node.join(join)).toBe(1)
      const names = () =>
        node
          .members()
          .map(({ name, status }) => `${status} ${name}`)
          .toSorted()
      await expect.poll(names, PATIENCE).toEqual(['alive agent', 'alive ours'])
      expect(node.stats.swim.claimsRefused).toBeGreaterThan(0)
      const seen = async () => (await agent.members()).map(({ name }) => name)
      await expect.poll(seen, PATIENCE).toEqual(['agent', 'ours', long.name])
      await node.userEvent('deploy')
      await expect.poll(() => agent.heard('deploy'), PATIENCE).toBe(true)
    })

    test('an event whose name is no text is left out, and clocks and other events are taken', async () => {
      await using agent = await SerfAgent.start({ name: 'agent', host: addresses.next() })
      await agent.userEvent('before')
      const script = `exec serf event -rpc-addr="$0" "$(printf 'caf\\351')"`
      await run('sh', ['-c', script, agent.rpcAddress])
      await agent.userEvent('after')
      await using node = createSerf({ hostName: 'ours', bind: `${addresses.next()}:7946` })
      const heard: string[] = []
      node.on('user-event', ({ name }) => heard.push(name))
      await node.start()
      await node.join([agent.address], { replay: true })
      await expect.poll(() => heard.toSorted(), PATIENCE).toEqual(['after', 'before'])
      expect(node.gauges.eventTime).toBeGreaterThan(3n)
    })
  },
)
