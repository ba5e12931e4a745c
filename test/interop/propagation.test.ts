import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSerf } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { Propagation } from '../../packages/agent/src/metrics/propagation.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const addresses = loopbackAddresses()

describe.skipIf(serfMissing)(`measuring how soon news is there ${serfMissing ?? ''}`, () => {
  test('stock agents say that it came, and nobody who watches them is told of it', async () => {
    const told = join(temporaryFolder(), 'told')
    const script = `-event-handler=query,user=echo $SERF_EVENT >> ${told}`
    await using agent = await SerfAgent.start({
      ...{ name: 'back', host: addresses.next(), args: [script] },
    })
    await using node = createSerf({ hostName: 'front', bind: `${addresses.next()}:7946` })
    await node.start()
    await node.join([agent.address])
    await expect.poll(() => node.members().length, { timeout: 60_000 }).toBe(2)
    const times: number[] = []
    const propagation = new Propagation({
      node,
      nowMs: () => performance.now(),
      onHeard: (ms) => void times.push(ms),
    })
    await propagation.probe()
    expect([propagation.probes, propagation.unheard, times.length]).toEqual([1, 0, 1])
    expect(agent.log).not.toMatch(/Received event: query/)
    // What scripts are told of comes in order: this one was told after.
    await node.userEvent('after')
    await expect.poll(() => existsSync(told), { timeout: 60_000 }).toBe(true)
    expect(readFileSync(told, 'utf8')).toBe('user\n')
    expect(agent.log).not.toMatch(/\[(ERR|WARN)\].*query/)
  })
})
