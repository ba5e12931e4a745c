import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  answered,
  attachTo,
  Libring,
  PATIENCE,
  SMALL_AND_SOON,
  startAgentProgram,
  type AgentProgram,
} from '../../support/agent-program.ts'
import { loopbackAddresses } from '../../support/loopback.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// The program itself, as an operator starts it, looks at it and ends it.

const addresses = loopbackAddresses()
const running = new Set<Libring>()

afterEach(async () => {
  await Promise.all([...running].map((program) => program.kill()))
  running.clear()
})

function launch(...args: readonly string[]): Libring {
  const program = new Libring(args)
  running.add(program)
  return program
}

async function startAgent(name: string, ...args: readonly string[]): Promise<AgentProgram> {
  const agent = await startAgentProgram(name, addresses.next(), ...SMALL_AND_SOON, ...args)
  running.add(agent.program)
  return agent
}

describe('libring agent', () => {
  test('takes part while a consumer is attached, hands over when told to drain, and ends with 0', async () => {
    const ann = await startAgent('ann')
    const bob = await startAgent('bob', '-retry-join', ann.host, '-log-format', 'json')
    const ringOf = async ({ http }: AgentProgram): Promise<readonly string[]> => {
      const ring = await answered('ring', '--http-addr', http)
      return (ring as { members: { name: string }[] }).members.map(({ name }) => name).sort()
    }
    expect(await ringOf(ann)).toEqual([])
    const consumer = await attachTo(ann)
    expect(consumer.status).toBe(200)
    await consumer.next(({ event }) => event === 'acquire')
    expect(await ringOf(bob)).toEqual(['ann'])
    expect(await answered('lookup', 'a key', '--http-addr', bob.http)).toMatchObject({
      holders: [{ name: 'ann' }],
    })
    const plan = await answered('plan', '--join', 'cat', '--http-addr', bob.http)
    expect((plan as { members: { name: string }[] }).members.map(({ name }) => name)).toContain(
      'cat',
    )
    consumer.cut()
    const draining = launch('drain', '--http-addr', ann.http)
    expect(await draining.status).toBe(0)
    expect(await ann.program.status).toBe(0)
    bob.program.child.kill('SIGINT')
    expect(await bob.program.status).toBe(0)
    for (const line of bob.program.out.trim().split('\n'))
      expect(() => JSON.parse(line)).not.toThrow()
  })

  test('reads tags and level again on SIGHUP, and goes on where that cannot be read', async () => {
    const file = join(temporaryFolder(), 'agent.yaml')
    writeFileSync(file, 'tags: {zone: a}\n')
    const { program, http } = await startAgent('ann', '-config-file', file)
    const tags = async (): Promise<unknown> => (await fetch(`http://${http}/v1/tags`)).json()
    expect(await tags()).toMatchObject({ tags: { zone: 'a' } })
    writeFileSync(file, 'tags: {zone: b}\nlog_level: debug\n')
    program.child.kill('SIGHUP')
    await expect.poll(tags, PATIENCE).toMatchObject({ tags: { zone: 'b' } })
    writeFileSync(file, 'tags: [\n')
    program.child.kill('SIGHUP')
    await program.says('[ERR] agent: ')
    expect(await tags()).toMatchObject({ tags: { zone: 'b' } })
    program.child.kill('SIGTERM')
    expect(await program.status).toBe(0)
  })

  test.each([
    [['agent', '-nod', 'x'], 'Did you mean --node?'],
    [['agent', '-partitions', '0'], 'partitions must be a whole number from 1 to 65536, got 0'],
    [['agent', '-config-file', '/nowhere/a.json'], '/nowhere/a.json: ENOENT'],
    [
      ['agent', '-http-addr', 'nowhere'],
      'http_addr: must be an IP address, with a port or without',
    ],
    [
      ['agent', '-retry-interval', '5'],
      'the flags: retry_interval: must be a duration such as 30s',
    ],
    [['rin'], 'Did you mean ring?'],
  ])('%j ends with 2, and says what is wrong', async (args, wrong) => {
    const program = launch(...args)
    expect(await program.status).toBe(2)
    expect(program.errors).toContain(wrong)
  })

  test('ends with 1 where nobody of those to join answers, or an address is taken', async () => {
    const host = addresses.next()
    const alone = launch(
      'agent',
      '-bind',
      host,
      '-rpc-addr',
      host,
      '-http-addr',
      host,
      '-join',
      `${host}:1`,
    )
    expect(await alone.status).toBe(1)
    const ann = await startAgent('ann')
    const second = addresses.next()
    const taken = launch('agent', '-bind', second, '-rpc-addr', ann.host, '-http-addr', second)
    expect(await taken.status).toBe(1)
    expect(taken.out).toContain(`${ann.host}:7373`)
  })
})
