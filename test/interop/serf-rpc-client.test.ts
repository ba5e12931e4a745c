import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createSerf, serveRpc } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

const program = fileURLToPath(new URL('../support/serf-rpc.main.ts', import.meta.url))
const addresses = loopbackAddresses()

/** What the client gets there. It keeps one connection a process, so it runs in one of its own. */
async function told(host: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', program, host],
    { timeout: 60_000 },
  )
  return JSON.parse(stdout)
}

describe.skipIf(serfMissing)(`npm's serf-rpc ${serfMissing ?? ''}`, () => {
  test('gets the same from a node of ours as from an agent', async () => {
    const [theirs, ours] = [addresses.next(), addresses.next()]
    await using agent = await SerfAgent.start({ name: 'front', host: theirs })
    await using node = createSerf({ hostName: 'front', bind: `${ours}:7946` })
    await node.start()
    await using server = await serveRpc(node, { rpcAddress: ours })
    const expected = { members: [['front', 'alive']], event: ['user', 'deploy'] }
    expect([await told(theirs), await told(ours)]).toEqual([expected, expected])
    expect(node.members()[0]?.tags).toEqual({ lane: '3' })
    expect([agent.name, server.stats.clients]).toEqual(['front', 0])
  })
})
