import { beforeEach, describe, expect, test } from 'vitest'
import type { SerfAgent } from '../../../packages/libring/src/attach/serf-agent.ts'
import { AttachmentBench, changesOf } from '../../support/attachment-bench.ts'
import { answerBytes, memberBody } from '../../support/fake-agent.ts'

let bench: AttachmentBench

beforeEach(() => {
  bench = new AttachmentBench()
})

async function attached(options: Parameters<AttachmentBench['attachment']>[0] = {}) {
  const attachment = bench.attachment(options)
  await bench.settled(attachment.start())
  return attachment
}

function statusesAt(attachment: SerfAgent): Record<string, string> {
  return Object.fromEntries(attachment.members().map(({ name, status }) => [name, status]))
}

describe('attaching', () => {
  test('tells everybody there is, by what became of them, and goes by the name of the agent', async () => {
    bench.agent.members = [
      memberBody('ann'),
      memberBody('ben', { Status: 'failed' }),
      memberBody('cat', { Status: 'left' }),
      memberBody('dan', { Status: 'leaving' }),
    ]
    const attachment = bench.attachment()
    const told = changesOf(attachment)
    expect(attachment.localName).toBe('10.0.0.1:7373')
    await bench.settled(attachment.start())
    expect(attachment.localName).toBe('ann')
    expect(told).toEqual([
      'member-join ann',
      'member-join dan',
      'member-failed ben',
      'member-leave cat',
    ])
    await attachment.stop()
  })

  test('leaves out members that nobody could reach or name, and counts them', async () => {
    bench.agent.members = [
      memberBody('ann'),
      memberBody(''),
      memberBody('ben', { Addr: new Uint8Array(3) }),
      memberBody('cat', { Status: 'none' }),
    ]
    const attachment = await attached()
    expect(statusesAt(attachment)).toEqual({ ann: 'alive' })
    expect(attachment.stats.membersUnreadable).toBe(3)
    await attachment.stop()
  })

  test.each([
    ['the key', 'LIBRING_RPC_AUTH_REFUSED', () => (bench.agent.authKey = 'sesame')],
    [
      'the version',
      'LIBRING_RPC_UNSUPPORTED',
      () => bench.agent.lies.set('handshake', (seq) => answerBytes(seq, 'Unsupported IPC version')),
    ],
    ['to tell its name', 'LIBRING_RPC_UNSUPPORTED', () => (bench.agent.name = '')],
  ])('is given up at once where the agent refuses %s', async (_, code, arrange) => {
    arrange()
    const attachment = bench.attachment()
    await expect(bench.settled(attachment.start())).rejects.toMatchObject({ code })
    expect([bench.agent.dialledAtMs.length, bench.agent.connections]).toEqual([1, 0])
    expect(attachment.status).toBe('idle')
  })

  test('is tried again while time is left, at waits that double', async () => {
    bench.agent.mode = 'refusing'
    const attachment = bench.attachment({ connectTimeoutMs: 8_000 })
    const starting = attachment.start()
    await expect(bench.settled(starting)).rejects.toMatchObject({
      code: 'LIBRING_RPC_UNREACHABLE',
      message: expect.stringContaining('connection refused') as unknown,
    })
    const dialled = bench.agent.dialledAtMs
    const waits = dialled.slice(1).map((atMs, index) => atMs - dialled[index]!)
    expect(waits.length).toBeGreaterThan(3)
    for (const [index, waitMs] of waits.entries()) {
      const mostMs = 250 * 2 ** index
      expect(waitMs).toBeGreaterThanOrEqual(mostMs / 2)
      expect(waitMs).toBeLessThanOrEqual(mostMs + 2)
    }
    bench.agent.mode = 'serving'
    await bench.settled(attachment.start())
    expect(attachment.status).toBe('attached')
    await attachment.stop()
  })

  test('to an agent that takes the connection and says nothing ends in time', async () => {
    bench.agent.mode = 'deaf'
    const attachment = bench.attachment({ connectTimeoutMs: 2_000 })
    await expect(bench.settled(attachment.start())).rejects.toMatchObject({
      code: 'LIBRING_RPC_UNREACHABLE',
    })
    expect(bench.clock.nowMs()).toBeLessThan(2_100)
    await bench.pass(10)
    expect([bench.agent.connections, bench.clock.pending]).toEqual([0, 0])
  })

  test('by a name tries every address of it', async () => {
    bench.names.set('agent.example', ['10.0.0.1', '10.0.0.2'])
    const attachment = await attached({ rpcAddress: 'agent.example:7000' })
    expect(attachment.status).toBe('attached')
    await attachment.stop()
    const nobody = bench.attachment({ rpcAddress: 'nobody.example', connectTimeoutMs: 100 })
    await expect(bench.settled(nobody.start())).rejects.toMatchObject({
      code: 'LIBRING_RPC_UNREACHABLE',
    })
  })

  test('works whatever pieces the agent speaks in', async () => {
    bench.agent.chunkBytes = 1
    bench.agent.members = [memberBody('ann'), memberBody('ben')]
    const attachment = await attached()
    expect(statusesAt(attachment)).toEqual({ ann: 'alive', ben: 'alive' })
    await attachment.stop()
  })
})

describe('what is told by and by', () => {
  test('an event has a list asked for, and the list is what is believed', async () => {
    const attachment = await attached()
    const told = changesOf(attachment)
    const ben = memberBody('ben')
    bench.agent.members = [memberBody('ann'), ben]
    bench.agent.tell('member-join', ben)
    await bench.pass(300)
    expect(told).toEqual(['member-join ben'])
    // Gathered before that, told after it.
    bench.agent.tell('member-failed', memberBody('ben', { Status: 'failed' }))
    await bench.pass(5_000)
    expect([told, statusesAt(attachment)['ben']]).toEqual([['member-join ben'], 'alive'])
    await attachment.stop()
  })

  test('a flood of events has a few lists asked for', async () => {
    const attachment = await attached()
    const before = attachment.stats.lists
    for (let i = 0; i < 1_000; i++) bench.agent.tell('member-update', memberBody('ann'))
    await bench.pass(2_000)
    expect(attachment.stats.events).toBe(1_000)
    expect(attachment.stats.lists - before).toBeLessThanOrEqual(8)
    await attachment.stop()
  })

  test('lists that take long are further apart', async () => {
    bench.agent.chunkBytes = 1
    const attachment = await attached({ requestTimeoutMs: 60_000 })
    const before = attachment.stats.lists
    for (let i = 0; i < 100; i++) {
      bench.agent.tell('member-update')
      await bench.pass(100)
    }
    // A list of one member and a fifth of a second, as it is spoken here.
    expect(attachment.stats.lists - before).toBeLessThanOrEqual(12)
    expect(attachment.stats.lists - before).toBeGreaterThanOrEqual(4)
    await attachment.stop()
  })

  test('a list comes in time even if events were lost', async () => {
    const attachment = await attached({ refreshMs: 5_000 })
    bench.agent.members = [memberBody('ann'), memberBody('ben')]
    await bench.pass(4_900)
    expect(statusesAt(attachment)).toEqual({ ann: 'alive' })
    await bench.pass(200)
    expect(statusesAt(attachment)).toEqual({ ann: 'alive', ben: 'alive' })
    await attachment.stop()
  })

  test('a member that is missing counts as gone after a while, or at once if the agent says so', async () => {
    const everybody = [memberBody('ann'), memberBody('ben'), memberBody('cat')]
    bench.agent.members = everybody
    const attachment = await attached({ refreshMs: 1_000, absenceMs: 10_000 })
    const told = changesOf(attachment)
    bench.agent.members = [memberBody('ann'), memberBody('ben')]
    bench.agent.tell('member-reap', memberBody('cat', { Status: 'failed' }))
    await bench.pass(500)
    expect(told).toEqual(['member-reap cat'])
    bench.agent.members = [memberBody('ann')]
    await bench.pass(9_000)
    expect(told).toEqual(['member-reap cat'])
    bench.agent.members = [memberBody('ann'), memberBody('ben')]
    await bench.pass(3_000)
    bench.agent.members = [memberBody('ann')]
    await bench.pass(9_000)
    expect(told).toEqual(['member-reap cat'])
    await bench.pass(3_000)
    expect(told).toEqual(['member-reap cat', 'member-reap ben'])
    await attachment.stop()
  })
})

describe('an agent that is gone', () => {
  test('is sought for ever; members stay, and what changed is told once it is back', async () => {
    bench.agent.members = [memberBody('ann'), memberBody('ben'), memberBody('cat')]
    const attachment = await attached({ absenceMs: 60_000 })
    const told = changesOf(attachment)
    bench.agent.mode = 'refusing'
    bench.agent.drop()
    await bench.pass(200_000)
    expect([attachment.status, Object.keys(statusesAt(attachment)), told]).toEqual([
      'away',
      ['ann', 'ben', 'cat'],
      [],
    ])
    const dialled = bench.agent.dialledAtMs
    expect(dialled.at(-1)! - dialled.at(-2)!).toBeLessThanOrEqual(15_002)
    expect(dialled.at(-1)! - dialled.at(-2)!).toBeGreaterThanOrEqual(7_500)
    expect(bench.log.messages('warn')).toEqual(['agent lost', 'agent not reached'])

    bench.agent.mode = 'serving'
    bench.agent.members = [
      memberBody('ann'),
      memberBody('ben', { Status: 'failed' }),
      memberBody('dan'),
    ]
    await bench.pass(16_000)
    expect(attachment.status).toBe('attached')
    expect(told).toEqual(['member-failed ben', 'member-join dan'])
    expect(statusesAt(attachment)['cat']).toBe('alive')
    await bench.pass(62_000)
    expect(told.at(-1)).toBe('member-reap cat')
    await attachment.stop()
  })

  test('for the second time is sought as soon as for the first', async () => {
    const attachment = await attached()
    bench.agent.mode = 'refusing'
    bench.agent.drop()
    await bench.pass(60_000)
    bench.agent.mode = 'serving'
    await bench.pass(16_000)
    bench.agent.drop()
    await bench.pass(300)
    expect([attachment.status, attachment.stats.attachments]).toEqual(['attached', 3])
    await attachment.stop()
  })

  test('that answers no more is found out by the next list', async () => {
    const attachment = await attached({ refreshMs: 1_000, requestTimeoutMs: 500 })
    bench.agent.mode = 'deaf'
    await bench.pass(1_600)
    expect([attachment.status, bench.agent.connections]).toEqual(['away', 0])
    bench.agent.mode = 'serving'
    await bench.pass(20_000)
    expect(attachment.status).toBe('attached')
    await attachment.stop()
  })

  test('that lies is left, and sought again', async () => {
    const attachment = await attached({ refreshMs: 1_000 })
    bench.agent.lies.set('members', () => Uint8Array.of(0xc1))
    await bench.pass(1_100)
    expect([attachment.status, bench.agent.connections]).toEqual(['away', 0])
    bench.agent.lies.clear()
    await bench.pass(2_000)
    expect(attachment.status).toBe('attached')
    await attachment.stop()
  })

  test('and comes back with another key, or none, is tried on', async () => {
    const attachment = await attached()
    bench.agent.authKey = 'sesame'
    bench.agent.drop()
    await bench.pass(5_000)
    expect(attachment.status).toBe('away')
    bench.agent.authKey = ''
    await bench.pass(20_000)
    expect(attachment.status).toBe('attached')
    await attachment.stop()
  })

  test('and comes back by another name is the local member then', async () => {
    const attachment = await attached()
    const told = changesOf(attachment)
    bench.agent.name = 'eve'
    bench.agent.members = [memberBody('eve')]
    bench.agent.drop()
    await bench.pass(20_000)
    expect([attachment.localName, told]).toEqual(['eve', ['member-join eve', 'member-reap ann']])
    expect(bench.log.messages('warn')).toContain('another agent')
    await attachment.stop()
  })

  test('and comes back without its tags is given them again', async () => {
    const attachment = await attached()
    await bench.settled(attachment.setTags({ role: 'edge' }))
    bench.agent.members = [memberBody('ann', { Tags: new Map([['other', '1']]) })]
    bench.agent.drop()
    await bench.pass(5_000)
    expect(attachment.members()[0]?.tags).toEqual({ role: 'edge' })
    await attachment.stop()
  })
})

describe('tags', () => {
  test('that come while the agent is away are set once it is back', async () => {
    const attachment = await attached()
    bench.agent.mode = 'refusing'
    bench.agent.drop()
    await bench.pass(100)
    await bench.settled(attachment.setTags({ role: 'edge' }))
    expect(attachment.members()[0]?.tags).toEqual({})
    bench.agent.mode = 'serving'
    await bench.pass(20_000)
    expect(attachment.members()[0]?.tags).toEqual({ role: 'edge' })
    await attachment.stop()
  })

  test('that the agent refuses change nothing, now or later', async () => {
    const attachment = await attached()
    bench.agent.lies.set('tags', (seq) => answerBytes(seq, 'no'))
    await expect(bench.settled(attachment.setTags({ role: 'edge' }))).rejects.toMatchObject({
      code: 'LIBRING_RPC_REFUSED',
      words: 'no',
    })
    bench.agent.lies.clear()
    bench.agent.drop()
    await bench.pass(5_000)
    expect([attachment.status, attachment.members()[0]?.tags]).toEqual(['attached', {}])
    await attachment.stop()
  })

  test('are set in the order in which they were given', async () => {
    const attachment = await attached()
    const given = ['1', '2', '3'].map((role) => attachment.setTags({ role }))
    await bench.settled(Promise.all(given))
    expect(attachment.members()[0]?.tags).toEqual({ role: '3' })
    await attachment.stop()
  })
})

describe('stopping', () => {
  test('leaves nothing behind: no connection, and nothing that is due', async () => {
    const attachment = await attached()
    await attachment.stop()
    await bench.pass(10)
    expect([bench.agent.connections, bench.clock.pending]).toEqual([0, 0])
  })

  test.each([1, 2, 3, 4, 5, 6, 8, 10, 12])('%i ms into the start ends it', async (afterMs) => {
    const attachment = bench.attachment()
    const starting = attachment.start()
    const outcome = starting.then(
      () => 'started',
      (error: { code?: string }) => error.code,
    )
    await bench.pass(afterMs)
    await attachment.stop()
    expect(['started', 'LIBRING_CLOSED']).toContain(await bench.settled(outcome))
    await bench.pass(10)
    expect([bench.agent.connections, bench.clock.pending]).toEqual([0, 0])
  })

  test('while the agent is away ends the search', async () => {
    const attachment = await attached()
    bench.agent.mode = 'refusing'
    bench.agent.drop()
    await bench.pass(1_000)
    await attachment.stop()
    await bench.pass(10)
    const tries = bench.agent.dialledAtMs.length
    await bench.pass(60_000)
    expect([bench.agent.dialledAtMs.length, bench.clock.pending]).toEqual([tries, 0])
  })

  test('from within a listener ends what is being told', async () => {
    bench.agent.members = [memberBody('ann'), memberBody('ben', { Status: 'failed' })]
    const attachment = bench.attachment()
    const told = changesOf(attachment)
    attachment.subscribe(() => void attachment.stop())
    const later = changesOf(attachment)
    await expect(bench.settled(attachment.start())).rejects.toMatchObject({
      code: 'LIBRING_CLOSED',
    })
    expect([told, later]).toEqual([['member-join ann'], []])
    await bench.pass(10)
    expect([bench.agent.connections, bench.clock.pending]).toEqual([0, 0])
  })
})
