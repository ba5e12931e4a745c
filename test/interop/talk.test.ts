import { createGossipNode, type AskedQuery, type GossipNode } from 'libring/serf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { ALL_SETTINGS, SETTING } from '../support/serf-settings.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }
const ALL = ['agent-1', 'agent-2', 'ours-1', 'ours-2']

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
/** The agents' handlers print in lines. */
const onOneLine = (said: string): string => said.replaceAll(/\s+/g, ' ').trim()

interface Answers {
  readonly acks: readonly string[]
  readonly responses: Readonly<Record<string, string>>
}

async function read(query: AskedQuery): Promise<Answers> {
  const acks: string[] = []
  const responses: Record<string, string> = {}
  for await (const { type, from, payload } of query) {
    if (type === 'ack') acks.push(from)
    else responses[from] = onOneLine(text(payload))
  }
  return { acks: acks.toSorted(), responses }
}

/** What `serf query` of an agent gets. */
async function queryAt(agent: SerfAgent, ...args: readonly string[]): Promise<Answers> {
  const printed = await agent.run('query', '-format=json', '-timeout=3s', ...args)
  const { Acks, Responses } = JSON.parse(printed) as {
    readonly Acks: readonly string[] | null
    readonly Responses: Readonly<Record<string, string>>
  }
  const trimmed = Object.entries(Responses).map(([from, said]) => [from, onOneLine(said)] as const)
  return { acks: (Acks ?? []).toSorted(), responses: Object.fromEntries(trimmed) }
}

/** In clear one kind compresses or both do; encrypted, one of them. */
const SETTINGS = ALL_SETTINGS.filter(({ encrypted, they, we }) =>
  encrypted ? they !== we : they || we,
)

// Two agents and two nodes of ours. The agents' event handlers answer queries and print events.
describe.skipIf(serfMissing).each(SETTINGS)(
  `user events and queries; ${SETTING} ${serfMissing ?? ''}`,
  ({ args, options }) => {
    const agents: SerfAgent[] = []
    const ours: GossipNode[] = []
    const heard = new Map<string, string[]>()

    beforeAll(async () => {
      const addresses = loopbackAddresses()
      for (const index of [1, 2]) {
        agents.push(
          await SerfAgent.start({
            name: `agent-${index}`,
            host: addresses.next(),
            tags: { kind: 'agent', place: `${index}` },
            join: agents.map(({ address }) => address),
            args: [
              ...args,
              `-event-handler=query:load=cat; echo " agent-${index}"`,
              `-event-handler=user:deploy=cat`,
            ],
          }),
        )
      }
      for (const index of [1, 2]) {
        const name = `ours-${index}`
        const node = createGossipNode({
          ...options,
          hostName: name,
          bind: `${addresses.next()}:7946`,
          tags: { kind: 'ours', place: `${index}` },
        })
        ours.push(node)
        const events: string[] = []
        heard.set(name, events)
        node.on('user-event', ({ name, payload }) => events.push(`${name} ${text(payload)}`))
        node.on('query', (query) => {
          if (query.name === 'load') query.respond(`${text(query.payload)} ${name}`)
        })
        await node.start()
        await node.join([agents[0]!.address])
      }
    }, 120_000)

    afterAll(async () => {
      await Promise.all([
        ...agents.map((agent) => agent.kill()),
        ...ours.map((node) => node.stop()),
      ])
    })

    test('all of them meet', async () => {
      for (const node of ours) {
        const names = () => node.members().map(({ name }) => name)
        await expect.poll(() => names().toSorted(), PATIENCE).toEqual(ALL)
      }
      for (const agent of agents) {
        const names = async () => (await agent.members()).map(({ name }) => name)
        await expect.poll(names, PATIENCE).toEqual(ALL)
      }
    })

    test('an event of ours reaches every agent, with its payload', async () => {
      await ours[0]!.userEvent('deploy', 'v-ours')
      for (const agent of agents) {
        await expect.poll(() => agent.log, PATIENCE).toContain('script output: v-ours')
      }
      for (const events of heard.values()) {
        await expect.poll(() => events, PATIENCE).toContain('deploy v-ours')
      }
    })

    test('an event of theirs reaches us, once', async () => {
      await agents[1]!.run('event', '-coalesce=false', 'deploy', 'v-theirs')
      for (const events of heard.values()) {
        await expect.poll(() => events, PATIENCE).toContain('deploy v-theirs')
        expect(events.filter((event) => event === 'deploy v-theirs')).toHaveLength(1)
      }
      await expect.poll(() => agents[0]!.log, PATIENCE).toContain('script output: v-theirs')
    })

    test('a query of ours is acknowledged and answered by all', async () => {
      const query = ours[0]!.query('load', 'x', { requestAck: true, timeoutMs: 3_000 })
      expect(await read(query)).toEqual({
        acks: ALL,
        responses: Object.fromEntries(ALL.map((name) => [name, `x ${name}`])),
      })
    })

    test('a query of theirs is acknowledged and answered by all', async () => {
      expect(await queryAt(agents[0]!, 'load', 'y')).toEqual({
        acks: ALL,
        responses: Object.fromEntries(ALL.map((name) => [name, `y ${name}`])),
      })
    })

    test('filters of ours are heeded by them', async () => {
      const byTag = ours[0]!.query('load', 'x', {
        filterTags: { kind: '^ag', place: '[2-9]$' },
        requestAck: true,
        timeoutMs: 3_000,
      })
      const filterNodes = ['agent-1', 'ours-2', 'nobody']
      const byName = ours[1]!.query('load', 'x', {
        filterNodes,
        requestAck: true,
        timeoutMs: 3_000,
      })
      expect(await Promise.all([read(byTag), read(byName)])).toEqual([
        { acks: ['agent-2'], responses: { 'agent-2': 'x agent-2' } },
        {
          acks: ['agent-1', 'ours-2'],
          responses: { 'agent-1': 'x agent-1', 'ours-2': 'x ours-2' },
        },
      ])
    })

    test('filters of theirs are heeded by us', async () => {
      const tags = ['-tag=kind=(?i)^OURS$', '-tag=place=1|3']
      const names = ['-node=ours-2', '-node=agent-1']
      const [byTag, byName, nobody] = await Promise.all([
        queryAt(agents[0]!, ...tags, 'load', 'y'),
        queryAt(agents[1]!, ...names, 'load', 'y'),
        queryAt(agents[0]!, '-tag=kind=nobody', 'load', 'y'),
      ])
      expect(byTag).toEqual({ acks: ['ours-1'], responses: { 'ours-1': 'y ours-1' } })
      expect(byName.acks).toEqual(['agent-1', 'ours-2'])
      expect(nobody.acks).toEqual([])
    })

    test('answers are relayed through others, from either side, and count once', async () => {
      const before = ours[0]!.stats.answersRepeated
      const query = ours[0]!.query('load', 'x', {
        requestAck: true,
        relayFactor: 3,
        timeoutMs: 3_000,
      })
      const { acks, responses } = await read(query)
      expect(acks).toEqual(ALL)
      expect(Object.keys(responses).toSorted()).toEqual(ALL)
      expect(ours[0]!.stats.answersRepeated).toBeGreaterThan(before)

      const passedOn = (): number => ours.reduce((sum, { stats }) => sum + stats.relaysPassedOn, 0)
      const passedBefore = passedOn()
      const theirs = await queryAt(agents[0]!, '-relay-factor=3', 'load', 'y')
      expect(theirs.acks).toEqual(ALL)
      expect(passedOn()).toBeGreaterThan(passedBefore)
      for (const { stats } of ours) expect(stats.relaysRefused).toBe(0)
    })

    test('serf reachability finds everybody, and we find them', async () => {
      const [printed, { acks }] = await Promise.all([
        agents[0]!.run('reachability'),
        read(ours[0]!.query('_serf_ping', '', { requestAck: true, timeoutMs: 3_000 })),
      ])
      expect(printed).toContain('Successfully contacted all live nodes')
      expect(acks).toEqual(ALL)
    })

    test('nothing that was sent was too much for anybody', () => {
      for (const { stats } of ours) {
        expect(stats.filtersRefused).toBe(0)
        expect(stats.answersRefused).toBe(0)
      }
      for (const agent of agents) {
        const errors = agent.log.match(/.*(\[ERR\]|panic).*/g) ?? []
        // On a busy machine a connection is given up now and then, and a relayed ack comes when the
        // `serf query` is over; that is no fault of what was sent.
        const isAboutTime = /ipc\.client|time(d )?out|connection|broken pipe|EOF/
        expect(errors.filter((line) => !isAboutTime.test(line))).toEqual([])
      }
    })
  },
)
