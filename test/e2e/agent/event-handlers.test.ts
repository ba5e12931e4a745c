import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSerf } from 'libring/serf'
import { describe, expect, test } from 'vitest'
import { Consumers } from '../../../packages/agent/src/consumers/consumers.ts'
import { ScriptConsumer } from '../../../packages/agent/src/event-handlers/script-consumer.ts'
import { SerfHandlers } from '../../../packages/agent/src/event-handlers/serf-handlers.ts'
import { parseHandlers } from '../../../packages/agent/src/event-handlers/spec.ts'
import { Cluster, type Logger } from 'libring'
import { loopbackAddresses } from '../../support/loopback.ts'
import { SerfAgent, serfMissing } from '../../support/serf-agent.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const addresses = loopbackAddresses()

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** Writes what it is told behind each other into a file, one thing a line. */
function recorder(file: string): string {
  return `{ env | grep -E '^SERF_(EVENT|SELF|TAG|USER|QUERY)' | grep -v LTIME | sort; cat; } >> ${file}`
}

async function nodeWithScripts(
  host: string,
  tags: Readonly<Record<string, string>>,
  specs: readonly string[],
): Promise<AsyncDisposable> {
  const node = createSerf({ hostName: 'ann', bind: `${host}:7946`, tags })
  new SerfHandlers(node, specs.flatMap(parseHandlers), SILENT)
  await node.start()
  return node
}

describe.skipIf(serfMissing)(`scripts ${serfMissing ?? ''}`, () => {
  test('are told of members, user events and queries as by an agent, and answer as there', async () => {
    const told: string[] = []
    for (const kind of ['agent', 'ours'] as const) {
      const folder = temporaryFolder()
      const file = join(folder, 'told')
      const host = addresses.next()
      const tags = { role: 'web', 'a-b': 'x' }
      const record = recorder(file)
      const specs = [`member-join=${record}`, `user:deploy=${record}`, 'query:load=echo low']
      await using _front =
        kind === 'agent'
          ? await SerfAgent.start({
              ...{ name: 'ann', host, tags },
              args: specs.map((spec) => `-event-handler=${spec}`),
            })
          : await nodeWithScripts(host, tags, specs)
      const bobsHost = addresses.next()
      await using bob = createSerf({
        ...{ hostName: 'bob', bind: `${bobsHost}:7946`, tags: { role: 'db' } },
      })
      // Agents gather what happens within a second; apart from that it is told as it comes.
      await expect.poll(() => read(file), PATIENCE).toContain('ann\t')
      await bob.start()
      await bob.join([host])
      await expect.poll(() => read(file), PATIENCE).toContain('bob\t')
      const before = read(file)
      await bob.userEvent('deploy', 'v1')
      await expect.poll(() => read(file).length, PATIENCE).toBeGreaterThan(before.length)
      await expect.poll(() => read(file), PATIENCE).toMatch(/SERF_USER_EVENT=deploy\nv1\n$/)
      const answers: string[] = []
      for await (const answer of bob.query('load', '', { timeoutMs: 5_000 })) {
        if (answer.type === 'response') answers.push(Buffer.from(answer.payload).toString())
        if (answers.length > 0) break
      }
      const all = `${read(file)}${answers.join()}`.replaceAll(/127\.[\d.]+/g, 'HOST')
      // Agents have tags in any order.
      told.push(all.replaceAll(/\S+=\S+,\S+/g, (listed) => listed.split(',').sort().join()))
    }
    expect(told[1]).toBe(told[0])
    expect(told[1]).toContain('SERF_TAG_A_B=x')
  })
})

test('partitions are taken once a script has ended well, tried again until it has, and let go through it', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'steps')
  const once = join(folder, 'failed-once')
  const specs = [
    `partition-acquire=test -e ${once} || { touch ${once}; exit 3; }; echo acquire $LIBRING_PARTITION $LIBRING_REPLICA \${#LIBRING_TOKEN} >> ${file}`,
    `partition-release=echo release $LIBRING_PARTITION >> ${file}`,
  ].flatMap(parseHandlers)
  const consumers = new Consumers()
  const cluster = new Cluster({
    ...consumers.handlers,
    hostName: 'ann',
    partitions: 2,
    settleMs: 50,
    serf: { bind: `${addresses.next()}:7946`, profile: 'local' },
  })
  consumers.attach(new ScriptConsumer(specs, () => ({ SERF_SELF_NAME: 'ann' })))
  await cluster.start()
  const lines = (): readonly string[] => read(file).trim().split('\n').sort()
  await expect.poll(lines, PATIENCE).toEqual(['acquire 0 0 16', 'acquire 1 0 16'])
  await expect.poll(() => cluster.localRole(0)?.isServing, PATIENCE).toBe(true)
  await cluster.drain()
  expect(lines().slice(2)).toEqual(['release 0', 'release 1'])
})

test('a script that is called off is ended', async () => {
  const file = join(temporaryFolder(), 'pid')
  writeFileSync(file, '')
  const [spec] = parseHandlers(`partition-acquire=echo $$ > ${file}; exec sleep 60`)
  const controller = new AbortController()
  const step = { type: 'acquire', seq: 1, partition: 0, replica: 0 } as const
  const taking = new ScriptConsumer([spec!], () => ({})).take(step, controller.signal)
  await expect.poll(() => read(file), PATIENCE).not.toBe('')
  controller.abort(new Error('called off'))
  await expect(taking).rejects.toThrow('called off')
  const pid = Number(read(file))
  await expect.poll(() => existsSync(`/proc/${pid}`), PATIENCE).toBe(false)
})
