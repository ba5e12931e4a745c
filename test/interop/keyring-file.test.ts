import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFailed, test } from 'vitest'
import { GossipProcess } from '../support/gossip-process.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import type { Participant } from '../support/participant.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const OLD = Buffer.alloc(16, 'a').toString('base64')
const NEW = Buffer.alloc(32, 'b').toString('base64')

async function expectAlive(by: Participant, count: number): Promise<void> {
  await expect
    .poll(async () => (await by.members()).filter(({ status }) => status === 'alive').length, {
      timeout: 90_000,
      interval: 100,
    })
    .toBe(count)
}

describe.skipIf(serfMissing)(`keyring files ${serfMissing ?? ''}`, () => {
  test('take part in a rotation, and are read by either kind in its next life', async () => {
    const folder = temporaryFolder()
    const file = (name: string) => join(folder, `${name}.json`)
    const addresses = loopbackAddresses()
    const [agentHost, ourHost] = [addresses.next(), addresses.next()]
    for (const name of ['agent', 'ours']) writeFileSync(file(name), JSON.stringify([OLD]))
    const startAgent = (keys: string, seeds: readonly string[]) => {
      const args = [`-keyring-file=${file(keys)}`]
      return SerfAgent.start({ name: 'agent', host: agentHost, join: seeds, args })
    }
    const startOurs = (keys: string, seeds: readonly string[]) => {
      const options = { keyringFile: file(keys) }
      return GossipProcess.start({ name: 'ours', host: ourHost, join: seeds, options })
    }

    const agent = await startAgent('agent', [])
    onTestFailed(() => console.log(agent.log))
    await using _agent = agent
    await using ours = await startOurs('ours', [agent.address])
    onTestFailed(() => console.log(ours.log))
    await expectAlive(agent, 2)
    await agent.keys('install', NEW)
    await agent.keys('use', NEW)
    await agent.keys('remove', OLD)
    for (const name of ['agent', 'ours']) {
      expect(JSON.parse(readFileSync(file(name), 'utf8'))).toEqual([NEW])
    }
    expect(readFileSync(file('ours'), 'utf8')).toBe(readFileSync(file('agent'), 'utf8'))

    // Each with the file that the other wrote.
    await ours.kill()
    await agent.kill()
    await using agentAgain = await startAgent('ours', [])
    await using oursAgain = await startOurs('agent', [agentAgain.address])
    await expectAlive(agentAgain, 2)
    await expectAlive(oursAgain, 2)
  })
})
