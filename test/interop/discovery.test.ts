import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { agentArguments, Libring, PATIENCE, SMALL_AND_SOON } from '../support/agent-program.ts'
import { commandIn, LossyNetwork, lossMissing, type LossyPlace } from '../support/lossy-network.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'

// Agents on one network of their own find each other by multicast DNS, ours and stock ones, and those of
// another cluster do not.

const missing = serfMissing ?? lossMissing

let network: LossyNetwork
const places: Record<string, LossyPlace> = {}
const running: { kill(): Promise<void> }[] = []

beforeAll(async () => {
  if (missing !== undefined) return
  network = new LossyNetwork(0)
  for (const name of ['ann', 'bob', 'eve', 'theirs']) {
    const place = network.next()
    const route = ['-n', place.namespace, 'route', 'add', '224.0.0.0/4', 'dev', 'eth0']
    execFileSync('ip', route)
    places[name] = place
  }
  // A stock agent looks by IPv6 as well, and fails while its address may be somebody else's.
  const addresses = ({ namespace }: LossyPlace): string => {
    return execFileSync('ip', ['-n', namespace, 'address'], { encoding: 'utf8' })
  }
  const all = (): string => Object.values(places).map(addresses).join('')
  await vi.waitUntil(() => !all().includes('tentative'), PATIENCE)
})

afterAll(async () => {
  await Promise.all(running.map((agent) => agent.kill()))
  network?.[Symbol.dispose]()
})

function ours(name: string, ...args: readonly string[]): void {
  const { host, namespace } = places[name]!
  running.push(new Libring([...agentArguments(name, host), ...SMALL_AND_SOON, ...args], namespace))
}

/** Names of the members that one of ours sees. */
function seenBy(name: string): string[] {
  const { host, namespace } = places[name]!
  const asked = commandIn(namespace, 'serf', ['members', `-rpc-addr=${host}:7373`, '-format=json'])
  try {
    const text = execFileSync(...asked, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const { members } = JSON.parse(text) as { members: { name: string }[] }
    return members.map((member) => member.name).toSorted()
  } catch {
    return []
  }
}

describe.skipIf(missing)(`agents that discover ${missing ?? ''}`, () => {
  test('join who is of their cluster, be it ours or a stock agent, and nobody else', async () => {
    ours('eve', '-discover', 'other', '-iface', 'eth0')
    ours('ann', '-discover', 'web')
    await expect.poll(() => [seenBy('eve'), seenBy('ann')], PATIENCE).toEqual([['eve'], ['ann']])
    const theirs = await SerfAgent.start({
      ...{ name: 'theirs', ...places['theirs']! },
      args: ['-discover=web'],
    })
    running.push(theirs)
    await expect.poll(() => seenBy('ann'), PATIENCE).toEqual(['ann', 'theirs'])
    // It looks once a minute: what it has found at its start is ours.
    await expect
      .poll(() => theirs.log, PATIENCE)
      .toMatch(new RegExp(`joining: .*${places['ann']!.host}:7946`))
    ours('bob', '-discover', 'web', '-iface', 'eth0')
    for (const name of ['ann', 'bob']) {
      await expect.poll(() => seenBy(name), PATIENCE).toEqual(['ann', 'bob', 'theirs'])
    }
    expect(seenBy('eve')).toEqual(['eve'])
  })
})
